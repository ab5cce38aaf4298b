"""match_payments_per_s: payments matched and committed by one worker, the relay off, beside many open items.

80 % name their invoice, 15 % come from a known account and pay one item exactly, 5 % pay several items of a known
payer and name none. The rate is measured beside 100,000 open items and beside as many as are asked for; customers
have 20 open items each. The rows of the items are folded by the service's own `evolve` and written as it writes them.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import uvloop

from lettra_events.contracts import TOPICS, Event, encode
from lettra_events.contracts.matching import ItemOpened, PayerStated
from lettra_events.contracts.payments import PaymentReceived
from lettra_events.decisions.workspace import Cause, Workspace
from lettra_events.envelope import Delivery, LogEntry, RecordedEvent, make_attributes
from lettra_events.kafka.applying import apply_batch, read_position
from lettra_events.kafka.contiguity import Position
from lettra_events.kafka.reading import Reading
from lettra_events.service.roles import collect_seldom
from lettra_events.store.rows import write
from lettra_events.testing.servers import fresh_database
from lettra_tools.installed import load_service

ITEMS_A_CUSTOMER = 20
FEW = 100_000
PAYMENTS = 10_000
BATCH = 1_000
_FOLDED = 2_000
_DAY = date(2026, 3, 16)
_RECORDED_AT = datetime(2026, 3, 16, 18, tzinfo=UTC)
_ENTITY: dict[str, Any] = {"entity_id": "FR01", "currency": "EUR"}
_PARTITIONS = {TOPICS["invoicing"]: 1, TOPICS["payments"]: 1}


@dataclass(frozen=True, slots=True)
class Owed:
    """One of the open items, by its number; amounts look drawn, and are the same in every run."""

    number: int

    @property
    def amount(self) -> Decimal:
        return Decimal(1_000 + self.number * 2_654_435_761 % 4_999_000) / 100

    @property
    def document(self) -> str:
        return f"FA-2026-{self.number:07d}"


async def measure(server: str, items: int) -> dict[str, float]:
    """Payments a second beside few and beside `items` open items, and how much slower the second is.

    Each in a process of its own, whose greatest memory is in the figures.
    """
    few = await _apart(server, FEW)
    many = await _apart(server, items)
    return {
        "match_payments_per_s": round(many["rate"]),
        "match_payments_per_s_at_100k": round(few["rate"]),
        "match_slower_with_items": round(few["rate"] / many["rate"], 2),
        "match_memory_mb": round(many["memory_mb"]),
        "match_open_items": items,
    }


async def _apart(server: str, items: int) -> dict[str, float]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, server, str(items), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise AssertionError(f"matching beside {items} open items ended with {process.returncode}")
    figures: dict[str, float] = json.loads(said)
    return figures


async def _rate(server: str, items: int) -> float:
    service = load_service("matching")
    async with fresh_database(server, service.package) as dsn:
        connection = await asyncpg.connect(dsn)
        try:
            await _fill(connection, service.reading, items)
            await connection.execute("analyze")
            return await _match(connection, service.reading, list(_payments(items)))
        finally:
            await connection.close()


async def _fill(connection: Any, reading: Reading, items: int) -> None:
    """Write the open items of as many customers as it takes."""
    waiting: list[Event] = []
    for customer in range(items // ITEMS_A_CUSTOMER):
        waiting.append(
            PayerStated(customer_id=_customer(customer), name=_name(customer), ibans=(_iban(customer),))
        )
        waiting += [_opened(customer, each) for each in _owed(customer)]
        if len(waiting) >= _FOLDED:
            await _write(connection, reading, waiting)
            waiting = []
    await _write(connection, reading, waiting)


def _owed(customer: int) -> list[Owed]:
    first = customer * ITEMS_A_CUSTOMER
    return [Owed(number) for number in range(first, first + ITEMS_A_CUSTOMER)]


async def _write(connection: Any, reading: Reading, events: Sequence[Event]) -> None:
    workspace = Workspace(reading.evolve, everything_loaded=True)
    workspace.begin(Cause("bench", "bench", "bench"))
    workspace.append(*events)
    async with connection.transaction():
        for table, rows, _gone in workspace.changes():
            await write(connection, table, rows)


def _customer(number: int) -> str:
    return f"C{number}"


def _name(number: int) -> str:
    return f"MAISON {number:06d} FRERES"


def _iban(number: int) -> str:
    return f"FR76{number:023d}"


def _opened(customer: int, owed: Owed) -> ItemOpened:
    return ItemOpened(
        customer_id=_customer(customer),
        item_id=f"FR01:{owed.document}",
        kind="invoice",
        document_number=owed.document,
        issue_date=date(2026, 2, 1),
        due_date=date(2026, 3, 3),
        amount=owed.amount,
        **_ENTITY,
    )


def _payments(items: int) -> Iterator[PaymentReceived]:
    """A payer comes again only when all have paid, and pays other items than before."""
    rng = random.Random(items)  # noqa: S311 - a benchmark's data
    customers = items // ITEMS_A_CUSTOMER
    payers = rng.sample(range(customers), min(PAYMENTS, customers))
    for number in range(PAYMENTS):
        again, place = divmod(number, len(payers))
        owed = _owed(payers[place])[3 * again : 3 * again + 3]
        yield _payment(number, payers[place], owed, rng.random())


def _payment(number: int, payer: int, owed: Sequence[Owed], habit: float) -> PaymentReceived:
    named = habit < 0.80
    several = habit >= 0.95
    paid = owed if several else owed[:1]
    return PaymentReceived(
        payment_id=f"P{number}",
        account="FR1420041010050500013M02606",
        statement_id="2026-051",
        entry_ref=f"E{number}",
        booking_date=_DAY,
        amount=sum((each.amount for each in paid), Decimal(0)),
        remittance=f"VIREMENT FACTURE {owed[0].document}" if named else "VIREMENT",
        counterparty_name=_name(payer),
        counterparty_iban=_iban(payer),
        **_ENTITY,
    )


async def _match(connection: Any, reading: Reading, payments: Sequence[PaymentReceived]) -> float:
    """Payments a second; the first batch only warms up. Refuses to give a rate for what was not matched."""
    deliveries = [_delivery(number, event) for number, event in enumerate(payments)]
    await _apply(connection, reading, deliveries[:BATCH])
    started = time.perf_counter()
    for first in range(BATCH, len(deliveries), BATCH):
        await _apply(connection, reading, deliveries[first : first + BATCH])
    took = time.perf_counter() - started
    applied = await connection.fetchval("select count(*) from payments where applied = received")
    if applied < len(payments) * 0.9:
        raise AssertionError(
            f"{applied} of {len(payments)} payments were applied: this is no rate of matching"
        )
    return (len(payments) - BATCH) / took


def _delivery(number: int, event: Event) -> Delivery:
    attributes = make_attributes(
        event_id=UUID(int=number),
        service=event.service,
        event_type=event.event_type,
        schema_version=event.schema_version,
        recorded_at=_RECORDED_AT,
        correlation_id="bench",
        causation_id="bench",
    )
    recorded = RecordedEvent(
        event.stream_id(),
        1,
        UUID(int=number),
        event.event_type,
        event.schema_version,
        event.key(),
        encode(event),
        attributes,
    )
    return Delivery(TOPICS["payments"], 0, number, number, LogEntry(number + 1, bytes(32), recorded))


async def _apply(connection: Any, reading: Reading, batch: Sequence[Delivery]) -> None:
    first, last = batch[0], batch[-1]
    before = await read_position(connection, first.topic, first.partition)
    after = Position(last.entry.sequence, last.offset + 1)
    await apply_batch(connection, reading, _PARTITIONS, batch, before, after)


def _main() -> None:
    server, items = sys.argv[1:]
    collect_seldom()
    rate = uvloop.run(_rate(server, int(items)))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # kilobytes on Linux
    print(json.dumps({"rate": rate, "memory_mb": memory}))


if __name__ == "__main__":
    _main()
