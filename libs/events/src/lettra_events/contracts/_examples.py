"""One plausible event of every contract, all of it invented: companies, accounts and numbers are nobody's.

The golden files and the examples in the AsyncAPI document are made from these. Every field has a value, the
optional ones too, so that a golden file guards each of them. Identifiers are the public examples of their
standards (SIREN, VAT number, IBAN, RF reference).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from lettra_events.contracts import matching, payments
from lettra_events.contracts._examples_of_invoicing import OF_INVOICING
from lettra_events.contracts._examples_of_payments import OF_PAYMENTS
from lettra_events.contracts._registry import Event
from lettra_events.contracts.parking import PARKING
from lettra_events.contracts.topics import MOVED, TOPICS

_ENTITY = "FR01"
_CUSTOMER = "C-10482"
_INVOICE = "FA-2026-000123"
_CREDIT_NOTE = "AV-2026-000017"
_REFERENCE = "RF18539007547034"
_ACCOUNT = "FR1420041010050500013M02606"
_PAYER = "ATELIERS DURANCE SAS"
_PAYER_IBAN = "DE89370400440532013000"
_PAYMENT = "5b0f3c57-7a39-5d0e-9c1b-6a2f8e4d1c70"
_EVENT = "c9a2c1de-1c0f-4f3a-8b6e-2d7f50a94e11"
_DIGEST = "9f2b5c1e7d8a4036b1c2d3e4f5061728394a5b6c7d8e9f00112233445566778f"
_DAY = date(2026, 3, 16)
_EUR: Any = {"entity_id": _ENTITY, "currency": "EUR"}
_ON_ACCOUNT: Any = {"account": _ACCOUNT, **_EUR}
_ON_LEDGER: Any = {"customer_id": _CUSTOMER, "payment_id": _PAYMENT, **_EUR}
_THROUGH = payments.ThroughDate(through_date=_DAY, **_ON_ACCOUNT)

_OF_MATCHING: list[Event] = [
    matching.ItemOpened(
        customer_id=_CUSTOMER,
        item_id=f"{_ENTITY}:{_INVOICE}",
        kind="invoice",
        document_number=_INVOICE,
        issue_date=date(2026, 2, 2),
        due_date=date(2026, 3, 4),
        amount=Decimal("1200.00"),
        payment_reference=_REFERENCE,
        **_EUR,
    ),
    matching.PaymentTaken(
        payment_id=_PAYMENT,
        booking_date=_DAY,
        amount=Decimal("1200.00"),
        counterparty_name=_PAYER,
        counterparty_iban=_PAYER_IBAN,
        **_EUR,
    ),
    matching.CashApplied(
        item_id=f"{_ENTITY}:{_INVOICE}",
        amount=Decimal("1000.00"),
        open_after=Decimal("0.00"),
        rule="structured_reference",
        evidence=f"the payment carries {_REFERENCE}, the reference of this item alone",
        **_ON_LEDGER,
    ),
    matching.CreditApplied(
        customer_id=_CUSTOMER,
        credit_item_id=f"{_ENTITY}:{_CREDIT_NOTE}",
        item_id=f"{_ENTITY}:{_INVOICE}",
        amount=Decimal("200.00"),
        open_after=Decimal("1000.00"),
        credit_open_after=Decimal("0.00"),
        **_EUR,
    ),
    matching.CashPutOnAccount(
        amount=Decimal("200.00"),
        evidence="the item was open for 1000.00 EUR only",
        waiting_for=("FA2026000124",),
        **_ON_LEDGER,
    ),
    matching.CashTakenFromAccount(amount=Decimal("200.00"), **_ON_LEDGER),
    matching.PaymentUnmatched(
        payment_id=_PAYMENT,
        amount=Decimal("1200.00"),
        reason="no open item has a reference or number that the payment carries",
        waiting_for=(_REFERENCE, "FA2026000123"),
        **_EUR,
    ),
    matching.DayProcessed(
        business_date=_DAY, entities=(_ENTITY, "FR02"), held_back=("FR03",), through_dates=(_THROUGH,)
    ),
]


def _of_parking(service: str) -> list[Event]:
    named = PARKING[service]
    place: Any = {"topic": "ar.payments.events", "parked_key": f"payment:{_PAYMENT}"}
    return [
        named.parked(
            partition=3,
            sequence=90_412,
            event_id=_EVENT,
            failed_type="payments.PaymentReceived",
            entity_id=_ENTITY,
            error="payments.PaymentReceived v1: amount: Input should be greater than 0",
            **place,
        ),
        named.released(through_sequence=90_455, **place),
        named.skipped(
            sequence=90_412, event_id=_EVENT, who="operator-7", why="booked twice by the bank", **place
        ),
    ]


def examples() -> dict[str, Event]:
    """The example of every contract, by type."""
    parking = [event for service in PARKING for event in _of_parking(service)]
    moved = [
        cls(generation=2, partitions=12, new_topic=f"{TOPICS[service]}.g2") for service, cls in MOVED.items()
    ]
    every = [*OF_INVOICING, *OF_PAYMENTS, *_OF_MATCHING, *parking, *moved]
    return {event.event_type: event for event in every}
