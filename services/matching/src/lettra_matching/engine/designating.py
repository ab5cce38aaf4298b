"""Which items a text means: its runs of digits, read against the items that exist, from left to right.

Of all readings that start at one place the one that says most wins, and of equals the longest; what it uses is not
read again, so `000123` says nothing where `FA-2026-000123` was found. A short number behind another one may stand
for its last digits (`FA-2026-000123/124/125`), and two may be the ends of a range (`123-126`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from lettra_matching.engine.keys import SERIAL_CHARS_MAX, number_key, serial_key
from lettra_matching.engine.mentions import RANGE_MAX, Run, Written
from lettra_matching.engine.model import Item
from lettra_matching.engine.numbers import (
    FAINT,
    FULL,
    LIKELY,
    STRONG,
    WEAK,
    WORDS_FOR_OTHERS,
    Anatomy,
    agreement,
    anatomy,
)

Found = Mapping[str, Sequence[Item]]

_YEAR = re.compile(r"(?:19|20)\d\d")
_SHORT_YEAR = re.compile(r"[1-4]\d")
_ANY_YEAR = re.compile(r"(?:19|20)\d\d|[1-4]\d")
_MONTH = re.compile(r"0[1-9]|1[0-2]")
_INTEGER_DIGITS = 9
_SPEAKING_CHARS = 5
_FIGURE_DIGITS = 3
"""Shorter figures stand for so much that they are numbers only behind a word for one, or in a list."""


@dataclass(frozen=True, slots=True)
class Named:
    """An item that a text may mean, how much the writing says of it, and the writing."""

    item: Item
    strength: int
    written: str


@dataclass(frozen=True, slots=True)
class Mentioned:
    """One number of a text, and the items that it may mean equally well; `between`: what a range adds."""

    candidates: tuple[Named, ...]
    run: Run
    between: tuple[Named, ...] = ()

    @property
    def written(self) -> str:
        return self.run.written

    @property
    def strength(self) -> int:
        return self.candidates[0].strength

    @property
    def only(self) -> Named | None:
        return self.candidates[0] if len(self.candidates) == 1 else None


@dataclass(frozen=True, slots=True)
class Meant:
    """What a text means: its numbers, and those that look like a document's but are nobody's.

    `unread_in_list`: those that follow a number in a list.
    `wanted`: keys that were not looked up yet, and by which more may be found.
    """

    mentioned: tuple[Mentioned, ...]
    unresolved: tuple[Run, ...]
    unread_in_list: tuple[Run, ...] = ()
    wanted: tuple[str, ...] = ()


# -- what to look up ----------------------------------------------------------------------------------------------


def search_keys(written: Written) -> list[str]:
    """The keys by which the readings of a text find items, each once, in the text's order.

    What a short number behind another one stands for is only known once that one is: `Meant.wanted`.
    """
    keys: dict[str, None] = {}
    for index in sorted(written.runs):
        for run in written.runs[index]:
            keys.update(dict.fromkeys(map(number_key, run.canonical)))
            for digits in _digits_of(written, run):
                keys.update(dict.fromkeys(map(serial_key, serials(digits))))
    return list(keys)


@lru_cache(maxsize=8_192)
def serials(digits: str) -> tuple[str, ...]:
    """What may be the serial number in these digits: all of them, or what follows a year or a month."""
    options = [digits]
    if _YEAR.match(digits):
        options += [digits[4:], *([digits[6:]] if _MONTH.match(digits[4:6]) else [])]
    if len(digits) >= 4 and _SHORT_YEAR.match(digits):
        options += [digits[2:], *([digits[4:]] if _MONTH.match(digits[2:4]) else [])]
    bare = (option.lstrip("0") for option in options)
    return tuple(dict.fromkeys(each for each in bare if each and len(each) <= SERIAL_CHARS_MAX))


def _digits_of(written: Written, run: Run) -> Iterator[str]:
    """The digits of a run, also with a year that stands last put first."""
    if not run.digits:
        return
    yield run.digits
    groups = [written.atoms[i].text for i in range(run.first, run.last + 1)]
    if len(groups) == 2 and _ANY_YEAR.fullmatch(groups[1]) and not run.doubtful:
        yield groups[1] + groups[0]


def _continued(run: Run, before: str) -> str | None:
    """The number before, with its last digits in place of which this one stands."""
    if not run.digits or len(run.digits) >= len(before):
        return None
    return before[: -len(run.digits)] + run.digits


def _between(start: str, stop: str) -> Iterator[str]:
    """The numbers strictly between two of equal length, as long as they are."""
    head, low, high = start[:-_INTEGER_DIGITS], start[-_INTEGER_DIGITS:], stop[-_INTEGER_DIGITS:]
    same = len(start) == len(stop) and head == stop[:-_INTEGER_DIGITS]
    if same and 1 < int(high) - int(low) <= RANGE_MAX:
        for value in range(int(low) + 1, int(high)):
            yield head + str(value).zfill(len(low))


# -- reading ------------------------------------------------------------------------------------------------------


def meant_by(
    written: Written, found: Found, asked: Container[str], allowed: Collection[str] | None = None
) -> Meant:
    """What a text means among the found items; with `allowed` only these customers' items count.

    `asked`: the keys that were looked up, also where nothing was found by them.
    """
    reader = _Reader(written, found, asked, allowed)
    return Meant(
        tuple(reader.read()), tuple(reader.unresolved), tuple(reader.unread_in_list), tuple(reader.wanted)
    )


@dataclass(frozen=True, slots=True)
class _Best:
    run: Run
    mentioned: Mentioned
    digits: str

    @property
    def rank(self) -> tuple[int, int]:
        return self.mentioned.strength, self.run.last - self.run.first


class _Reader:
    def __init__(
        self, written: Written, found: Found, asked: Container[str], allowed: Collection[str] | None
    ) -> None:
        self.written = written
        self.found = found
        self.asked = asked
        self.wanted: dict[str, None] = {}
        self._listed_to = -1
        self.allowed = allowed
        self.unresolved: list[Run] = []
        self.unread_in_list: list[Run] = []

    def read(self) -> Iterator[Mentioned]:
        head: _Best | None = None
        used = -1
        for index in sorted(self.written.runs):
            if index <= used:
                continue
            follows = head is not None and self._follows(index)
            best = self._best(index, head if follows else None)
            if best is None:
                self._note(index, follows)
                self._listed_to = index if follows else self._listed_to
                continue
            mentioned = best.mentioned
            if head is not None and follows and self._ends_range(head, index):
                mentioned = replace(mentioned, between=tuple(self._between(head, best)))
            yield mentioned
            used = self._listed_to = best.run.last
            if head is None or not follows or mentioned.strength >= head.mentioned.strength:
                head = best

    def _follows(self, index: int) -> bool:
        """Whether nothing but a list's sign or word stands between this and the list before."""
        gap = index - self._listed_to
        if gap == 1 or (gap == 2 and self.written.joins(index - 1)):
            return True
        return gap in (2, 3) and self.written.ends_range_with_letters(index)

    def _ends_range(self, head: _Best, index: int) -> bool:
        return self.written.may_be_range(head.run.last, index) or self.written.ends_range_with_letters(index)

    def _best(self, index: int, last: _Best | None) -> _Best | None:
        readings = []
        for run in self.written.runs[index]:
            if (run.continues and last is None) or not self._may_end(run):
                continue
            readings += [
                best for best in (self._direct(run), self._as_last_digits(run, last)) if best is not None
            ]
        return _joined(readings)

    def _may_end(self, run: Run) -> bool:
        """A run that is glued to more digits ends only where those may be the last digits of a further number."""
        after = run.last + 1
        if after >= len(self.written.atoms):
            return True
        atom = self.written.atoms[after]
        if not atom.is_number or atom.before not in ("-", "/", ".", "_", ""):
            return True
        if run.doubtful or atom.before not in ("-", "/"):
            return False
        return len(atom.text) <= len(run.digits) or len(run.digits) >= _FIGURE_DIGITS

    def _direct(self, run: Run) -> _Best | None:
        scores: dict[str, Named] = {}
        for item in self._items(map(number_key, run.canonical)):
            self._score(scores, item, _whole_number(run, item), run)
        for digits in _digits_of(self.written, run):
            for item in self._items(map(serial_key, serials(digits))):
                strength = agreement(run.letters, digits, run.foreign, anatomy(item.document_number))
                self._score(scores, item, strength if digits == run.digits else min(strength, LIKELY), run)
        mentioned = _strongest(scores.values(), run)
        return _Best(run, mentioned, run.digits) if mentioned is not None else None

    def _as_last_digits(self, run: Run, last: _Best | None) -> _Best | None:
        """Read as the last digits of a number in the series of the one before."""
        digits = _continued(run, last.digits) if last is not None else None
        if last is None or digits is None or (len(run.digits) == 1 and not run.continues):
            return None
        series = {_series(named.item) for named in last.mentioned.candidates}
        most = min(last.mentioned.strength, STRONG) if self.written.is_listed(run.first) else WEAK
        if self.written.may_be_range(last.run.last, run.first):
            for between in _between(last.digits, digits):
                self._want(map(serial_key, serials(between)))
        scores: dict[str, Named] = {}
        for item in self._items(map(serial_key, serials(digits))):
            if _series(item) in series:
                strength = agreement(last.run.letters, digits, False, anatomy(item.document_number))
                self._score(scores, item, min(strength, most), run)
        mentioned = _strongest(scores.values(), run)
        return (
            _Best(replace(run, letters=last.run.letters), mentioned, digits)
            if mentioned is not None
            else None
        )

    def _score(self, scores: dict[str, Named], item: Item, strength: int, run: Run) -> None:
        if run.doubtful and strength < FULL:
            strength = min(strength, FAINT)
        if strength <= FAINT and len(run.digits) < _FIGURE_DIGITS:
            return
        known = scores.get(item.item_id)
        if strength > 0 and (known is None or known.strength < strength):
            scores[item.item_id] = Named(item, strength, run.written)

    def _items(self, keys: Iterable[str]) -> Iterator[Item]:
        for key in keys:
            if key not in self.asked:
                self.wanted[key] = None
            for item in self.found.get(key, ()):
                if self.allowed is None or item.customer_id in self.allowed:
                    yield item

    def _want(self, keys: Iterable[str]) -> None:
        self.wanted.update(dict.fromkeys(key for key in keys if key not in self.asked))

    def _between(self, low: _Best, high: _Best) -> Iterator[Named]:
        """The items of the same series and customer whose serials lie between two that are meant without doubt."""
        one, other = low.mentioned.only, high.mentioned.only
        if one is None or other is None or _series(one.item) != _series(other.item):
            return
        strength = min(one.strength, other.strength)
        for digits in _between(*(_serial(named.item) for named in (one, other))):
            for item in self._items([serial_key(digits.lstrip("0"))]):
                if _series(item) == _series(one.item) and item.customer_id == other.item.customer_id:
                    yield Named(item, strength, f"{low.run.written} to {high.run.written}")

    def _note(self, index: int, follows: bool) -> None:
        """Remember a number that may be a document's and is none that is known."""
        run = self.written.runs[index][0]
        if not WORDS_FOR_OTHERS.isdisjoint(run.letters) or len(run.digits) < _FIGURE_DIGITS:
            return
        if follows and self.written.is_listed(index):
            self.unread_in_list.append(run)
        elif not (run.continues or run.doubtful):
            shorter = (
                each for each in self.written.runs[index][1:] if not each.doubtful and self._may_end(each)
            )
            self.unresolved += [run, *shorter]


