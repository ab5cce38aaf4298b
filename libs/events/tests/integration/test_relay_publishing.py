"""What a relay publishes: everything, once, in order, and it ends when it cannot."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson
import pytest
import toys
from store_of_toys import all_published, append_any, deposits, ids, published, relaying

from lettra_events.envelope import BROADCAST_KEY
from lettra_events.kafka.relay import RelayFailed
from lettra_events.kafka.topics import partition_of
from lettra_events.store.relay_store import sequence_outbox
from lettra_events.testing.published import deliveries, read_topic, repeats
from lettra_events.testing.waiting import until

if TYPE_CHECKING:
    import asyncpg
    from store_of_toys import Place

    from lettra_events.kafka.relay import Relay


async def leads(relay: Relay) -> None:
    async def leading() -> bool:
        return relay.leading

    await until(leading, "the relay leads")


async def test_more_events_than_a_round_takes_are_all_published_once(
    connection: asyncpg.Connection, place: Place
) -> None:
    """Guard: Relay._unpublished goes on behind the mark, whatever a round took (kafka/relay.py)."""
    appended = [id for _ in range(5) for id in await append_any(connection, *deposits(100))]
    async with relaying(place.relay(batch_max=30)):
        await all_published(connection)
    assert ids(await published(place)) == appended
    assert repeats(await read_topic(place.kafka, place.topic)) == 0


async def test_what_was_numbered_before_and_never_published_comes_first(
    connection: asyncpg.Connection, place: Place
) -> None:
    """Guard: fresh entries are sent only when nothing stands between the mark and them (Relay._unpublished)."""
    appended = await append_any(connection, *deposits(100))
    while await sequence_outbox(connection, 30):
        pass
    appended += await append_any(connection, *deposits(100))
    async with relaying(place.relay(batch_max=30)):
        await all_published(connection)
    assert ids(await published(place)) == appended


async def test_events_of_the_largest_size_are_published(connection: asyncpg.Connection, place: Place) -> None:
    """Guard: what does not fit into a round is the next one's (fill_round in kafka/rounds.py)."""
    appended = []
    for _ in range(3):
        appended += await append_any(connection, *deposits(20, accounts=2, note="x" * 190_000))
        appended += await append_any(connection, toys.Broadcasted(text="x" * 190_000))
    async with relaying(place.relay()):
        await all_published(connection)
    assert ids(await published(place)) == appended


async def test_a_record_says_all_that_the_entry_says(connection: asyncpg.Connection, place: Place) -> None:
    """Guard: to_record (envelope.py): value, key and headers are what a reader and an auditor need."""
    (event_id,) = await append_any(connection, toys.Deposited(account="é", amount=3))
    async with relaying(place.relay()):
        await all_published(connection)
    (record,) = (await read_topic(place.kafka, place.topic))[partition_of("é", 3)]
    row = await connection.fetchrow("select * from events join log using (event_id)")
    recorded = orjson.loads(row["attributes"])["time"]
    assert record.key == "é".encode()
    assert record.value == row["payload"] == '{"account":"é","amount":3,"note":""}'.encode()
    assert record.timestamp == round(row["recorded_at"].timestamp() * 1000)
    assert dict(record.headers) == {
        "content-type": b"application/json",
        "ce_specversion": b"1.0",
        "ce_id": str(event_id).encode(),
        "ce_source": b"/lettra/toy",
        "ce_time": recorded.encode(),
        "ce_dataschema": b"urn:lettra:toy.Deposited:1",
        "ce_correlationid": b"test",
        "ce_causationid": b"test",
        "ce_type": b"toy.Deposited",
        "ce_subject": "account:é".encode(),
        "ce_streamversion": b"1",
        "ce_sequence": b"1",
        "ce_previoussequence": b"0",
        "ce_chain": row["chain"].hex().encode(),
    }


