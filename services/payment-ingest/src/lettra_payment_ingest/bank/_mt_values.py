"""The head of an MT940 or MT942: account, numbers, moment."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from lettra_payment_ingest.bank.values import Wrong, account_number, full_year, is_iban, known_currency

_CURRENCY_BEHIND: Final = re.compile(r"(.*\w)[ /]?([A-Z]{3})", re.ASCII)
_NUMBER: Final = re.compile(r"(\d{1,18})(?:/(\d{1,9}))?", re.ASCII)
_MOMENT: Final = re.compile(r"(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:([+-])(\d{2})(\d{2}))?", re.ASCII)
_FLOOR: Final = re.compile(r"([A-Z]{3})[CD]?[\d.,]+", re.ASCII)


def account_and_currency(raw: str) -> tuple[str, str | None]:
    """The account's number, and its currency where the bank writes it behind the number.

    Of a number behind a bank's code only the IBAN is kept, if it is one.
    """
    number = account_number(raw)
    if number is None:
        raise Wrong("no account number in :25:")
    if is_iban(number):
        return number, None
    behind = _CURRENCY_BEHIND.fullmatch(number)
    currency = None
    apart = behind is not None and (behind[1][-1].isdigit() or number[-4] in " /")
    if behind is not None and apart and known_currency(behind[2]):
        number, currency = behind[1], behind[2]
    last = number.rpartition("/")[2].replace(" ", "").upper()
    return (last if is_iban(last) else number), currency


def number_and_page(raw: str) -> tuple[int | None, int | None]:
    """The number of the statement (None for 0, which numbers nothing) and of its page."""
    found = _NUMBER.match(raw)
    if found is None:
        return None, None
    return int(found[1]) or None, int(found[2]) if found[2] else None


def floor_currency(raw: str) -> str | None:
    """The currency of a floor limit (:34F:EURD0,00)."""
    found = _FLOOR.fullmatch(raw)
    return found[1] if found else None


def created_at(raw: str) -> datetime | None:
    """The moment of a report (:13D:), without a zone where the bank gives none; None where it is none."""
    found = _MOMENT.match(raw)
    if found is None:
        return None
    year, month, day, hour, minute, sign, off_hours, off_minutes = found.groups()
    try:
        moment = datetime(full_year(int(year)), int(month), int(day), int(hour), int(minute), tzinfo=UTC)
        if sign is None:
            return moment.replace(tzinfo=None)
        offset = timedelta(hours=int(off_hours), minutes=int(off_minutes))
        return moment.replace(tzinfo=timezone(offset if sign == "+" else -offset))
    except ValueError:
        return None
