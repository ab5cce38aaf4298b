"""The entry of a CAMT document (`Ntry`): its own facts, apart from its details."""

from typing import Final

from lettra_payment_ingest.bank._camt_details import read_charges, read_code, read_original, read_rate
from lettra_payment_ingest.bank._camt_values import day, direction, money, reference, text, truth
from lettra_payment_ingest.bank._xml import Element, find
from lettra_payment_ingest.bank.entries import Entry
from lettra_payment_ingest.bank.limits import Limits
from lettra_payment_ingest.bank.model import BOOKED

BATCH_SIZE_MAX: Final = 10**9


def read_entry(limits: Limits, element: Element) -> Entry:
    """The entry's own facts. Amount, currency and direction must be there."""
    amount, currency = money(element)
    booking, value = day(element, "BookgDt"), day(element, "ValDt")
    status = _status(limits, element)
    return Entry(
        amount=amount,
        currency=currency,
        direction=direction(element),
        reversal=truth(element, "RvslInd"),
        status=status,
        # What is booked was booked some day: without a booking date, the day it counts from is the nearest
        # thing.
        booking_date=booking or (value if status == BOOKED else None),
        value_date=value,
        bank_ref=reference(limits, element, "AcctSvcrRef"),
        charges=read_charges(element),
        bank_transaction_code=read_code(limits, element),
        additional=text(limits, element, "AddtlNtryInf"),
        original=read_original(element),
        exchange_rate=read_rate(limits, element),
    )


def _status(limits: Limits, element: Element) -> str:
    """BOOK, PDNG, INFO or what else the bank says. A statement lists booked entries, so absent means BOOK."""
    status = find(element, "Sts")
    if status is None:
        return BOOKED
    return text(limits, status, "Cd") or text(limits, status, "Prtry") or text(limits, status) or BOOKED


def announced_size(element: Element) -> int | None:
    """How many transactions the batch information (`Btch/NbOfTxs`) of an `NtryDtls` announces."""
    number = find(element, "Btch", "NbOfTxs")
    raw = (number.text or "").strip() if number is not None else ""
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < len(str(BATCH_SIZE_MAX)) else None
