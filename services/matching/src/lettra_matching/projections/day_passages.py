"""Which partitions have passed the end of a business date, by topic.

The row is written under the lock of the date's stream, so that the last of several workers to pass sees the
passages of all others. Sources: ar.invoicing.events, ar.payments.events.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from lettra_events.contracts import Event
from lettra_events.contracts.invoicing import InvoicingDayClosed
from lettra_events.contracts.payments import PaymentsDayClosed
from lettra_events.decisions.tables import Change, Table
from lettra_events.kafka.reading import Context, types


@dataclass(frozen=True)
class DayPassage:
    """One partition has passed the date at this sequence. `through_dates`: as JSON, from payment-ingest alone."""

    business_date: date
    topic: str
    partition: int
    sequence: int
    entities: tuple[str, ...]
    through_dates: tuple[str, ...]


DAY_PASSAGES: Table[DayPassage] = Table(
    "day_passages",
    DayPassage,
    key=("business_date", "topic", "partition"),
    guard=lambda key: f"day:{key[0].isoformat()}",
)
READS = types(InvoicingDayClosed, PaymentsDayClosed)


def project(event: Event, context: Context) -> Iterable[Change[Any]]:
    """Fold a day tick, once in each partition: the first one of a date counts."""
    if isinstance(event, InvoicingDayClosed | PaymentsDayClosed):
        through = event.through_dates if isinstance(event, PaymentsDayClosed) else ()
        passage = DayPassage(
            event.business_date,
            context.topic,
            context.partition,
            context.sequence,
            event.entities,
            tuple(one.model_dump_json() for one in through),
        )
        yield Change(DAY_PASSAGES, DAY_PASSAGES.key_of(passage), lambda row: row or passage)
