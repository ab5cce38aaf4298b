"""A payment that cannot be applied keeps its entity's day back, until it is released or skipped."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from desk import Desk
from receivables import DAY, PAYMENTS_TOPIC, invoice, invoicing_closed, payment, payments_closed

from lettra_events.contracts import Event
from lettra_events.decisions.workspace import Workspace
from lettra_events.kafka.reading import Context, Reading
from lettra_events.kafka.releasing import Skip, release_key
from lettra_matching.main import READING
from lettra_matching.reactions import react

PROCESSED = "2026-03-16 is processed for FR01"


def failing_for(name: str) -> Reading:
    """Matching as a release that cannot take one payment."""

    def fail(workspace: Workspace, event: Event, context: Context) -> None:
        react(workspace, event, context)
        if getattr(event, "payment_id", None) == name:
            raise ValueError("a fault of this release")

    return replace(READING, react=fail)


async def a_day_with_a_parked_payment(desk: Desk) -> None:
    """P1 of FR01 is parked; the day is closed for FR01 and FR02, and so is the day after."""
    await desk.apply(desk.invoicing.publish(invoice("FA-1001", 10)))
    await desk.apply(desk.payments.publish(payment("P1", 10, "FA-1001")), reading=failing_for("P1"))
    for n in range(2):
        await desk.apply(desk.payments.publish(payments_closed(DAY + timedelta(n), "FR01", "FR02")))
        await desk.apply(desk.invoicing.publish(invoicing_closed(DAY + timedelta(n), "FR01", "FR02")))


async def test_a_parked_payment_keeps_its_entity_s_day_back_until_it_is_released(desk: Desk) -> None:
    """The payment's decisions stand before the day's. Guards: what waits is looked at (days), `on_release` (main)."""
    await a_day_with_a_parked_payment(desk)
    held = [one for one in await desk.decided() if "processed" in one]
    assert held == [f"2026-03-{day} is processed for FR02, held back: FR01" for day in (16, 17)]
    release = await release_key(desk.connection, READING, desk.partitions, PAYMENTS_TOPIC, "payment:P1")
    assert release.runs
    after = [one for one in (await desk.decided()) if "Parked" not in one and "Released" not in one][3:]
    assert after == [
        "P1 is taken with 10",
        "P1 settles 10 of FA-1001, 0 open",
        "FA-1001 is settled",
        PROCESSED,
        "2026-03-17 is processed for FR01",
    ]
    assert [(row["processed"], row["held"]) for row in await desk.rows("days")] == [
        (["FR01", "FR02"], None)
    ] * 2


async def test_a_release_that_fails_again_keeps_the_day_back(desk: Desk) -> None:
    """Guard: only a key that runs lets days go (releasing.let_run)."""
    await a_day_with_a_parked_payment(desk)
    before = [one for one in await desk.decided() if "processed" in one]
    await release_key(desk.connection, failing_for("P1"), desk.partitions, PAYMENTS_TOPIC, "payment:P1")
    assert [one for one in await desk.decided() if "processed" in one] == before


async def test_a_skipped_payment_lets_the_day_go_without_its_money(desk: Desk) -> None:
    """Guard: `on_release` (main)."""
    await a_day_with_a_parked_payment(desk)
    (parked,) = await desk.rows("parked_keys")
    skip = Skip(parked["sequence"], "M. Vasseur", "booked by hand")
    await release_key(desk.connection, READING, desk.partitions, PAYMENTS_TOPIC, "payment:P1", skip=skip)
    assert PROCESSED in await desk.decided()
    assert (await desk.rows("payments"), await desk.item("FA-1001")) == ([], 10)


@pytest.mark.parametrize("index", ["open_items_marks", "payments_waiting_for", "payers_marks"])
async def test_a_search_by_name_reads_no_list_of_pending_entries(desk: Desk, index: str) -> None:
    """A batch of 1,000 payments takes seconds otherwise. Guard: fastupdate is off (001_matching.sql)."""
    options = await desk.connection.fetchval("select reloptions from pg_class where relname = $1", index)
    assert options == ["fastupdate=off"]