async def test_a_broadcast_is_one_entry_and_a_record_in_each_partition(
    connection: asyncpg.Connection, place: Place
) -> None:
    """Guard: the targets of a broadcast in fill_round (kafka/rounds.py), and all heads in move_mark."""
    await append_any(connection, *deposits(20))
    (broadcast,) = await append_any(connection, toys.Broadcasted(text="t"))
    await append_any(connection, *deposits(20))
    (last,) = await append_any(connection, toys.Broadcasted(text="u"))
    async with relaying(place.relay()):
        await all_published(connection)
    entries = await published(place)
    assert [entry.event.event_id for entry in entries if entry.event.key == BROADCAST_KEY] == [
        broadcast,
        last,
    ]
    assert (entries[20].event.event_id, len(entries)) == (broadcast, 42)
    topic = await read_topic(place.kafka, place.topic)
    for partition, records in topic.items():
        found = [d for d in deliveries(records, partition) if d.entry.event.event_id == broadcast]
        assert [delivery.entry for delivery in found] == [entries[20]]
    assert sum(len(records) for records in topic.values()) == 40 + 2 * len(topic)
    heads = await connection.fetch("select partition, sequence from partition_heads order by 1")
    assert [tuple(head) for head in heads] == [(0, 42), (1, 42), (2, 42)]


async def test_a_relay_in_the_writer_s_process_is_woken(connection: asyncpg.Connection, place: Place) -> None:
    """Guard: Relay._pause ends with `wake` (kafka/relay.py); the poll alone would come after a minute."""
    wake = asyncio.Event()
    relay = place.relay(poll_seconds=60)
    relay._wake = wake
    async with relaying(relay):
        await leads(relay)
        for _ in range(3):
            await append_any(connection, *deposits(1))
            wake.set()
            await all_published(connection, seconds=10)


async def test_a_cancelled_relay_gives_up_the_lead_cleanly(
    connection: asyncpg.Connection, place: Place
) -> None:
    """Guard: Relay.run closes connection and producer when it is cancelled (kafka/relay.py)."""
    first, second = place.relay(), place.relay()
    appended = await append_any(connection, *deposits(50))
    before = asyncio.all_tasks()
    async with relaying(first) as task:
        await leads(first)
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=5)
        assert (task in done, task.cancelled(), first.leading) == (True, True, False)
    assert asyncio.all_tasks() <= before
    appended += await append_any(connection, *deposits(50))
    async with relaying(second):
        await all_published(connection)
    assert ids(await published(place)) == appended


async def test_a_relay_that_loses_its_database_ends(connection: asyncpg.Connection, place: Place) -> None:
    """Guard: any failure ends Relay.run as RelayFailed: with the connection the lead is lost (kafka/relay.py)."""
    relay = place.relay()
    task = asyncio.create_task(relay.run())
    await leads(relay)
    await connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where application_name = 'lettra-relay-toy' and datname = current_database()"
    )
    with pytest.raises(RelayFailed):
        async with asyncio.timeout(10):
            await task
    assert relay.leading is False


async def test_a_relay_without_a_broker_ends_and_numbers_nothing(
    connection: asyncpg.Connection, place: Place
) -> None:
    """Guard: only a relay that leads numbers events; they wait in the outbox, not in memory (Relay._lead)."""
    await append_any(connection, *deposits(3))
    with pytest.raises(RelayFailed, match="KafkaConnectionError"):
        async with asyncio.timeout(20):
            await replace(place, kafka="127.0.0.1:1").relay().run()
    assert await connection.fetchval("select count(*) from outbox") == 3
    assert await connection.fetchval("select count(*) from log") == 0


async def test_a_relay_whose_topic_is_missing_ends(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guard: _METADATA_SECONDS_MAX (kafka/relay.py); the topic is made by the role migrate, not by the relay."""
    monkeypatch.setattr("lettra_events.kafka.relay._METADATA_SECONDS_MAX", 1)
    with pytest.raises(RelayFailed):
        async with asyncio.timeout(20):
            await replace(place, topic="test.missing").relay().run()
