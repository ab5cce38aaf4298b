"""The fields of MT940 and MT942 that hold money: balances (:60F:, :62M: and the like) and statement lines (:61:)."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from sys import intern
from typing import Final

from lettra_payment_ingest.bank._mt_fields import Field
from lettra_payment_ingest.bank.errors import quoted
from lettra_payment_ingest.bank.model import Balance, Direction
from lettra_payment_ingest.bank.values import Wrong, checked, day_of, filled, full_year

# Two runs of blanks never stand beside each other in a pattern: a long one would be cut in every way.
_BALANCE: Final = re.compile(r"(R?[CD])\s*(\d{2})(\d{2})(\d{2})\s*(?:([A-Z]{3})\s*)?([\d.,]+)\s*", re.ASCII)
# Value date, entry date, mark, funds code (the currency's third letter), amount, and what identifies it.
_LINE: Final = re.compile(
    r"(\d{2})(\d{2})(\d{2})\s*(?:(\d{2})(\d{2})\s*)?(R[CD]|E[CD]|[CD])\s*(?:([A-Z])\s*)?([\d.,]+)\s*(.*)",
    re.ASCII,
)
_CODE: Final = re.compile(r"[A-Z][A-Z0-9]{3}", re.ASCII)
_AMOUNT: Final = re.compile(r"\d+(?:[.,]\d*)?", re.ASCII)
# The account owner's reference has 16 characters; what follows blanks is a bank's own, the other party's name.
_NAME_BEHIND: Final = re.compile(r"(\S+)\s{2,}(\S.*)")

KINDS: Final = {"60F": "OPBD", "60M": "ITBD", "62F": "CLBD", "62M": "ITBD"}
# RC reverses a credit: it takes money. EC and ED (MT942) are expected, not yet booked.
_DIRECTIONS: Final[dict[str, Direction]] = {
    "C": "credit",
    "RD": "credit",
    "EC": "credit",
    "D": "debit",
    "RC": "debit",
    "ED": "debit",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A statement line. `code` is the transaction type (NTRF); `supplement` its further lines."""

    amount: Decimal
    direction: Direction
    reversal: bool
    expected: bool
    value_date: date
    entry_date: date | None
    code: str | None
    owner_reference: str | None
    bank_reference: str | None
    name_behind: str | None
    supplement: str


def read_amount(raw: str, currency: str | None) -> Decimal:
    """A number with a decimal comma (a point is taken too), and the decimals that the currency has."""
    if not _AMOUNT.fullmatch(raw):
        raise Wrong(f"wrong amount {quoted(raw)}")
    amount = Decimal(raw.replace(",", ".").rstrip("."))
    return checked(amount, currency or "", raw)


def read_balance(field: Field, currency: str | None) -> Balance:
    """A balance; `currency` is the statement's, for the banks that write it only once."""
    found = _BALANCE.fullmatch(field.first)
    if found is None:
        raise Wrong(f"wrong balance :{field.tag}: {quoted(field.first)}")
    mark, year, month, day, own, raw = found.groups()
    code = own or currency
    if code is None:
        raise Wrong(f"no currency in the balance :{field.tag}: {quoted(field.first)}")
    when = day_of(full_year(int(year)), int(month), int(day), latest=True)
    if when is None:
        raise Wrong(f"wrong date {quoted(year + month + day)} in the balance :{field.tag}:")
    amount = read_amount(raw, code)
    negative = mark in ("D", "RC")
    return Balance(KINDS[field.tag], when, amount.copy_negate() if negative and amount else amount, code)


def read_line(field: Field, currency: str | None) -> Line:
    """A statement line, the amount checked against the statement's currency."""
    found = _LINE.fullmatch(field.first)
    if found is None:
        raise Wrong(f"wrong statement line :61: {quoted(field.first)}")
    year, month, day, entry_month, entry_day, mark, _funds, raw, rest = found.groups()
    value = day_of(full_year(int(year)), int(month), int(day), latest=True)
    if value is None:
        raise Wrong(f"wrong value date {quoted(year + month + day)} in :61:")
    entry = _entry_date(value, entry_month, entry_day) if entry_month else None
    code, identified = _code(rest)
    ours, _, banks = identified.partition("//")
    behind = _NAME_BEHIND.fullmatch(ours.strip())
    return Line(
        amount=read_amount(raw, currency),
        direction=_DIRECTIONS[mark],
        reversal=mark in ("RC", "RD"),
        expected=mark in ("EC", "ED"),
        value_date=value,
        entry_date=entry,
        code=code,
        owner_reference=_reference(behind[1] if behind else ours),
        bank_reference=filled(banks),
        name_behind=filled(behind[2]) if behind else None,
        supplement=" ".join(" ".join(field.lines[1:]).split()),
    )


def _reference(raw: str) -> str | None:
    """A reference; one letter (N of NONREF) is none."""
    value = filled(raw)
    return value if value and len(value) > 1 else None


def _code(rest: str) -> tuple[str | None, str]:
    """The transaction type, a letter of N, S or F and three characters, and what follows it."""
    if rest[:1] in ("N", "S", "F") or _CODE.match(rest):
        return intern(rest[:4].strip()) or None, rest[4:]
    return None, rest


def _entry_date(value: date, month: str, day: str) -> date:
    """The entry date has no year: it is the day of that name that is nearest to the value date."""
    years = (value.year - 1, value.year, value.year + 1)
    days = [found for year in years if (found := day_of(year, int(month), int(day)))]
    if not days:
        raise Wrong(f"wrong entry date {quoted(month + day)} in :61:")
    return min(days, key=lambda found: abs((found - value).days))
