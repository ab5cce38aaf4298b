"""What the demo calls verified: each way in which a history on Kafka can be broken is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lettra_events.contracts import encode
from lettra_events.contracts.invoicing import InvoicingDayClosed, LegalEntityRegistered
from lettra_events.envelope import (
    BROADCAST_KEY,
    GENESIS,
    Delivery,
    LogEntry,
    RecordedEvent,
    derived_id,
    link,
    make_attributes,
)
from lettra_tools.demo.history import verify_topic

TOPIC = "ar.invoicing.events"
PARTITIONS = 2
NOW = datetime(2024, 1, 2, tzinfo=UTC)


def entries() -> list[LogEntry]:
    """Five events, the third and the fifth of which are broadcasts."""
    closed = InvoicingDayClosed(business_date=NOW.date(), entities=("E0",))
    events = [
        (LegalEntityRegistered(entity_id="E0", name="Zero"), 1),
        (LegalEntityRegistered(entity_id="E1", name="One"), 1),
        (closed, 1),
        (LegalEntityRegistered(entity_id="E2", name="Two"), 1),
        (closed, 2),
    ]
    made, chain = [], GENESIS
    for sequence, (event, version) in enumerate(events, 1):
        event_id = derived_id("test", "history", sequence)
        attributes = make_attributes(
            event_id=event_id,
            service="invoicing",
            event_type=event.event_type,
            schema_version=1,
            recorded_at=NOW,
            correlation_id="c",
            causation_id="c",
        )
        key = BROADCAST_KEY if event.broadcast else event.key()
        recorded = RecordedEvent(
            event.stream_id(), version, event_id, event.event_type, 1, key, encode(event), attributes
        )
        chain = link(chain, sequence, recorded)
        made.append(LogEntry(sequence, chain, recorded))
    return made


def published(log: list[LogEntry]) -> list[Delivery]:
    """As the relay publishes them: E0 and E2 in partition 0, E1 in partition 1, broadcasts in both."""
    heads, found = [0, 0], list[Delivery]()
    for entry in log:
        one = 1 if b'"E1"' in entry.event.payload else 0
        for partition in range(PARTITIONS) if entry.event.key == BROADCAST_KEY else (one,):
            found.append(Delivery(TOPIC, partition, len(found), heads[partition], entry))
            heads[partition] = entry.sequence
    return found


def test_a_whole_history_holds_and_shows_its_head() -> None:
    found = verify_topic("invoicing", published(entries()))
    assert found.problems == ()
    assert (len(found.entries), found.records, found.partitions) == (5, 7, 2)
    assert found.head == f"5:{entries()[-1].chain.hex()}"
    assert "hash chain intact" in found.in_words()


def test_a_repeat_is_no_problem() -> None:
    deliveries = published(entries())
    found = verify_topic("invoicing", [*deliveries, *deliveries[2:]])
    assert found.problems == ()
    assert len(found.entries) == 5


def test_an_empty_topic_has_no_problem_and_says_so() -> None:
    found = verify_topic("invoicing", [])
    assert (found.problems, found.in_words()) == ((), "invoicing: no event")


def change_payload(deliveries: list[Delivery]) -> None:
    entry = deliveries[0].entry
    event = replace(entry.event, payload=entry.event.payload.replace(b"Zero", b"Nero"))
    deliveries[0] = replace(deliveries[0], entry=replace(entry, event=event))


def drop_one(deliveries: list[Delivery]) -> None:
    deliveries[:] = [each for each in deliveries if each.entry.sequence != 4]


def drop_one_of_a_broadcast(deliveries: list[Delivery]) -> None:
    del deliveries[3]


def swap(deliveries: list[Delivery]) -> None:
    deliveries[0], deliveries[2] = deliveries[2], deliveries[0]


def repeat_otherwise(deliveries: list[Delivery]) -> None:
    entry = deliveries[0].entry
    other = replace(entry, event=replace(entry.event, payload=b"{}"))
    deliveries.append(replace(deliveries[0], entry=other))


def change_version(deliveries: list[Delivery]) -> None:
    for place, each in enumerate(deliveries):
        if each.entry.sequence == 5:
            event = replace(each.entry.event, version=3)
            deliveries[place] = replace(each, entry=replace(each.entry, event=event))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (change_payload, "hash chain breaks at sequence 1"),
        (drop_one, "sequence 4 is missing"),
        (drop_one_of_a_broadcast, "the record before 5"),
        (swap, "the record before"),
        (repeat_otherwise, "two different events"),
        (change_version, "version 3 instead of 2"),
    ],
)
def test_damage_is_found(damage: Callable[[list[Delivery]], None], words: str) -> None:
    deliveries = published(entries())
    damage(deliveries)
    found = verify_topic("invoicing", deliveries)
    assert any(words in problem for problem in found.problems), found.problems
    assert "BROKEN" in found.in_words()
