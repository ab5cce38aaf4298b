"""The end of a business date: who decides that it is processed, and what a parked key holds back. Pure.

Both publishers broadcast that their day is closed; each partition records its passage; the transaction that
completes the passages appends `DayProcessed`. An entity with a key that was parked before the day's tick in its
partition is held back until the key is released.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from lettra_events.contracts import TOPICS
from lettra_events.contracts.matching import DayProcessed
from lettra_events.contracts.payments import ThroughDate
from lettra_events.decisions.workspace import Workspace
from lettra_events.kafka.parking import PARKED_KEYS, ParkedKey
from lettra_matching.domain import DAYS, HELD, Day
from lettra_matching.projections.day_passages import DAY_PASSAGES, DayPassage

TICKING_TOPICS = (TOPICS["invoicing"], TOPICS["payments"])


def process_day(workspace: Workspace, business_date: date, partitions: Mapping[str, int]) -> None:
    """Append `DayProcessed` if every partition has passed and there is an entity to say it of."""
    passages = _passages(workspace, business_date, partitions)
    if passages is None:
        return
    day = workspace.get(DAYS, business_date)
    parked = workspace.find(PARKED_KEYS, "topic", *TICKING_TOPICS)
    event = day_processed(business_date, passages, day, parked)
    if event is not None:
        workspace.append(event)


def process_held_days(workspace: Workspace, partitions: Mapping[str, int]) -> None:
    """After a release: the days that waited for it, oldest first."""
    for day in workspace.find(DAYS, "held", HELD):
        process_day(workspace, day.business_date, partitions)


def _passages(
    workspace: Workspace, business_date: date, partitions: Mapping[str, int]
) -> list[DayPassage] | None:
    """The passages of all partitions of both topics; None while one is missing."""
    keys = [(business_date, topic, p) for topic in TICKING_TOPICS for p in range(partitions[topic])]
    rows = workspace.get_many(DAY_PASSAGES, keys)
    found = [row for row in rows if row is not None]
    return found if len(found) == len(rows) else None


def day_processed(
    business_date: date, passages: Sequence[DayPassage], day: Day | None, parked: Iterable[ParkedKey]
) -> DayProcessed | None:
    """What can be said of the date now; None if nothing new can."""
    entities = sorted({entity for passage in passages for entity in passage.entities})
    held = _held_back(entities, passages, parked)
    done = set(day.processed) if day is not None else set()
    fresh = [entity for entity in entities if entity not in held and entity not in done]
    if day is not None and not fresh:
        return None
    through = sorted({text for passage in passages for text in passage.through_dates})
    return DayProcessed(
        business_date=business_date,
        entities=tuple(fresh),
        held_back=tuple(entity for entity in entities if entity in held),
        through_dates=tuple(ThroughDate.model_validate_json(text) for text in through),
    )


def _held_back(
    entities: Sequence[str], passages: Sequence[DayPassage], parked: Iterable[ParkedKey]
) -> set[str]:
    """Entities of keys parked before the tick; a key whose entity cannot be read may concern any."""
    ticks = {(p.topic, p.partition): p.sequence for p in passages}
    held: set[str] = set()
    for key in parked:
        if key.sequence < ticks.get((key.topic, key.partition), 0):
            held |= set(entities) if key.entity_id is None else {key.entity_id}
    return held
