"""Customers' names, for people who read a ledger. Source: ar.invoicing.events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lettra_events.contracts import Event
from lettra_events.contracts.invoicing import CustomerRegistered
from lettra_events.decisions.tables import Change, Table, put
from lettra_events.kafka.reading import Context, types


@dataclass(frozen=True)
class CustomerName:
    """What a customer is called."""

    customer_id: str
    name: str


CUSTOMER_NAMES: Table[CustomerName] = Table("customer_names", CustomerName, key=("customer_id",))
READS = types(CustomerRegistered)


def project(event: Event, _context: Context) -> Iterable[Change[Any]]:
    """Fold one of invoicing's events."""
    if isinstance(event, CustomerRegistered):
        yield put(CUSTOMER_NAMES, CustomerName(event.customer_id, event.name))
