"""Single values of a CAMT document: texts, amounts, directions, dates, account numbers.

White space is never significant. Money is read strictly (a wrong amount is a `Flaw`, not a guess); the rest
as leniently as it can be without inventing anything.
"""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

from lettra_payment_ingest.bank._xml import Element, Flaw, children, find
from lettra_payment_ingest.bank.errors import quoted
from lettra_payment_ingest.bank.limits import Limits
from lettra_payment_ingest.bank.model import Direction

AMOUNT_DIGITS_MAX: Final = 18

# Fillers that mean "nothing": ISO's own, and the one that banks carry over from MT940.
_FILLERS: Final = frozenset({"NOTPROVIDED", "NOT PROVIDED", "NONREF", "NOTAVAILABLE"})
_AMOUNT: Final = re.compile(r"\+?(\d+\.?\d*|\.\d+)", re.ASCII)
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_DATE: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?", re.ASCII
)
_IBAN: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{10,30}", re.ASCII)
_DIRECTIONS: Final[dict[str, Direction]] = {"CRDT": "credit", "DBIT": "debit"}
_TRUTHS: Final = {"true": True, "1": True, "false": False, "0": False}


def text(limits: Limits, element: Element, *path: str) -> str | None:
    """The text down that path, white space collapsed; None where the element or the text is missing."""
    found = find(element, *path) if path else element
    if found is None or not found.text:
        return None
    if len(found.text) > limits.text_chars_max:
        raise Flaw(found, f"text of {len(found.text)} characters, more than {limits.text_chars_max}")
    return " ".join(found.text.split()) or None


def reference(limits: Limits, element: Element, *path: str) -> str | None:
    """A text, unless it is one of the fillers that mean there is none."""
    value = text(limits, element, *path)
    return None if value is None or value.upper() in _FILLERS else value


def only(element: Element, name: str) -> Element | None:
    """The child of that name; two of them would leave the reader to choose which is the money."""
    found = children(element, name)
    first = next(found, None)
    second = next(found, None)
    if second is not None:
        raise Flaw(second, f"a second {name}")
    return first


def money(parent: Element) -> tuple[Decimal, str]:
    """The amount and currency of the parent's one `Amt`."""
    element = only(parent, "Amt")
    if element is None:
        raise Flaw(parent, "no amount (Amt)")
    return money_of(element)


def money_of(element: Element) -> tuple[Decimal, str]:
    """The amount and currency of an amount element: plain digits and a point, at most 18 digits, never
    negative.
    """
    raw = (element.text or "").strip()
    if len(element) or not _AMOUNT.fullmatch(raw):
        raise Flaw(element, f"wrong amount {quoted(raw)}" if raw else "empty amount")
    if len(raw.lstrip("+0").replace(".", "")) > AMOUNT_DIGITS_MAX:
        raise Flaw(element, f"amount {quoted(raw)} has more than {AMOUNT_DIGITS_MAX} digits")
    currency = element.get("Ccy")
    if currency is None:
        raise Flaw(element, "no currency (Ccy) on the amount")
    if not _CURRENCY.fullmatch(currency):
        raise Flaw(element, f"wrong currency {quoted(currency)}")
    return Decimal(raw), intern(currency)


def direction(parent: Element) -> Direction:
    """Credit or debit, by the parent's one `CdtDbtInd`."""
    element = only(parent, "CdtDbtInd")
    if element is None:
        raise Flaw(parent, "no direction (CdtDbtInd)")
    raw = (element.text or "").strip()
    if raw not in _DIRECTIONS:
        raise Flaw(element, f"wrong direction {quoted(raw)}, neither CRDT nor DBIT")
    return _DIRECTIONS[raw]


def truth(parent: Element, name: str) -> bool:
    """A true/false indicator; absent is false."""
    element = only(parent, name)
    raw = (element.text or "").strip().lower() if element is not None else ""
    if element is not None and raw and raw not in _TRUTHS:
        raise Flaw(element, f"{quoted(raw)} is neither true nor false")
    return _TRUTHS.get(raw, False)


def day(parent: Element, *path: str) -> date | None:
    """The day of an element that holds `Dt` or `DtTm`, or the day itself: as written, in the bank's own time
    zone.
    """
    element = find(parent, *path) if path else parent
    if element is None:
        return None
    for name in ("Dt", "DtTm"):
        inner = find(element, name)
        if inner is not None:
            element = inner
            break
    raw = (element.text or "").strip()
    if not raw:
        return None
    found = _parse_day(raw)
    if found is None:
        raise Flaw(element, f"wrong date {quoted(raw)}")
    return found


def instant(parent: Element, name: str) -> datetime | None:
    """A moment, with the time zone only if the bank gives one."""
    element = find(parent, name)
    raw = (element.text or "").strip() if element is not None else ""
    if element is None or not raw:
        return None
    # Midnight may be called 24:00, and a minute may have a leap second; no clock of ours knows these.
    ends = "T24:00" in raw
    known = raw.replace("T24:00", "T00:00").replace(":60", ":59")
    try:
        found = datetime.fromisoformat(known) if _DATE.fullmatch(raw) else _reject(element, raw)
        return found + timedelta(days=1) if ends else found
    except (ValueError, OverflowError):
        return _reject(element, raw)


def _reject(element: Element, raw: str) -> datetime:
    raise Flaw(element, f"wrong date {quoted(raw)}")


@lru_cache(maxsize=4096)
def _parse_day(raw: str) -> date | None:
    """Cached: a statement has thousands of transactions and few days, and the days are then one object
    each.
    """
    match = _DATE.fullmatch(raw)
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


@lru_cache(maxsize=256)
def intern(value: str) -> str:
    """One object for equal values that come back in every transaction."""
    return value


def account_number(limits: Limits, account: Element | None) -> str | None:
    """The IBAN of an account, else whatever identifies it there (`Othr`; `PrtryAcct` and `BBAN` in version
    01).
    """
    identity = find(account, "Id") if account is not None else None
    if identity is None:
        return None
    for path in (("IBAN",), ("Othr", "Id"), ("PrtryAcct", "Id"), ("BBAN",)):
        value = reference(limits, identity, *path)
        if value:
            compact = value.replace(" ", "").upper()
            return compact if path == ("IBAN",) or _IBAN.fullmatch(compact) else value
    return None
