"""Matching's words: open items, payments, and the names by which the one points to the other. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from stdnum import iso11649

from lettra_events.decisions.tables import Table

NAMES_MAX = 256
"""How many names one remittance text may yield; what is beyond is not looked up."""
TEXT_CHARS_MAX = 2_000
NUMBER_CHARS_MAX = 35
_TOKENS_JOINED_MAX = 4
_REFERENCE_CHARS_MAX = 25

_ALONE = r"(?<![A-Z0-9])(?<![A-Z0-9][-/.])(?:%s)(?![A-Z0-9]|[-/.][A-Z0-9])"
"""A figure that is no part of a longer number."""
_D, _M, _Y = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19|20)\d\d"
_DATES = (
    rf"{_Y}[-/.]{_M}[-/.]{_D}",
    rf"{_D}[-/. ]{_M}[-/. ]{_Y}",
    rf"{_D}[-/.]{_M}[-/.]\d\d",
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])",
    r"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d\d",
)
_DATE = re.compile(_ALONE % "|".join(_DATES))
# Thousands and decimals are never parted by the same sign: 816.829.81 is a number written in groups.
_AMOUNTS = (
    r"\d{1,3}(?:[ '\u00a0\u202f]\d{3})+[.,]\d\d",
    r"\d{1,3}(?:\.\d{3})+,\d\d",
    r"\d{1,3}(?:,\d{3})+\.\d\d",
    r"\d+[.,]\d\d",
)
_AMOUNT = re.compile(_ALONE % "|".join(_AMOUNTS))


@dataclass(frozen=True)
class OpenItem:
    """An invoice or credit note, and how much of it is open, in its currency."""

    customer_id: str
    item_id: str
    entity_id: str
    kind: str
    document_number: str
    issue_date: date
    due_date: date
    currency: str
    amount: Decimal
    open: Decimal
    payment_reference: str | None
    names: tuple[str, ...]


@dataclass(frozen=True)
class Payment:
    """Money received: amount = applied + on_account + unapplied, always."""

    payment_id: str
    entity_id: str
    booking_date: date
    currency: str
    amount: Decimal
    applied: Decimal
    on_account: Decimal
    unapplied: Decimal
    account_customer_id: str | None
    counterparty_name: str | None
    counterparty_iban: str | None
    reason: str | None
    waiting_for: tuple[str, ...]

    def __post_init__(self) -> None:
        parts = (self.applied, self.on_account, self.unapplied)
        if sum(parts) != self.amount or min(parts) < 0:
            raise ValueError(f"payment {self.payment_id}: {self.amount} received is not {parts} in all")

    @property
    def available(self) -> Decimal:
        """What settles no item yet."""
        return self.on_account + self.unapplied


@dataclass(frozen=True)
class Day:
    """A business date that every partition has passed: which entities are processed. `held`: some wait."""

    business_date: date
    processed: tuple[str, ...]
    held: str | None


HELD = "held"

OPEN_ITEMS: Table[OpenItem] = Table(
    "open_items",
    OpenItem,
    key=("customer_id", "item_id"),
    finds=("names",),
    guard=lambda key: f"ledger:{key[0]}",
)
PAYMENTS: Table[Payment] = Table(
    "payments",
    Payment,
    key=("payment_id",),
    finds=("waiting_for",),
    guard=lambda key: f"payment:{key[0]}",
)
DAYS: Table[Day] = Table(
    "days", Day, key=("business_date",), finds=("held",), guard=lambda key: f"day:{key[0].isoformat()}"
)


# -- names ------------------------------------------------------------------------------------------------------


def canonical(text: str) -> str:
    """Letters and digits alone, in capitals: `fa-2026/000123` and `FA 2026 000123` are the same number."""
    return "".join(c for c in text.upper() if c.isascii() and c.isalnum())


def item_names(entity_id: str, document_number: str, payment_reference: str | None) -> tuple[str, ...]:
    """The names that a payment may give an item, each within its legal entity."""
    names = [f"{entity_id}|num:{canonical(document_number)}"]
    if payment_reference is not None:
        names.append(f"{entity_id}|ref:{canonical(payment_reference)}")
    return tuple(names)


def payment_names(entity_id: str, structured: str | None, remittance: str | None) -> tuple[str, ...]:
    """What a payment's reference and text may name, references first, at most `NAMES_MAX`, each once."""
    texts = [_cut(text.upper()) for text in (structured, remittance) if text]
    names = [f"{entity_id}|ref:{found}" for text in texts for found in references_in(text)]
    names += [f"{entity_id}|num:{found}" for text in texts for found in numbers_in(text)]
    return tuple(dict.fromkeys(names))[:NAMES_MAX]


