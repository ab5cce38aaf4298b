"""From a transaction of a bank file to the event that it becomes, by itself. Pure."""

from __future__ import annotations

from datetime import date
from typing import Any, TypeAlias

from lettra_events.contracts.payments import DebitBooked, PaymentAnnounced, PaymentReceived
from lettra_payment_ingest.bank.model import Transaction

Draft: TypeAlias = PaymentReceived | DebitBooked

NOT_YET = "?"
"""In place of an id that is known on deciding."""


def draft(t: Transaction, payment_id: str, entity_id: str) -> Draft:
    """The event of a booked transaction; `ValueError` where it cannot be one."""
    if t.booking_date is None:
        raise ValueError("no booking date (BookgDt) and no value date (ValDt)")
    kind = PaymentReceived if t.direction == "credit" else DebitBooked
    return kind(
        payment_id=payment_id,
        entity_id=entity_id,
        account=t.account,
        statement_id=t.statement_id,
        entry_ref=t.entry_ref,
        booking_date=t.booking_date,
        value_date=t.value_date,
        amount=t.amount,
        currency=t.currency,
        reversal=t.reversal,
        charges=t.charges,
        original_amount=t.original_amount,
        original_currency=t.original_currency,
        exchange_rate=t.exchange_rate,
        return_reason=t.return_reason,
        bank_transaction_code=t.bank_transaction_code,
        batch_size=t.batch_size,
        **_told_by_payer(t),
    )


def announce(t: Transaction, announcement_id: str, entity_id: str, announced_on: date) -> PaymentAnnounced:
    """The event of an announced credit; `ValueError` where it cannot be one."""
    return PaymentAnnounced(
        announcement_id=announcement_id,
        entity_id=entity_id,
        account=t.account,
        source=t.message,
        entry_ref=t.entry_ref,
        announced_on=announced_on,
        booking_date=t.booking_date,
        value_date=t.value_date,
        amount=t.amount,
        currency=t.currency,
        batch_ref=t.batch_ref,
        **_told_by_payer(t),
    )


def _told_by_payer(t: Transaction) -> dict[str, Any]:
    return {
        "end_to_end_id": t.end_to_end_id,
        "structured_reference": t.structured_reference,
        "remittance": t.remittance,
        "counterparty_name": t.counterparty_name,
        "counterparty_iban": t.counterparty_iban,
        "mandate_id": t.mandate_id,
    }
