"""What was changed on Kafka is found, with its place, with the database as the guide and without any.

Each case writes a topic of its own: the records of one sound history, damaged in one place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
import toys
from histories import log_of, recorded_of
from verifying import PARTITIONS, History, made_history, verify, written

from lettra_events.envelope import BROADCAST_KEY, Delivery, LogEntry, link, to_record
from lettra_events.kafka.topics import TopicMisfit, ensure_topic, partition_of
from lettra_events.rebuild.errors import NotNow
from lettra_events.testing.published import Record, deliveries, prove, read_topic
from lettra_events.testing.servers import fresh_topic
from lettra_events.verify import kafka_only, recent
from lettra_events.verify.finding import Finding, Kind, Unsound
from lettra_events.verify.heads import Head
from lettra_events.verify.history import Sound, verify_topic
from lettra_events.verify.kafka_only import KafkaPass
from lettra_events.verify.lanes import open_lanes

if TYPE_CHECKING:
    from lettra_tools.stack import Servers

Topic = dict[int, list[Record]]
A1, A2 = partition_of("a1", PARTITIONS), partition_of("a2", PARTITIONS)
ENTRY = 30
"""Of account a1, whose fifth it is; it is repeated later on."""
LAST = 66


@dataclass(frozen=True)
class Made:
    """A sound history, and the records of its topic."""

    history: History
    records: Topic


@pytest.fixture(scope="module")
def made(servers: Servers) -> Iterator[Made]:
    stack = AsyncExitStack()
    with toys.registered(), asyncio.Runner() as runner:
        history = runner.run(stack.enter_async_context(made_history(servers)))
        yield Made(history, runner.run(read_topic(servers.kafka, history.place.topic)))
        runner.run(stack.aclose())


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_only, "WAIT_SECONDS_MAX", 0.5)


def entries_of(topic: Topic, partition: int) -> list[Delivery]:
    return deliveries(topic[partition], partition)


def index(topic: Topic, partition: int, sequence: int) -> int:
    """Where the entry's first record is."""
    return next(n for n, d in enumerate(entries_of(topic, partition)) if d.entry.sequence == sequence)


def edit(topic: Topic, sequence: int, how: Callable[[Record], Record], partition: int = A1) -> None:
    place = index(topic, partition, sequence)
    topic[partition][place] = how(topic[partition][place])


def with_header(name: str, value: bytes) -> Callable[[Record], Record]:
    return lambda record: replace(
        record, headers=tuple((n, value if n == name else v) for n, v in record.headers)
    )


def header(record: Record, name: str) -> bytes:
    return dict(record.headers)[name]


# ---- The damages ----


def value_changed(topic: Topic) -> None:
    edit(topic, ENTRY, lambda r: replace(r, value=r.value.replace(b"two", b"twa")))


def key_changed(topic: Topic) -> None:
    edit(topic, ENTRY, lambda r: replace(r, key=b"a8"))


def time_changed(topic: Topic) -> None:
    edit(topic, ENTRY, with_header("ce_time", b"2020-01-01T00:00:00+00:00"))


def causation_changed(topic: Topic) -> None:
    edit(topic, ENTRY, with_header("ce_causationid", b"uest"))


def previous_changed(topic: Topic) -> None:
    edit(topic, ENTRY, with_header("ce_previoussequence", b"1"))


def chain_changed(topic: Topic) -> None:
    edit(topic, ENTRY, with_header("ce_chain", b"ab" * 32))


def timestamp_changed(topic: Topic) -> None:
    edit(topic, ENTRY, lambda r: replace(r, timestamp=r.timestamp + 1))


def header_added(topic: Topic) -> None:
    edit(topic, ENTRY, lambda r: replace(r, headers=(*r.headers, ("more", b"1"))))


def number_unreadable(topic: Topic) -> None:
    edit(topic, ENTRY, with_header("ce_streamversion", b"x"))


def lost(topic: Topic) -> None:
    del topic[A1][index(topic, A1, ENTRY)]


def lost_with_its_repeat(topic: Topic) -> None:
    lost(topic)
    lost(topic)


def end_of_a_partition_lost(topic: Topic) -> None:
    del topic[A1][-1]


def broadcast_lost_in_one_partition(topic: Topic) -> None:
    del topic[A1][index(topic, A1, 21)]


