"""Single values of the formats that are plain text: amounts, days, account numbers, references.

Money is read strictly: what is not certainly an amount of that currency is `Wrong`. `Wrong` has no place yet; the
reader of the format adds the line.
"""

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from lettra_events.money import exponent_of
from lettra_payment_ingest.bank.errors import quoted

AMOUNT_DIGITS_MAX: Final = 18
# Two-digit years: banks have no statements of the time before, and none of the time behind.
PIVOT_YEAR: Final = 80

_FILLERS: Final = frozenset(
    {
        "NOTPROVIDED",
        "NOT PROVIDED",
        "NONREF",
        "NOTAVAILABLE",
        "NONE",
        "N/A",
        "KREF+",
        "KREF",
        "EREF+",
        "EREF",
        "BREF+",
    }
)
_IBAN: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", re.ASCII)
_IBAN_INSIDE: Final = re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d{2}[A-Z0-9]{11,30}(?![A-Z0-9])", re.ASCII)
_REFERENCE: Final = re.compile(r"RF\d{2}[A-Z0-9]{1,21}", re.ASCII)


class Wrong(Exception):
    """A value that cannot be taken, and why; whoever knows where it stands makes an `UnreadableFile` of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def filled(value: str | None) -> str | None:
    """A reference, white space collapsed; None for nothing and for what banks write instead of nothing."""
    compact = " ".join(value.split()) if value else ""
    return compact if compact and compact.upper() not in _FILLERS else None


@lru_cache(maxsize=64)
def decimals_of(currency: str) -> int | None:
    """None for codes that are no currency of today (DEM): what decimals they have is unknown."""
    try:
        return exponent_of(currency)
    except ValueError:
        return None


def checked(amount: Decimal, currency: str, raw: str) -> Decimal:
    """The amount, if its currency has that many decimals (zeros more do no harm)."""
    decimals = decimals_of(currency)
    _, digits, exponent = amount.as_tuple()
    if len(digits) > AMOUNT_DIGITS_MAX:
        raise Wrong(f"amount {quoted(raw)} has more than {AMOUNT_DIGITS_MAX} digits")
    surplus = -int(exponent) - decimals if decimals is not None else 0
    if surplus > 0 and any(digits[-surplus:]):
        raise Wrong(f"amount {quoted(raw)} has more decimals than {currency} has ({decimals})")
    return amount


def known_currency(code: str) -> bool:
    """Whether the code is an ISO 4217 currency of today."""
    return decimals_of(code) is not None


@lru_cache(maxsize=4096)
def day_of(year: int, month: int, day: int, latest: bool = False) -> date | None:
    """The day; None where there is none. `latest`: of a day that only a 30-day month has, the month's last one.

    (Some banks count interest in months of 30 days, and value on 30 February.)
    """
    for earlier in range(4 if latest and 28 < day <= 31 else 1):
        try:
            return date(year, month, day - earlier)
        except ValueError:
            continue
    return None


def full_year(two_digits: int) -> int:
    return 2000 + two_digits if two_digits < PIVOT_YEAR else 1900 + two_digits


def _mod97(code: str) -> int:
    return int("".join(str(int(c, 36)) for c in code)) % 97


@lru_cache(maxsize=4096)
def is_iban(code: str) -> bool:
    """Whether it has an IBAN's form and check digits. (Which country has which length is not looked at.)"""
    return _IBAN.fullmatch(code) is not None and _mod97(code[4:] + code[:4]) == 1


def account_number(raw: str) -> str | None:
    """An account's number: an IBAN without blanks, in capitals; anything else as it is."""
    value = filled(raw)
    if value is None:
        return None
    compact = value.replace(" ", "").upper()
    return compact if is_iban(compact) else value


def only_iban(text: str, but: str) -> str | None:
    """The one valid IBAN in a text beside the account's own; None where there is none, or more than one."""
    found = {code for code in _IBAN_INSIDE.findall(text) if is_iban(code)} - {but}
    return found.pop() if len(found) == 1 else None


def creditor_reference(text: str | None) -> str | None:
    """The ISO 11649 reference that the whole text is, without blanks; else None."""
    compact = text.replace(" ", "").upper() if text and len(text) <= 40 else ""
    if not _REFERENCE.fullmatch(compact):
        return None
    return compact if _mod97(compact[4:] + compact[:4]) == 1 else None
