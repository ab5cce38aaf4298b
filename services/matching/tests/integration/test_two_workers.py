"""Two workers at once: whatever they decide together, nothing is missed and nothing is said twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from desk import Desk
from published_here import Publisher
from receivables import DAY, credit_note, invoice, invoicing_closed, payment, payments_closed

from lettra_events.envelope import Delivery
from lettra_events.kafka.topics import partition_of

ROUNDS = 12


def keys_of_both_partitions(prefix: str, kind: str) -> list[str]:
    """A name for each partition whose key goes there."""
    found: dict[int, str] = {}
    for n in range(100):
        name = f"{prefix}{n}"
        found.setdefault(partition_of(f"payment:{name}" if kind == "payment" else name, 2), name)
    return [found[0], found[1]]


def a_day(desk: Desk, n: int) -> list[list[Delivery]]:
    """A business date of four partitions, each with something to decide upon before its tick."""
    day = DAY + timedelta(n)
    one, two = keys_of_both_partitions(f"C{n}-", "customer")
    first, second = keys_of_both_partitions(f"P{n}-", "payment")
    records = [
        *desk.invoicing.publish(invoice(f"FA-{n:03}1", 10, one), invoice(f"FA-{n:03}2", 10, two)),
        *desk.invoicing.publish(invoicing_closed(day, "FR01", "FR02")),
        *desk.payments.publish(payment(first, 10, f"FA-{n:03}1"), payment(second, 10, "rien")),
        *desk.payments.publish(payments_closed(day, "FR01", "FR02")),
    ]
    return [
        [one for one in records if (one.topic, one.partition) == (publisher.topic, partition)]
        for publisher in (desk.invoicing, desk.payments)
        for partition in (0, 1)
    ]


@pytest.mark.parametrize("last", [(0, 1), (0, 2), (3, 1), (2, 3)])
async def test_two_workers_that_finish_a_day_together_say_so_once(desk: Desk, last: tuple[int, int]) -> None:
    """One DayProcessed, behind all decisions of all partitions in the log.

    Guard: the tick is written, and the positions are read, under the lock of the day's stream (day_ticks, `guard`).
    """
    for n in range(ROUNDS):
        parts = a_day(desk, n)
        for i in set(range(4)) - set(last):
            await desk.apply(parts[i])
        leader, follower = last if n % 2 else reversed(last)
        await desk.overlap(parts[leader], parts[follower])
    decided = await desk.decided()
    said = [i for i, sentence in enumerate(decided) if "processed" in sentence]
    assert [decided[i] for i in said] == [
        f"{DAY + timedelta(n)} is processed for FR01 FR02" for n in range(ROUNDS)
    ]
    for n, end in enumerate(said):
        words = ("opened", "taken", "settles")
        mine = [
            i
            for i, sentence in enumerate(decided)
            if (f"P{n}-" in sentence or f"FA-{n:03}" in sentence) and any(word in sentence for word in words)
        ]
        counts = {word: sum(word in decided[i] for i in mine) for word in words}
        assert counts == {"opened": 2, "taken": 2, "settles": 1}
        assert max(mine) < end


@pytest.mark.parametrize("invoice_first", [True, False])
async def test_a_payment_and_its_invoice_never_miss_each_other(desk: Desk, invoice_first: bool) -> None:
    """Each looks for the other while the other is not committed.

    Guard: both lock the name that they look for and write (domain: `guard` of open_items and payments; either would do,
    for whoever comes second looks again once it has the lock).
    """
    for n in range(ROUNDS):
        bill = desk.invoicing.publish(invoice(f"FA-1{n:03}", 10))
        money = desk.payments.publish(payment(f"P{n}", 10, f"facture fa 1{n:03}"))
        await (desk.overlap(bill, money) if invoice_first else desk.overlap(money, bill))
    assert await desk.connection.fetchval("select count(*) from open_items where open > 0") == 0
    assert await desk.connection.fetchval("select count(*) from payments where applied < received") == 0
    assert len([one for one in await desk.decided() if "settles" in one]) == ROUNDS


async def test_two_payments_of_one_invoice_settle_it_once(desk: Desk) -> None:
    """Guard: an item is read anew once its ledger is locked (running._with_growing_locks and its like)."""
    for n in range(ROUNDS):
        await desk.apply(desk.invoicing.publish(invoice(f"FA-1{n:03}", 10)))
        one, two = keys_of_both_partitions(f"P{n}-", "payment")
        first = desk.payments.publish(payment(one, 10, f"FA-1{n:03}"))
        await desk.overlap(first, desk.payments.publish(payment(two, 10, f"FA-1{n:03}")))
    sums = await desk.connection.fetchrow(
        "select sum(applied) as applied, sum(on_account) as kept from payments"
    )
    assert dict(sums or {}) == {"applied": 10 * ROUNDS, "kept": 10 * ROUNDS}


async def test_a_payment_and_a_credit_note_do_not_both_take_what_is_open(desk: Desk) -> None:
    """Guard: an item is read anew once its ledger is locked (running._with_growing_locks and its like)."""
    for n in range(ROUNDS):
        await desk.apply(desk.invoicing.publish(invoice(f"FA-1{n:03}", 10, f"C{n}")))
        parts = [
            desk.invoicing.publish(credit_note(f"AV-1{n:03}", f"FA-1{n:03}", 2, f"C{n}")),
            desk.payments.publish(payment(f"P{n}", 10, f"FA-1{n:03}")),
        ]
        await desk.overlap(*(parts if n % 2 else reversed(parts)))
        (row,) = await desk.connection.fetch(
            "select sum(case kind when 'invoice' then open else -open end) as left,"
            " (select on_account from payments where payment_id = $2) as on_account"
            " from open_items where document_number like '%' || $1",
            f"-1{n:03}",
            f"P{n}",
        )
        assert row["left"] - row["on_account"] == 10 - 2 - 10


def test_the_publisher_of_these_tests_fills_both_partitions() -> None:
    """Else two workers would be one."""
    publisher = Publisher("topic", 2)
    found = publisher.publish(*(payment(name, 1) for name in keys_of_both_partitions("P", "payment")))
    assert [one.partition for one in found] == [0, 1]
