"""The end of a business date: who decides that it is processed, and what a parked key holds back. Pure.

Both publishers broadcast that their day is closed; the transaction in which the last partition passes these two
ticks appends `DayProcessed`. A record that was put behind a stopped key before the tick of its topic holds its
entity back until the key is released.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from lettra_events.contracts import TOPICS, contracts
from lettra_events.contracts.invoicing import (
    BadDebtWrittenOff,
    CreditNoteIssued,
    DisputeOpened,
    DisputeResolved,
    InvoiceIssued,
    OpeningItemTaken,
)
from lettra_events.contracts.matching import DayProcessed
from lettra_events.contracts.payments import (
    AnnouncementReplaced,
    AnnouncementWithdrawn,
    PaymentAnnounced,
    PaymentDetailed,
    PaymentReceived,
    PaymentReturned,
    RemittanceAdviceLinked,
    ThroughDate,
)
from lettra_events.decisions.needs import for_each
from lettra_events.decisions.workspace import Workspace
from lettra_events.envelope import RecordedEvent
from lettra_events.kafka.parking import PARKED_KEYS, PARKED_RECORDS, thaw
from lettra_events.kafka.positions import POSITIONS, all_passed, position_keys
from lettra_events.kafka.reading import Context, types
from lettra_matching.domain import DAYS, HELD, Day
from lettra_matching.projections.day_ticks import DAY_TICKS, DayTick

TICKING_TOPICS = (TOPICS["invoicing"], TOPICS["payments"])
_DECIDED_UPON = types(
    InvoiceIssued,
    CreditNoteIssued,
    OpeningItemTaken,
    DisputeOpened,
    DisputeResolved,
    BadDebtWrittenOff,
    PaymentReceived,
    PaymentAnnounced,
    AnnouncementReplaced,
    AnnouncementWithdrawn,
    PaymentDetailed,
    PaymentReturned,
    RemittanceAdviceLinked,
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record behind a stopped key: where it stands, and whom it concerns. `entity_id` None: maybe anyone."""

    topic: str
    sequence: int
    entity_id: str | None


def process_day(
    workspace: Workspace, business_date: date, partitions: Mapping[str, int], here: Context | None = None
) -> None:
    """Append `DayProcessed` if every partition has passed and there is something new to say of it."""
    ticks = _ticks(workspace, business_date, partitions)
    if ticks is None or not all_passed(workspace, {t.topic: t.sequence for t in ticks}, partitions, here):
        return
    day = workspace.get(DAYS, business_date)
    event = day_processed(business_date, ticks, day, _waiting(workspace))
    if event is not None:
        workspace.append(event)


def process_held_days(workspace: Workspace, partitions: Mapping[str, int]) -> None:
    """After a release: the days that waited for it, oldest first."""
    held = workspace.find(DAYS, "held", HELD)
    for_each(held, lambda day: process_day(workspace, day.business_date, partitions))


def _ticks(workspace: Workspace, business_date: date, partitions: Mapping[str, int]) -> list[DayTick] | None:
    """The ticks of both topics; None while one is missing. Fetched together with how far the partitions are."""
    keys = [(business_date, topic) for topic in TICKING_TOPICS]
    positions = position_keys(TICKING_TOPICS, partitions)
    workspace.expect(*((DAY_TICKS, key) for key in keys), *((POSITIONS, key) for key in positions))
    rows = workspace.get_many(DAY_TICKS, keys)
    found = [row for row in rows if row is not None]
    return found if len(found) == len(rows) else None


def _waiting(workspace: Workspace) -> list[Waiting]:
    """What waits behind stopped keys: the record that failed and all that followed of its key, of any entity."""
    keys = {(one.topic, one.key) for one in workspace.find(PARKED_KEYS, "topic", *TICKING_TOPICS)}
    records = workspace.find(PARKED_RECORDS, "key", *sorted({key for _topic, key in keys}))
    return [
        Waiting(one.topic, one.sequence, entity)
        for one in records
        if (one.topic, one.key) in keys
        for entity in _concerned(thaw(one.record).entry.event)
    ]


def _concerned(event: RecordedEvent) -> Iterator[str | None]:
    """The entity that a record concerns; nothing for what matching only shows, None where nobody can tell."""
    if event.type in contracts() and event.type not in _DECIDED_UPON:
        return
    try:
        entity = json.loads(event.payload)["entity_id"]
    except (ValueError, KeyError, TypeError):
        entity = None
    yield entity if isinstance(entity, str) else None


def day_processed(
    business_date: date, ticks: Sequence[DayTick], day: Day | None, waiting: Iterable[Waiting]
) -> DayProcessed | None:
    """What can be said of the date now; None if nothing new can."""
    done = set(day.processed) if day is not None else set()
    left = sorted({entity for tick in ticks for entity in tick.entities} - done)
    held = _held_back(left, ticks, waiting)
    fresh = [entity for entity in left if entity not in held]
    if day is not None and not fresh:
        return None
    through = sorted({text for tick in ticks for text in tick.through_dates})
    return DayProcessed(
        business_date=business_date,
        entities=tuple(fresh),
        held_back=tuple(entity for entity in left if entity in held),
        through_dates=tuple(ThroughDate.model_validate_json(text) for text in through),
    )


def _held_back(entities: Sequence[str], ticks: Sequence[DayTick], waiting: Iterable[Waiting]) -> set[str]:
    """Entities of records that stood before the tick and wait; one whose entity nobody can tell may concern any."""
    sequences = {tick.topic: tick.sequence for tick in ticks}
    held: set[str] = set()
    for one in waiting:
        if one.sequence < sequences.get(one.topic, 0):
            held |= set(entities) if one.entity_id is None else {one.entity_id}
    return held
