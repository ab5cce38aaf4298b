"""The end of each business date, as each of the two publishers said it first.

The row is written under the lock of the date's stream, so that the last of several partitions to pass sees how far
all others are. Sources: ar.invoicing.events, ar.payments.events.
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
class DayTick:
    """The topic's first tick of the date: the broadcast at this sequence. `through_dates`: as JSON, from the banks."""

    business_date: date
    topic: str
    sequence: int
    entities: tuple[str, ...]
    through_dates: tuple[str, ...]


DAY_TICKS: Table[DayTick] = Table(
    "day_ticks",
    DayTick,
    key=("business_date", "topic"),
    guard=lambda key: f"day:{key[0].isoformat()}",
)
READS = types(InvoicingDayClosed, PaymentsDayClosed)


def project(event: Event, context: Context) -> Iterable[Change[Any]]:
    """Fold a day tick, the same in whichever partition it is read: the first one of a date counts."""
    if isinstance(event, InvoicingDayClosed | PaymentsDayClosed):
        through = event.through_dates if isinstance(event, PaymentsDayClosed) else ()
        tick = DayTick(
            event.business_date,
            context.topic,
            context.sequence,
            event.entities,
            tuple(one.model_dump_json() for one in through),
        )
        yield Change(DAY_TICKS, DAY_TICKS.key_of(tick), lambda row: _first(row, tick))


def _first(known: DayTick | None, tick: DayTick) -> DayTick:
    return known if known is not None and known.sequence <= tick.sequence else tick
