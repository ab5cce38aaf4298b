"""Figures of a text that may be document numbers, in every way in which they may be read.

A text is split into runs of letters and of digits. A number is written as one to five neighbouring groups of
digits with letters before them, so it is found however it is separated, and across line ends. Which reading is
meant is told from the items that exist (`engine.designating`), never from the text alone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from lettra_matching.engine.numbers import WORDS_FOR_OTHERS
from lettra_matching.engine.text import Figures, canonical

GROUPS_MAX = 5
NUMBER_CHARS_MAX = 35
RANGE_MAX = 100
"""How many numbers `123-126` may mean."""

_ATOM = re.compile(r"[A-Z]+|\d+")
_GLUE = re.compile(r"[ \n\t]{0,2}(?:[-/._:#'*]{1,2}|[^A-Z0-9,;+&()])?[ \n\t]{0,2}")
_TIGHT = re.compile(r"[-/._]?")
_RANGE = re.compile(r"\s{0,2}(?:-|\.\.|>|=>|->)\s{0,2}")
_LISTS = re.compile(r"[-/,;+&]|\.\.|>")
_CONNECTORS = frozenset({"ET", "AND", "UND", "PLUS", "PUIS"})
_TO = frozenset({"A", "AU", "TO", "BIS", "JUSQU"})
_SILENT = frozenset(
    {"N", "NO", "NOS", "NR", "NUM", "NUMERO", "NUMEROS", "REF", "DU", "DE", "LA", "LE", "SUR", "VOTRE"}
)
_PERIOD = re.compile(r"20\d\d(?: \d\d?| 20\d\d)?|\d\d? 20\d\d")
"""A year, two years, or a month of a year."""
_OUTER_LETTERS_MAX = 12
_INNER_LETTERS_MAX = 3


@dataclass(frozen=True, slots=True)
class Atom:
    """A run of letters or of digits; `before`: what stands between it and the one before."""

    text: str
    start: int
    end: int
    before: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring groups of digits, read as one number.

    `letters`: what may be its prefix. `foreign`: what stands before says that it is something else.
    `continues`: it is glued to digits before it, so it only continues a list or a range.
    """

    first: int
    last: int
    letters: tuple[str, ...]
    foreign: bool
    digits: str
    canonical: tuple[str, ...]
    continues: bool
    doubtful: bool
    written: str


@dataclass(frozen=True, slots=True)
class Written:
    """A text as atoms, and the runs that start at each of them, longest first."""

    atoms: tuple[Atom, ...]
    runs: dict[int, tuple[Run, ...]]

    def joins(self, index: int) -> bool:
        """Whether this atom is a word that joins a list, or a range."""
        return self.atoms[index].text in _CONNECTORS or self.atoms[index].text in _TO

    def is_listed(self, index: int) -> bool:
        """Whether a list's sign or word stands before this atom, and not a mere blank."""
        before = self.atoms[index].before
        return bool(_LISTS.search(before)) or (index > 0 and self.joins(index - 1))

    def blank_before(self, index: int) -> bool:
        """Whether only a blank stands between this number and one before: banks drop signs."""
        atom = self.atoms[index]
        return index > 0 and self.atoms[index - 1].is_number and atom.before.isspace()

    def may_be_range(self, last: int, index: int) -> bool:
        """Whether these two neighbours may be the ends of a range: a word or sign says so, or nothing is between."""
        return self.range_before(index) or (last == index - 1 and self.blank_before(index))

    def ends_range_with_letters(self, index: int) -> bool:
        """Whether "up to" and the prefix of a whole number stand before this atom: `FA-123 to FA-126`."""
        if index < 3 or self.atoms[index - 1].is_number or self.atoms[index - 1].text in _TO:
            return False
        return self.atoms[index - 2].text in _TO or bool(_RANGE.fullmatch(self.atoms[index - 1].before))

    def range_before(self, index: int) -> bool:
        """Whether what stands before this atom may mean "up to"."""
        atom = self.atoms[index]
        if _RANGE.fullmatch(atom.before):
            return True
        before = self.atoms[index - 1] if index else None
        if before is not None and not before.is_number and index >= 2 and before.text not in _TO:
            before = self.atoms[index - 2] if self.atoms[index - 2].text in _TO else None
        return before is not None and before.text in _TO


def written_in(figures: Figures) -> Written:
    """The runs of a text from which references and amounts are taken out."""
    atoms = tuple(_atoms(figures.rest))
    numbers = (index for index, atom in enumerate(atoms) if atom.is_number)
    scanner = _Scanner(atoms, figures)
    return Written(atoms, {index: runs for index in numbers if (runs := tuple(scanner.runs_from(index)))})


def _atoms(text: str) -> Iterator[Atom]:
    end = 0
    for found in _ATOM.finditer(text):
        yield Atom(found[0], found.start(), found.end(), text[end : found.start()], found[0][0].isdigit())
        end = found.end()