def in_another_partition(topic: Topic) -> None:
    record = topic[A1].pop(index(topic, A1, ENTRY))
    topic[A2].insert(index(topic, A2, 24) + 1, record)


def doubled_otherwise(topic: Topic) -> None:
    record = topic[A1][index(topic, A1, ENTRY)]
    topic[A1].append(replace(record, value=record.value.replace(b"two", b"twa")))


def doubled_with_another_time(topic: Topic) -> None:
    record = topic[A1][index(topic, A1, ENTRY)]
    topic[A1].append(replace(record, timestamp=0))


def repeated_in_another_partition(topic: Topic) -> None:
    topic[A2].append(topic[A1][index(topic, A1, ENTRY)])


def emptied(topic: Topic) -> None:
    for records in topic.values():
        records.clear()


IN_30 = {"sequence": ENTRY, "partition": A1, "stream": "account:a1", "version": 5}
MISSING_30 = {"sequence": ENTRY, "partition": A1, "field": "record"}
CHAIN_30 = {**IN_30, "field": "ce_chain, or one of the fields"}
DAMAGES: list[tuple[Callable[[Topic], None], Kind, dict[str, Any], Kind, dict[str, Any]]] = [
    (value_changed, Kind.RECORD, {**IN_30, "field": "value"}, Kind.RECORD, CHAIN_30),
    (key_changed, Kind.RECORD, {**IN_30, "field": "key"}, Kind.RECORD, CHAIN_30),
    (time_changed, Kind.RECORD, {**IN_30, "field": "ce_time"}, Kind.RECORD, CHAIN_30),
    (causation_changed, Kind.RECORD, {**IN_30, "field": "ce_causationid"}, Kind.RECORD, CHAIN_30),
    (
        previous_changed,
        Kind.RECORD,
        {**IN_30, "field": "ce_previoussequence", "found": "'1' (byte 0)"},
        Kind.RECORD,
        {**IN_30, "field": "ce_previoussequence"},
    ),
    (chain_changed, Kind.RECORD, {**IN_30, "field": "ce_chain"}, Kind.RECORD, CHAIN_30),
    (
        timestamp_changed,
        Kind.RECORD,
        {**IN_30, "field": "timestamp"},
        Kind.RECORD,
        {**IN_30, "field": "timestamp"},
    ),
    (header_added, Kind.RECORD, {**IN_30, "field": "headers"}, Kind.RECORD, {**IN_30, "field": "headers"}),
    (
        number_unreadable,
        Kind.RECORD,
        {**IN_30, "field": "headers"},
        Kind.RECORD,
        {"partition": A1, "field": "headers"},
    ),
    (lost, Kind.MISSING, MISSING_30, Kind.MISSING, {"partition": A1, "field": "ce_previoussequence"}),
    (
        lost_with_its_repeat,
        Kind.MISSING,
        MISSING_30,
        Kind.MISSING,
        {"partition": A1, "field": "ce_previoussequence"},
    ),
    (
        end_of_a_partition_lost,
        Kind.MISSING,
        {"sequence": LAST, "partition": A1},
        Kind.MISSING,
        {"sequence": LAST, "partition": A1},
    ),
    (
        broadcast_lost_in_one_partition,
        Kind.MISSING,
        {"sequence": 21, "partition": A1, "stream": "broadcasts"},
        Kind.MISSING,
        {"sequence": 21, "partition": A1, "stream": "broadcasts"},
    ),
    (
        in_another_partition,
        Kind.EXTRA,
        {"sequence": ENTRY, "partition": A2, "field": "partition"},
        Kind.MISSING,
        {"partition": A1, "field": "ce_previoussequence"},
    ),
    (
        doubled_otherwise,
        Kind.REPEAT,
        {**IN_30, "field": "value, key or headers"},
        Kind.REPEAT,
        {**IN_30, "field": "value, key or headers"},
    ),
    (
        doubled_with_another_time,
        Kind.REPEAT,
        {**IN_30, "field": "timestamp"},
        Kind.REPEAT,
        {**IN_30, "field": "timestamp"},
    ),
    (
        repeated_in_another_partition,
        Kind.EXTRA,
        {"partition": A2, "field": "ce_sequence"},
        Kind.EXTRA,
        {"partition": A2, "field": "ce_sequence"},
    ),
    (emptied, Kind.MISSING, {"sequence": 1}, Kind.CUT, {"sequence": LAST}),
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage[0].__name__)
async def test_each_damage_is_found_with_its_place(made: Made, damage: tuple[Any, ...]) -> None:
    """Guard: each way in which verify/passing.py, logged.py and kafka_only.py look at a record."""
    harm, kind, place, kind_alone, place_alone = damage
    topic = copy(made.records)
    harm(topic)
    name = await written(made.history.place.kafka, topic)
    check(await finding(made, name), kind, place)
    check(await finding_of_kafka_alone(made, name), kind_alone, place_alone)


