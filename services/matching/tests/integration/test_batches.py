"""What is decided does not depend on where a batch ends, and a batch takes few rounds, however much meets in it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from desk import STATE, Desk
from receivables import DAY, RF, credit_note, invoice, invoicing_closed, payment, payments_closed

from lettra_events.contracts.invoicing import CustomerRegistered
from lettra_events.envelope import Delivery
from lettra_events.kafka import applying
from lettra_events.testing.servers import fresh_database

if TYPE_CHECKING:
    from lettra_tools.stack import Servers


def a_month(desk: Desk) -> list[list[Delivery]]:
    """Records that meet in every way: exact, partial, too much, too early, twice, credited, ambiguous, unreadable."""
    early = desk.payments.publish(
        payment("EARLY", 30, "FA-1001, FA-1002"),
        payment("TWICE", 10, "FA-1003"),
        payment("NOBODY", 9, "LOYER 2026"),
    )
    early += desk.payments.publish_bytes(payment("BROKEN", 5), b'{"entity_id": "FR02"}')
    bills = desk.invoicing.publish(CustomerRegistered(customer_id="C1", name="ATELIERS DURANCE SAS"))
    for n in range(40):
        number, customer = f"FA-1{n:03}", f"C{n % 3}"
        reference = RF if n in (30, 31) else None
        bills += desk.invoicing.publish(invoice(number, 10 + n, customer, reference=reference))
        if n % 5 == 4:
            bills += desk.invoicing.publish(credit_note(f"AV-1{n:03}", number, 4, customer))
    bills += desk.invoicing.publish(invoicing_closed(DAY, "FR01", "FR02"))
    late = desk.payments.publish(*(payment(f"P{n}", 11 + n % 7, f"FA 1{n:03}") for n in range(0, 40, 2)))
    late += desk.payments.publish(
        payment("TOO-LITTLE", 3, "FA-1005, FA-1006"),
        payment("SHARED", 50, reference=RF),
        payment("SILENT", 5, None, counterparty_name="DURANCE ATELIERS"),
        payment("AGAIN", 11, "FA-1003"),
        payments_closed(DAY, "FR01", "FR02"),
    )
    return [early, bills, late]


async def history_at(servers: Servers, size: int) -> tuple[list[Any], dict[str, Any]]:
    """The events, with their ids, and the rows that a month leaves when it is read in batches of this size."""
    async with fresh_database(servers.postgres, "lettra_matching") as dsn, Desk.at(dsn) as desk:
        for records in a_month(desk):
            await desk.apply(records, size)
        events = await desk.connection.fetch(
            "select event_id, stream_id, version, type, key, payload from outbox join events using (event_id)"
            " order by position"
        )
        return [tuple(event) for event in events], {table: await desk.rows(table) for table in STATE}


async def test_batches_of_any_size_end_in_the_same_events_and_rows(servers: Servers) -> None:
    """Guards: decisions over the workspace only (reactions); ids from causes; order of events by record."""
    one_by_one = await history_at(servers, 1)
    events, rows = one_by_one
    assert len({event[0] for event in events}) == len(events) > 100
    empty = {table for table in STATE if not rows[table]}
    assert empty == {"rules"}, "the month leaves something in every table but that of people's rules"
    for size in (7, 1_000):
        assert await history_at(servers, size) == one_by_one, f"batches of {size}"


# ---- Rounds ----


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A list that grows by one with each round of a batch under locks."""
    counted: list[int] = []
    real = applying.decide_under_locks

    async def count(*arguments: Any) -> Any:
        counted.append(1)
        return await real(*arguments)

    monkeypatch.setattr(applying, "decide_under_locks", count)
    return counted


async def test_one_invoice_for_which_many_payments_wait_takes_few_rounds(
    desk: Desk, rounds: list[int]
) -> None:
    """What they all need is fetched together. Guard: `for_each` over the payments (handlers.matching._generation)."""
    names = [f"P{n}" for n in range(40)]
    await desk.apply(desk.payments.publish(*(payment(name, 1, "FA-1001") for name in names)))
    rounds.clear()
    await desk.apply(desk.invoicing.publish(invoice("FA-1001", 40)))
    assert [row["error"] for row in await desk.rows("parked_keys")] == []
    assert (await desk.item("FA-1001"), len(rounds) <= 8) == (0, True)


async def test_many_held_days_are_processed_in_few_rounds(desk: Desk, rounds: list[int]) -> None:
    """Guard: `for_each` over the days (days.process_held_days)."""
    days = [DAY + timedelta(n) for n in range(40)]
    await desk.apply(desk.payments.publish_bytes(payment("P1", 1), b'{"entity_id": "FR01"}'))
    for day in days:
        await desk.apply(desk.invoicing.publish(invoicing_closed(day)))
        await desk.apply(desk.payments.publish(payments_closed(day)))
    assert await desk.connection.fetchval("select count(*) from days where held = 'held'") == len(days)
    rounds.clear()
    await desk.release_all(rounds)
    assert await desk.connection.fetchval("select count(*) from days where processed = '{FR01}'") == len(days)
    assert len(rounds) <= 6, "however many days"


@pytest.mark.parametrize(
    ("kind", "at_most"), [("invoices", 1), ("settled", 4), ("unmatched", 6), ("overpaid", 4), ("mixed", 6)]
)
async def test_a_batch_takes_few_rounds(desk: Desk, rounds: list[int], kind: str, at_most: int) -> None:
    """However many records. Guards: what a decision will look for is asked for at once (handlers.matching._foresee),
    and what it will write (Workspace._foresee).
    """
    texts = {"settled": ("FA-1{:03}", 10), "unmatched": ("FA-9{:03}", 10), "overpaid": ("FA-1{:03}", 12)}
    bills = desk.invoicing.publish(*(invoice(f"FA-1{n:03}", 10, f"C{n}") for n in range(200)))
    money = []
    for n in range(200):
        text, amount = texts[kind if kind in texts else list(texts)[n % 3]]
        money += desk.payments.publish(payment(f"P{n}", amount, text.format(n)))
    if kind != "invoices":
        await desk.apply(bills)
        rounds.clear()
    await desk.apply(bills if kind == "invoices" else money)
    assert len(rounds) <= at_most * 2, "of each of two partitions"


async def test_a_payment_in_the_batch_s_middle_cannot_be_read(desk: Desk) -> None:
    """Its key is stopped and nothing else. Guard: `READING` puts parking into `evolve` (main)."""
    records = desk.payments.publish(payment("P1", 1, "FA-1001"))
    records += desk.payments.publish_bytes(payment("P2", 1), b"this is no JSON")
    records += desk.payments.publish(payment("P3", 1, "FA-1001"))
    await desk.apply(records)
    assert [row["payment_id"] for row in await desk.rows("payments")] == ["P1", "P3"]
    assert [row["key"] for row in await desk.rows("parked_keys")] == ["payment:P2"]