class _Scanner:
    def __init__(self, atoms: tuple[Atom, ...], figures: Figures) -> None:
        self.atoms = atoms
        self.figures = figures
        self._dates = sorted(figures.dates)
        self._heading: dict[int, tuple[tuple[str, ...], bool]] = {}

    def runs_from(self, first: int) -> Iterator[Run]:
        """All runs that start at this number, longest first."""
        letters, foreign = self._letters(first)
        self._heading[first] = letters, foreign
        continues = first > 0 and self.atoms[first - 1].is_number and _is_tight(self.atoms[first].before)
        for last in reversed(list(self._lasts(first))):
            yield from self._run(first, last, letters, foreign, continues)

    def _lasts(self, first: int) -> Iterator[int]:
        """Where a run may end: at a group that is not glued to further digits, other than by a list's sign."""
        chars = 0
        for groups, index in enumerate(range(first, min(len(self.atoms), first + 2 * GROUPS_MAX))):
            atom = self.atoms[index]
            if index > first and not _GLUE.fullmatch(atom.before):
                return
            chars += len(atom.text)
            if chars > NUMBER_CHARS_MAX or groups >= 2 * GROUPS_MAX:
                return
            if not atom.is_number and (len(atom.text) > _INNER_LETTERS_MAX or atom.text in _CONNECTORS):
                return
            yield index

    def _run(
        self, first: int, last: int, letters: tuple[str, ...], foreign: bool, continues: bool
    ) -> Iterator[Run]:
        parts = self.atoms[first : last + 1]
        inner = any(not atom.is_number for atom in parts)
        text = "".join(atom.text for atom in parts)
        if inner and not _is_compact(parts):
            return
        digits = "".join(atom.text for atom in parts if atom.is_number)
        if len(text) < 2 and not letters:
            return
        canonicals = tuple(dict.fromkeys([canonical(each + text) for each in letters] + [canonical(text)]))
        start, end = parts[0].start, parts[-1].end
        dated = self._is_dated(start, end)
        doubtful = dated or (
            len(parts) <= 2 and bool(_PERIOD.fullmatch(" ".join(part.text for part in parts)))
        )
        written = self.figures.rest[self._shown_from(first, letters) : end]
        yield Run(
            first, last, letters, foreign, digits, canonicals, continues, doubtful, " ".join(written.split())
        )

    def _is_dated(self, start: int, end: int) -> bool:
        """Whether the span lies within a date."""
        at = bisect_right(self._dates, (start, len(self.figures.rest))) - 1
        return at >= 0 and end <= self._dates[at][1]

    def _shown_from(self, first: int, letters: tuple[str, ...]) -> int:
        before = self.atoms[first - 1] if first else None
        shown = before is not None and before.text in letters and _GLUE.fullmatch(self.atoms[first].before)
        return before.start if shown and before is not None else self.atoms[first].start

    def _letters(self, first: int) -> tuple[tuple[str, ...], bool]:
        """What may be the prefix of the number here, and whether it says that this is something else."""
        if first == 0:
            return (), False
        before, atom = self.atoms[first - 1], self.atoms[first]
        if before.is_number:
            return self._inherited(first, glued=_is_tight(atom.before))
        if before.text in _CONNECTORS or before.text in _TO:
            return self._inherited(first - 1, glued=False)
        if not _GLUE.fullmatch(atom.before) or len(before.text) > _OUTER_LETTERS_MAX:
            return (), False
        word = self._speaking(first - 1)
        options = [before.text, *self._joined(first - 1)]
        if _is_tight(atom.before) and before.text not in _SILENT:
            return tuple(options), True
        return (*options, *([word] if word and word != before.text else [])), word in WORDS_FOR_OTHERS

    def _inherited(self, index: int, *, glued: bool) -> tuple[tuple[str, ...], bool]:
        """In a list, what stood before its first number; that one alone was something else, unless they are glued."""
        for back in range(index - 1, max(-1, index - 3), -1):
            if self.atoms[back].is_number:
                letters, foreign = self._heading.get(back, ((), False))
                if glued:
                    return letters, foreign
                return (letters, False) if WORDS_FOR_OTHERS.isdisjoint(letters) else ((), False)
        return (), False

    def _speaking(self, index: int) -> str:
        """The word that says what the number is, behind words such as `no`."""
        for back in range(index, max(-1, index - 3), -1):
            atom = self.atoms[back]
            if atom.is_number:
                return ""
            if atom.text not in _SILENT:
                return atom.text
        return ""

    def _joined(self, index: int) -> list[str]:
        """Letters that a line end or a blank has cut in two."""
        if index == 0:
            return []
        before, atom = self.atoms[index - 1], self.atoms[index]
        short = len(before.text) + len(atom.text) <= 6 and len(before.text) <= 3
        return [before.text + atom.text] if short and not before.is_number and len(atom.before) <= 2 else []


def _is_tight(separator: str) -> bool:
    return bool(_TIGHT.fullmatch(separator))


def _is_compact(parts: tuple[Atom, ...]) -> bool:
    """Whether letters inside a number stand on both sides as near to digits: `2026-FA-123` and `2026 FA 123`."""
    for at, atom in enumerate(parts):
        last = at + 1 == len(parts)
        if not atom.is_number and _is_tight(atom.before) != (last or _is_tight(parts[at + 1].before)):
            return False
    return True