def copy(records: Topic) -> Topic:
    return {partition: list(those) for partition, those in records.items()}


def check(found: Finding, kind: Kind, place: dict[str, Any]) -> None:
    assert found.kind == kind, found
    assert {name: getattr(found, name) for name in place} == place


async def finding(made: Made, topic: str) -> Finding:
    with pytest.raises(Unsound) as raised:
        await verify(replace(made.history.place, topic=topic))
    return raised.value.finding


async def finding_of_kafka_alone(made: Made, topic: str) -> Finding:
    kept = Head(LAST, prove(made.records)[-1].chain)
    with pytest.raises(Unsound) as raised:
        await alone(made, topic, kept)
    return raised.value.finding


async def alone(made: Made, topic: str, kept: Head | None = None) -> Sound:
    return await verify_topic("toy", topic, made.history.place.kafka, kept)


async def test_a_sound_topic_is_reported_sound_by_kafka_alone(made: Made) -> None:
    """The head is what the tests' own proof of the same records says."""
    entries = prove(made.records)
    sound = await alone(made, made.history.place.topic, Head(40, entries[39].chain))
    assert sound.head == Head(LAST, entries[-1].chain)
    assert (sound.counts["entries"], sound.counts["records"]) == (LAST, LAST + 2 * 3)
    assert (sound.counts["repeats"], sound.counts["far_repeats"]) == (15, 0)
    assert sound.counts["streams"] == 8


async def test_the_same_records_on_another_topic_are_sound_with_foreign_ones_among_them(made: Made) -> None:
    """Guard: what does not claim to be an entry is counted and passed over (read_claim in verify/records.py)."""
    topic = copy(made.records)
    for place in (0, 5, len(topic[A1]) + 2):
        topic[A1].insert(place, Record(5, None, b"hello", (("who", b"someone"),)))
    name = await written(made.history.place.kafka, topic)
    assert (await verify(replace(made.history.place, topic=name))).counts["foreign"] == 3
    assert (await alone(made, name)).counts["foreign"] == 3


