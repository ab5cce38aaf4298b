"""One plausible event of every contract, all of it invented: companies, accounts and numbers are nobody's.

The golden files and the examples in the AsyncAPI document are made from these. Every field has a value, the
optional ones too, so that a golden file guards each of them. Identifiers are the public examples of their
standards (SIREN, VAT number, IBAN, RF reference).
"""

from __future__ import annotations

from typing import Any

from lettra_events.contracts._examples_of_invoicing import OF_INVOICING
from lettra_events.contracts._examples_of_matching import OF_MATCHING
from lettra_events.contracts._examples_of_payments import OF_PAYMENTS
from lettra_events.contracts._registry import Event
from lettra_events.contracts.parking import PARKING
from lettra_events.contracts.topics import MOVED, TOPICS

_ENTITY = "FR01"
_PAYMENT = "5b0f3c57-7a39-5d0e-9c1b-6a2f8e4d1c70"
_EVENT = "c9a2c1de-1c0f-4f3a-8b6e-2d7f50a94e11"


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
    every = [*OF_INVOICING, *OF_PAYMENTS, *OF_MATCHING, *parking, *moved]
    return {event.event_type: event for event in every}