def _cut(text: str) -> str:
    """At most `TEXT_CHARS_MAX`, without the token that the limit cuts: half a number is another number."""
    if len(text) <= TEXT_CHARS_MAX:
        return text
    return re.sub(r"[A-Z0-9]+$", "", text[: TEXT_CHARS_MAX + 1])


def references_in(text: str) -> Iterator[str]:
    """Valid ISO 11649 references, also written in groups: RF, two check digits (mod 97), up to 21 characters.

    Where the words behind a reference happen to make another valid one, both are given: an item bears one of them.
    """
    for _start, _end, reference in _references(text.upper()):
        yield reference


def _references(text: str) -> Iterator[tuple[int, int, str]]:
    """Each valid reference and where it stands."""
    for found in re.finditer(r"(?<![A-Z0-9])RF\s?\d", text):
        start = found.start()
        for end in _reference_ends(text, start):
            candidate = canonical(text[start:end])
            if 5 <= len(candidate) <= _REFERENCE_CHARS_MAX and iso11649.is_valid(candidate):
                yield start, end, candidate


def _reference_ends(text: str, start: int) -> Iterator[int]:
    """Where a reference that starts here may end: at the end of each group of letters and digits."""
    for group in re.finditer(r"[A-Z0-9]+", text[start : start + 2 * _REFERENCE_CHARS_MAX]):
        yield start + group.end()


def numbers_in(text: str) -> Iterator[str]:
    """Runs of one to four neighbouring tokens, joined, that look like a document number, in the text's order.

    A list of numbers is cut at its commas, semicolons, plus signs and line ends, across which nothing is joined;
    so is the text at what is known to be something else: a date, an amount with decimals, a valid reference.
    """
    for part in re.split(r"[,;+&\r\n]+", _without_other_figures(text.upper())):
        tokens = [canonical(token) for token in re.split(r"[^A-Z0-9]+", part) if token]
        for start in range(len(tokens)):
            for length in range(_TOKENS_JOINED_MAX, 0, -1):
                joined = "".join(tokens[start : start + length])
                if start + length <= len(tokens) and looks_like_number(joined):
                    yield joined


def _without_other_figures(text: str) -> str:
    """The text, cut where a figure stands that is no document number."""
    for start, end, _reference in _first_ends(_references(text)):
        text = text[:start] + "\n" * (end - start) + text[end:]
    return _AMOUNT.sub("\n", _DATE.sub("\n", text))


def _first_ends(spans: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Of references that start at one place the shortest: what is behind it may be a number."""
    shortest: dict[int, tuple[int, int, str]] = {}
    for span in spans:
        shortest.setdefault(span[0], span)
    return list(shortest.values())


def looks_like_number(token: str) -> bool:
    """Three digits at least; five where there is no letter, so that a bare year is no number."""
    digits = sum(c.isdigit() for c in token)
    if len(token) > NUMBER_CHARS_MAX or digits < 3 or len(token) < 4:
        return False
    return digits >= 5 or digits < len(token)


def longest(names: Iterable[str]) -> list[str]:
    """The names that are no part of another one: 000123 says nothing where FA2026000123 was found."""
    kept: list[str] = []
    for name in sorted(set(names), key=lambda n: (-len(_bare(n)), not is_reference(n), n)):
        if not any(_bare(name) in _bare(other) for other in kept):
            kept.append(name)
    return kept


def _bare(name: str) -> str:
    return name.rpartition(":")[2]


def is_reference(name: str) -> bool:
    """Whether a name is a structured reference, not a number."""
    return name.rpartition("|")[2].startswith("ref:")