async def test_repeats_from_far_back_are_compared_with_the_log_or_counted(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: LoggedPass.recall (verify/logged.py). A relay that was frozen may wake and send what was sent long ago."""
    monkeypatch.setattr(recent, "RECENT_MAX", 4)
    topic = copy(made.records)
    topic[A1].append(topic[A1][1])
    name = await written(made.history.place.kafka, topic)
    assert (await verify(replace(made.history.place, topic=name))).counts["repeats"] == 16
    counts = (await alone(made, name)).counts
    assert (counts["repeats"] + counts["far_repeats"], counts["far_repeats"] > 0) == (16, True)
    topic[A1][-1] = replace(topic[A1][-1], timestamp=0)
    name = await written(made.history.place.kafka, topic)
    found = await finding(made, name)
    assert (found.kind, found.field, found.partition) == (Kind.REPEAT, "timestamp", A1)


def forged(made: Made, **otherwise: Any) -> Record:
    """A well-made record behind the last one of a1's partition."""
    entries = prove(made.records)
    version = sum(entry.event.stream_id == "account:a1" for entry in entries) + 1
    event = recorded_of(toys.Deposited(account="a1", amount=1_000_000), version, UUID(int=1))
    event = replace(event, **otherwise)
    entry = LogEntry(LAST + 1, link(entries[-1].chain, LAST + 1, event), event)
    timestamp, headers = to_record(entry, LAST)
    return Record(timestamp, event.key.encode(), event.payload, tuple(headers))


async def test_a_forged_record_is_found_by_the_log_and_by_nothing_else(made: Made) -> None:
    """Guard: _misplaced (verify/passing.py). What is well made and at the end cannot be told by Kafka alone."""
    topic = copy(made.records)
    topic[A1].append(forged(made))
    name = await written(made.history.place.kafka, topic)
    found = await finding(made, name)
    # The log has an entry of this number, of another account, which is not published yet.
    assert (found.kind, found.partition) in {(Kind.FORK, A1), (Kind.EXTRA, A1)}
    assert (await alone(made, name)).head.sequence == LAST + 1


async def test_a_version_left_out_of_a_stream_is_found_by_kafka_alone(made: Made) -> None:
    """Guard: Streams.expected (verify/kafka_only.py)."""
    topic = copy(made.records)
    record = forged(made, version=99)
    topic[A1].append(record)
    name = await written(made.history.place.kafka, topic)
    with pytest.raises(Unsound) as raised:
        await alone(made, name)
    check(raised.value.finding, Kind.STREAM, {"sequence": LAST + 1, "version": 99, "found": "99"})


async def test_streams_beyond_the_bound_are_counted_and_not_followed(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: STREAMS_MAX (verify/kafka_only.py)."""
    monkeypatch.setattr(kafka_only, "STREAMS_MAX", 7)
    counts = (await alone(made, made.history.place.topic)).counts
    assert (counts["streams"], counts["unfollowed_events"]) == (7, 3)


async def test_another_hash_than_the_kept_one_is_found_by_kafka_alone(made: Made) -> None:
    """Guard: the kept head is compared as it is passed (KafkaPass.also in verify/kafka_only.py)."""
    with pytest.raises(Unsound) as raised:
        await alone(made, made.history.place.topic, Head(40, bytes(32)))
    check(raised.value.finding, Kind.HISTORY, {"sequence": 40, "expected": "00" * 32})


async def test_a_topic_that_is_not_there_is_an_error_and_not_a_sound_history(made: Made) -> None:
    with pytest.raises(TopicMisfit, match=r"test\.nowhere"):
        await alone(made, "test.nowhere")


async def test_a_record_that_comes_late_in_another_partition_is_waited_for(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: KafkaPass waits for a round that is being sent (verify/kafka_only.py)."""
    monkeypatch.setattr(kafka_only, "WAIT_SECONDS_MAX", 20)
    late = next(
        p
        for p in range(PARTITIONS)
        if p != partition_of(prove(made.records)[0].event.key, PARTITIONS)
        and any(d.entry.event.key != BROADCAST_KEY for d in entries_of(made.records, p))
    )
    held_back = copy(made.records)
    held_back[late] = []
    name = await written(made.history.place.kafka, held_back)
    kafka = made.history.place.kafka
    async with open_lanes(kafka, name) as opened:  # up to the ends as they are now
        await written(kafka, {late: made.records[late]}, name)
        late_comer = KafkaPass("toy", opened, None)
        await late_comer.run(lambda _done: None)
    assert late_comer.head.sequence == LAST


async def test_a_new_generation_that_is_not_published_so_far_is_no_cut(servers: Servers) -> None:
    """Guard: KafkaPass knows with which entry the generation before ends (end_of_former in verify/kafka_only.py)."""
    with toys.registered():
        topic = await fresh_topic(servers.kafka, 1)
        moved = toys.MOVED(generation=2, partitions=1, new_topic=f"{topic}.g2")
        entries = log_of([*(toys.Deposited(account=f"a{n}", amount=n + 1) for n in range(9)), moved])
        kept = Head(9, entries[8].chain)
        await written(servers.kafka, {0: published(entries)}, topic)
        await ensure_topic(servers.kafka, f"{topic}.g2", 1)
        await written(servers.kafka, {0: published(entries[:5])}, f"{topic}.g2")
        for head in (None, kept):
            with pytest.raises(NotNow, match=r"ends with entry 5, and is to be published up to entry 10"):
                await verify_topic("toy", topic, servers.kafka, head)
        await written(servers.kafka, {0: published(entries)[5:]}, f"{topic}.g2")
        assert (await verify_topic("toy", topic, servers.kafka, kept)).head.sequence == 10


def published(entries: Sequence[LogEntry]) -> list[Record]:
    """As a relay sends them to a topic of one partition."""
    found = []
    for entry in entries:
        timestamp, headers = to_record(entry, entry.sequence - 1)
        event = entry.event
        found.append(Record(timestamp, event.key.encode(), event.payload, tuple(headers)))
    return found
