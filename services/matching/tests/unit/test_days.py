"""When a business date is processed, and for which entities: over one workspace in memory, from records alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from published_here import Publisher
from receivables import (
    DAY,
    INVOICING,
    PAYMENTS_TOPIC,
    credit_note,
    invoice,
    invoicing_closed,
    payment,
    payments_closed,
    say,
)

from lettra_events.contracts import ContractError, Event, decode
from lettra_events.contracts.invoicing import CustomerRegistered
from lettra_events.contracts.matching import DayProcessed
from lettra_events.contracts.payments import ThroughDate
from lettra_events.decisions.tables import put, remove
from lettra_events.decisions.workspace import Cause, Workspace
from lettra_events.envelope import Delivery
from lettra_events.kafka.parking import PARKED_KEYS, PARKED_RECORDS, is_parked, park, put_behind
from lettra_events.kafka.positions import POSITIONS, PartitionPosition
from lettra_events.kafka.reading import Context
from lettra_matching.days import Waiting, day_processed, process_held_days
from lettra_matching.domain import DAYS, HELD, Day
from lettra_matching.main import READING
from lettra_matching.projections.day_ticks import DayTick

UNREADABLE = b"this is no JSON"
THROUGH = ThroughDate(entity_id="E1", account="A1", currency="EUR", through_date=DAY)


def tick(topic: str, sequence: int, *entities: str) -> DayTick:
    through = (THROUGH.model_dump_json(),) if topic == PAYMENTS_TOPIC else ()
    return DayTick(DAY, topic, sequence, entities or ("E1", "E2"), through)


TICKS = [tick(INVOICING, 10), tick(PAYMENTS_TOPIC, 20)]


def processed(day: Day | None, *waiting: Waiting) -> DayProcessed | None:
    return day_processed(DAY, TICKS, day, waiting)


def test_a_day_is_processed_for_all_entities_with_what_the_banks_told() -> None:
    assert processed(None) == DayProcessed(
        business_date=DAY, entities=("E1", "E2"), held_back=(), through_dates=(THROUGH,)
    )


@pytest.mark.parametrize(
    ("waiting", "entities", "held_back"),
    [
        (Waiting(PAYMENTS_TOPIC, 19, "E1"), ("E2",), ("E1",)),
        (Waiting(PAYMENTS_TOPIC, 21, "E1"), ("E1", "E2"), ()),
        (Waiting(INVOICING, 19, "E1"), ("E1", "E2"), ()),
        (Waiting(INVOICING, 9, "E1"), ("E2",), ("E1",)),
        (Waiting(PAYMENTS_TOPIC, 19, None), (), ("E1", "E2")),
        (Waiting(PAYMENTS_TOPIC, 21, None), ("E1", "E2"), ()),
        (Waiting(PAYMENTS_TOPIC, 1, "E3"), ("E1", "E2"), ()),
    ],
)
def test_what_waits_before_the_tick_of_its_topic_holds_its_entity_back(
    waiting: Waiting, entities: Sequence[str], held_back: Sequence[str]
) -> None:
    """Behind the tick it holds nobody; where nobody can tell the entity, all. Guard: days._held_back."""
    event = processed(None, waiting)
    assert event is not None
    assert (event.entities, event.held_back) == (entities, held_back)


def test_what_was_held_comes_with_a_later_event_and_only_that() -> None:
    """Guard: `done` (days.day_processed)."""
    event = processed(Day(DAY, ("E2",), HELD))
    assert event is not None
    assert (event.entities, event.held_back) == (("E1",), ())


def test_a_processed_entity_is_never_said_to_be_held() -> None:
    """Guard: `done` comes off before what is held (days.day_processed)."""
    event = processed(Day(DAY, ("E1",), HELD), Waiting(PAYMENTS_TOPIC, 1, "E1"))
    assert event is not None
    assert (event.entities, event.held_back) == (("E2",), ())


@pytest.mark.parametrize("waiting", [[], [Waiting(PAYMENTS_TOPIC, 1, None)]])
def test_nothing_new_is_not_said(waiting: list[Waiting]) -> None:
    """Guard: nothing fresh (days.day_processed)."""
    assert processed(Day(DAY, ("E1", "E2"), None), *waiting) is None


# ---- Through the records ----


class Desk:
    """Matching over one workspace in memory; each topic has partitions, which are read in any order."""

    def __init__(self, partitions: int = 1) -> None:
        self.invoicing = Publisher(INVOICING, partitions)
        self.payments = Publisher(PAYMENTS_TOPIC, partitions)
        self.partitions = {INVOICING: partitions, PAYMENTS_TOPIC: partitions}
        self.workspace = Workspace(READING.evolve, everything_loaded=True)

    def read(self, *deliveries: Delivery) -> list[str]:
        """What is decided on these records, one after the other."""
        before = len(self.workspace.staged)
        for delivery in deliveries:
            self.workspace.begin(Cause(delivery.entry.event.event_id, "test", "matching"))
            if is_parked(self.workspace, delivery):
                put_behind(self.workspace, delivery)
            else:
                self._apply_or_park(delivery)
            at = PartitionPosition(delivery.topic, delivery.partition, delivery.entry.sequence)
            self.workspace.apply(put(POSITIONS, at))
        return [say(one.event) for one in self.workspace.staged[before:]]

    def _apply_or_park(self, delivery: Delivery) -> None:
        try:
            self._apply(delivery)
        except ContractError as error:
            park(self.workspace, READING, delivery, error)

    def _apply(self, delivery: Delivery) -> None:
        event = decode(delivery.entry.event)
        context = Context(delivery.topic, delivery.partition, delivery.entry.sequence, self.partitions)
        for change in READING.project(event, context):
            self.workspace.apply(change)
        READING.react(self.workspace, event, context)

    def close(self, day: date, *entities: str) -> list[str]:
        ticks = self.invoicing.publish(invoicing_closed(day, *entities))
        return self.read(*ticks, *self.payments.publish(payments_closed(day, *entities)))

    def fail(self, publisher: Publisher, event: Event, payload: bytes = b"{}") -> None:
        """A record that cannot be read: its key is parked."""
        self.read(*publisher.publish_bytes(event, payload))

    def release(self) -> list[str]:
        """As if all keys ran again and nothing were left behind them."""
        keys = self.parked()
        for record in self.workspace.find(PARKED_RECORDS, "key", *(key for _topic, key in keys)):
            self.workspace.apply(remove(PARKED_RECORDS, PARKED_RECORDS.key_of(record)))
        for key in keys:
            self.workspace.apply(remove(PARKED_KEYS, key))
        before = len(self.workspace.staged)
        process_held_days(self.workspace, self.partitions)
        return [say(one.event) for one in self.workspace.staged[before:]]

    def parked(self) -> list[tuple[str, str]]:
        rows = self.workspace.find(PARKED_KEYS, "topic", INVOICING, PAYMENTS_TOPIC)
        return [(row.topic, row.key) for row in rows]


ENTITY_ONE = b'{"entity_id": "E1"}'


def test_the_last_partition_processes_the_day() -> None:
    """A missing partition: nothing. Guard: every partition has passed (positions.all_passed)."""
    desk = Desk(partitions=2)
    *before, last = [
        *desk.payments.publish(payments_closed(DAY, "E1")),
        *desk.invoicing.publish(invoicing_closed(DAY, "E1")),
    ]
    assert desk.read(*before) == []
    assert desk.read(last) == ["2026-03-16 is processed for E1"]


def test_a_second_tick_of_a_date_changes_nothing() -> None:
    """Not who is processed, nor what holds whom back. Guard: the first tick counts (projections.day_ticks)."""
    desk = Desk()
    desk.fail(desk.payments, payment("P1", 1, entity="E1"), ENTITY_ONE)
    assert desk.close(DAY, "E1", "E2", "E3") == ["2026-03-16 is processed for E2 E3, held back: E1"]
    desk.fail(desk.payments, payment("P2", 1, entity="E2"), b'{"entity_id": "E2"}')
    assert desk.close(DAY, "E1", "E2", "E3", "E4") == []
    assert desk.release() == ["2026-03-16 is processed for E1"]


def test_a_parked_payment_holds_its_entity_back() -> None:
    """Guard: what waits is looked at (days._waiting)."""
    desk = Desk()
    desk.fail(desk.payments, payment("P1", 1, entity="E1"), ENTITY_ONE)
    assert desk.parked() == [(PAYMENTS_TOPIC, "payment:P1")]
    assert desk.close(DAY, "E1", "E2") == ["2026-03-16 is processed for E2, held back: E1"]


@pytest.mark.parametrize("payload", [UNREADABLE, b"{}", b"[]", b'{"entity_id": 7}'])
def test_a_parked_payment_that_cannot_be_read_holds_all_back(payload: bytes) -> None:
    """Guard: None concerns anyone (days._concerned)."""
    desk = Desk()
    desk.fail(desk.payments, payment("P1", 1, entity="E1"), payload)
    assert desk.close(DAY, "E1", "E2") == ["2026-03-16 is processed for nobody, held back: E1 E2"]


def test_what_follows_behind_a_parked_record_holds_its_own_entity_back() -> None:
    """A customer buys of two entities: the credit note of the second waits behind the first's invoice.

    Guard: all records behind a stopped key count, not only the one that failed (days._waiting).
    """
    desk = Desk()
    desk.fail(desk.invoicing, invoice("FA-1", entity="E1"), ENTITY_ONE)
    desk.read(*desk.invoicing.publish(credit_note("AV-1", "FA-2", 5, entity="E2")))
    assert desk.close(DAY, "E1", "E2", "E3") == ["2026-03-16 is processed for E3, held back: E1 E2"]


def test_a_parked_record_that_tells_of_no_money_holds_nobody_back() -> None:
    """A customer's name that cannot be read stops his invoices behind it, not the company.

    Guard: only what matching decides upon (days._concerned).
    """
    desk = Desk()
    desk.fail(desk.invoicing, CustomerRegistered(customer_id="C1", name="ATELIERS DURANCE SAS"))
    assert desk.parked() == [(INVOICING, "C1")]
    assert desk.close(DAY, "E1", "E2") == ["2026-03-16 is processed for E1 E2"]
    desk.read(*desk.invoicing.publish(invoice("FA-1", entity="E1")))
    assert desk.close(DAY + timedelta(1), "E1", "E2") == ["2026-03-17 is processed for E2, held back: E1"]


def test_a_payment_parked_after_the_tick_holds_nobody_back() -> None:
    """Guard: the tick's sequence (days._held_back)."""
    desk = Desk()
    ticks = desk.payments.publish(payments_closed(DAY, "E1"))
    desk.read(*ticks)
    desk.fail(desk.payments, payment("P1", 1, entity="E1"), ENTITY_ONE)
    assert desk.read(*desk.invoicing.publish(invoicing_closed(DAY, "E1"))) == [
        "2026-03-16 is processed for E1"
    ]


def test_a_release_processes_the_held_days_oldest_first() -> None:
    """Guard: in the order of the dates (days.process_held_days)."""
    desk = Desk()
    desk.fail(desk.payments, payment("P1", 1, entity="E1"), ENTITY_ONE)
    for n in (2, 0, 1):
        desk.close(DAY + timedelta(n), "E1", "E2")
    assert desk.release() == [f"2026-03-{16 + n} is processed for E1" for n in range(3)]
    held = [day for day in (desk.workspace.get(DAYS, DAY + timedelta(n)) for n in range(3)) if day]
    assert [(day.processed, day.held) for day in held] == [(("E1", "E2"), None)] * 3
