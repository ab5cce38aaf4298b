"""What must hold of matching's database at any moment, and once everything is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import asyncpg
from matching_model import Document, Entry, Model, Money, Unique

from lettra_events.contracts import decode_data
from lettra_events.decisions.tables import Change, Key, Table
from lettra_events.envelope import Delivery
from lettra_events.kafka.parking import PARKED_KEYS
from lettra_events.kafka.reading import Context
from lettra_matching.main import READING, SERVICE

STATE = (*SERVICE.state, PARKED_KEYS)
_OWN_EVENTS = """
select type, schema_version, payload from events e
 left join log using (event_id) left join outbox using (event_id)
 order by log.sequence nulls last, outbox.position"""
_CONSERVED = """
select count(*) from payments p
 where received + transferred_in <> applied + on_account + unapplied + returned + refunded + transferred_out
    or least(applied, on_account, unapplied) < 0
    or applied <> (select coalesce(sum(amount) filter (where credit_item_id is null), 0)
                     from allocations a where a.payment_id = p.payment_id)"""
_SETTLED = """
select count(*) from open_items i
 where amount - open <> (select coalesce(sum(amount + written_off), 0) from allocations a
                          where (a.customer_id, a.item_id) = (i.customer_id, i.item_id))
                      + (select coalesce(sum((convert_from(payload, 'UTF8')::jsonb ->> 'amount')::numeric), 0)
                           from events e where type = 'matching.CreditApplied'
                            and (convert_from(payload, 'UTF8')::jsonb ->> 'payment_id') is null
                            and i.item_id in (convert_from(payload, 'UTF8')::jsonb ->> 'item_id',
                                              convert_from(payload, 'UTF8')::jsonb ->> 'credit_item_id'))
                      + (select coalesce(sum(amount), 0) from allocations a
                          where (a.customer_id, a.credit_item_id) = (i.customer_id, i.item_id))
    or open <> amount + (select coalesce(sum(split_part(move, ' ', 2)::numeric), 0) from unnest(moves) as move)"""
_GAPS = """
select stream_id from streams s left join
       (select stream_id, count(*) as n, min(version) as first, max(version) as last from events group by 1) e
       using (stream_id)
 where coalesce(n, 0) <> s.version or (n > 0 and (first <> 1 or last <> n))"""


async def as_the_model(connection: asyncpg.Connection[Any], model: Model) -> None:
    """What is taken, days, stopped keys and positions are the model's, exactly."""
    items = await connection.fetch("select entity_id, document_number from open_items")
    assert {tuple(row) for row in items} == {document.item for document in model.documents}
    payments = await connection.fetch("select payment_id, received from payments")
    assert {row[0]: int(row[1]) for row in payments} == {money.name: money.amount for money in model.payments}
    days = await connection.fetch("select business_date, processed, held from days")
    assert {row[0]: (set(row[1]), row[2] is not None) for row in days} == model.days
    waiting = await connection.fetch(
        "select topic, key, array(select sequence from parked_records r where (r.topic, r.key) = (k.topic, k.key)"
        " order by 1) from parked_keys k"
    )
    assert {(row[0], row[1]): row[2] for row in waiting} == {
        place: [entry.sequence for entry in entries] for place, entries in model.stopped.items()
    }
    positions = await connection.fetch(
        "select topic, partition, sequence from consumer_offsets where sequence > 0"
    )
    assert {(row[0], row[1]): row[2] for row in positions} == model.positions


async def sound(connection: asyncpg.Connection[Any]) -> None:
    """Money is conserved, streams have no gap, and what can happen once happened once."""
    assert await connection.fetchval(_CONSERVED) == 0
    assert await connection.fetchval(_SETTLED) == 0
    assert (
        await connection.fetchval("select count(*) from open_items where open not between 0 and amount") == 0
    )
    assert await connection.fetch(_GAPS) == []
    assert await connection.fetchval("select count(*) <> count(distinct event_id) from events") is False
    assert (
        await connection.fetchval(
            "select count(*) from parked_records r where not exists"
            " (select from parked_keys k where (k.topic, k.key) = (r.topic, r.key))"
        )
        == 0
    )
    once: Counter[tuple[str, ...]] = Counter()
    for event in await own_events(connection):
        match event.event_type:
            case "matching.ItemOpened":
                once["item", event.item_id] += 1
            case "matching.PaymentTaken":
                once["payment", event.payment_id] += 1
            case "matching.DayProcessed":
                once.update(("day", str(event.business_date), entity) for entity in event.entities)
    assert [name for name, times in once.items() if times > 1] == []


async def state_is_the_fold(connection: asyncpg.Connection[Any]) -> None:
    """Row for row, the state tables are what matching's own events make of nothing."""
    changes = (change for event in await own_events(connection) for change in READING.evolve(event))
    await _compare(connection, STATE, changes)


async def projections_are_the_fold(
    connection: asyncpg.Connection[Any],
    records: Mapping[Any, Sequence[tuple[Delivery, Entry]]],
    skipped: Sequence[Entry],
    partitions: Mapping[str, int],
) -> None:
    """Row for row, the projections are what all consumed events but the skipped ones make of nothing."""
    changes = []
    for (topic, partition), found in records.items():
        for delivery, entry in found:
            if entry not in skipped:
                event = delivery.entry.event
                context = Context(topic, partition, delivery.entry.sequence, partitions)
                changes += READING.project(
                    decode_data(event.type, event.schema_version, event.payload), context
                )
    await _compare(connection, SERVICE.projections, changes)


async def own_events(connection: asyncpg.Connection[Any]) -> list[Any]:
    """Matching's own events, in the order of its log."""
    return [decode_data(*row) for row in await connection.fetch(_OWN_EVENTS)]


async def _compare(
    connection: asyncpg.Connection[Any], tables: Sequence[Table[Any]], changes: Iterable[Change[Any]]
) -> None:
    folded: dict[Table[Any], dict[Key, Any]] = {table: {} for table in tables}
    for change in changes:
        if change.table in folded:
            rows = folded[change.table]
            rows[change.key] = change.apply(rows.get(change.key))
    for table, rows in folded.items():
        found = await connection.fetch(f"select {', '.join(table.columns)} from {table.name}")
        actual = {table.key_of(row): row for row in (_row(table, dict(one)) for one in found)}
        assert actual == {key: row for key, row in rows.items() if row is not None}, table.name


def _row(table: Table[Any], values: dict[str, Any]) -> Any:
    return table.row(**{c: tuple(v) if c in table.arrays else v for c, v in values.items()})


def read(
    records: Mapping[Any, Sequence[tuple[Delivery, Entry]]], skipped: Sequence[Entry]
) -> tuple[list[Document], list[Money]]:
    """The documents in the order of their partitions, and the payments, without what was skipped."""
    all_read = [
        entry.what for found in records.values() for _delivery, entry in found if entry not in skipped
    ]
    documents = [what for what in all_read if isinstance(what, Document)]
    return documents, [what for what in all_read if isinstance(what, Money)]


async def has(connection: asyncpg.Connection[Any], wanted: Unique) -> None:
    """The database came to what every interleaving must come to."""
    items = await connection.fetch("select entity_id, document_number, open from open_items")
    found = {(row[0], row[1]): int(row[2]) for row in items}
    assert {item: found[item] for item in wanted.items} == wanted.items
    payments = await connection.fetch("select payment_id, applied from payments")
    applied = {row[0]: int(row[1]) for row in payments}
    assert {name: applied[name] for name in wanted.applied} == wanted.applied