def _joined(readings: Sequence[_Best]) -> _Best | None:
    """The reading that says most; where the same digits say as much of other items too, they may mean any of them."""
    best = max(readings, key=lambda reading: reading.rank, default=None)
    if best is None:
        return None
    equal = [r for r in readings if r.rank == best.rank]
    items = {named.item.item_id: named for reading in equal for named in reading.mentioned.candidates}
    return replace(
        best, mentioned=replace(best.mentioned, candidates=tuple(items[each] for each in sorted(items)))
    )


def _whole_number(run: Run, item: Item) -> int:
    """The strength of a number of which every character is there."""
    parts = anatomy(item.document_number)
    has_letters = parts.canonical != parts.digits
    if has_letters and len(parts.canonical) >= _SPEAKING_CHARS and parts.canonical in run.canonical:
        return FULL
    return agreement(run.letters, run.digits, run.foreign, parts)


def _serial(item: Item) -> str:
    return anatomy(item.document_number).serial


def _series(item: Item) -> tuple[str, str, tuple[str, ...]]:
    parts: Anatomy = anatomy(item.document_number)
    return item.entity_id, parts.prefix, parts.heads


def _strongest(scores: Collection[Named], run: Run) -> Mentioned | None:
    if not scores:
        return None
    best = max(named.strength for named in scores)
    kept = sorted((n for n in scores if n.strength == best), key=lambda n: n.item.item_id)
    return Mentioned(tuple(kept), run)
