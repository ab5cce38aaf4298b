"""What was changed in the database is found, with its place: each case is one change of one sound history."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
import toys
from verifying import PARTITIONS, History, copied, made_history, verify

from lettra_events.contracts import _registry
from lettra_events.decisions.tables import Table
from lettra_events.envelope import link
from lettra_events.kafka.topics import partition_of
from lettra_events.service.service import Kept
from lettra_events.store.relay_store import read_log
from lettra_events.verify import logged
from lettra_events.verify.finding import Finding, Kind, Unsound
from lettra_events.verify.heads import Head

if TYPE_CHECKING:
    from store_of_toys import Place

    from lettra_tools.stack import Servers


@pytest.fixture(scope="module")
def history(servers: Servers) -> Iterator[History]:
    stack = AsyncExitStack()
    with toys.registered(), asyncio.Runner() as runner:
        yield runner.run(stack.enter_async_context(made_history(servers)))
        runner.run(stack.aclose())


async def test_a_sound_history_is_reported_sound(history: History) -> None:
    """Repeats, broadcasts, and what is not published or not numbered yet are no differences."""
    sound = await verify(history.place)
    assert sound.head.sequence == history.sequenced
    counts = dict(sound.counts)
    assert (counts["events"], counts["waiting"], counts["streams"]) == (history.events, 3, 8)
    assert (counts["entries"], counts["unpublished"], counts["foreign"]) == (70, 4, 0)
    assert (counts["records"], counts["repeats"]) == (63 + 3 * 3, 12 + 3)


@pytest.mark.parametrize("chunk", [1, 2, 7, 70])
async def test_however_many_are_fetched_at_once_all_are_looked_at(
    history: History, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: a chunk begins behind the one before, in the log (70 entries) and in the outbox (3)."""
    monkeypatch.setattr(logged, "CHUNK_MAX", chunk)
    async with copied(history.place) as place:
        assert (await verify(place)).counts["entries"] == history.sequenced
        await execute(
            place,
            "update events set recorded_at = now() + interval '1 hour'"
            " where event_id = (select event_id from outbox order by position desc limit 1)",
        )
        assert (await finding(place)).kind == Kind.COLUMN


@dataclass(frozen=True)
class Paper:
    """What is kept of an account beside the history."""

    account: str
    content: bytes


async def test_what_is_kept_beside_the_history_is_compared_with_it(history: History) -> None:
    """Guard: check_kept is called (verify/history.py); no event knows of this paper."""
    kept = Kept(Table("papers", Paper, key=("account",)), "content", "digest", frozenset())
    async with copied(history.place) as place:
        await execute(place, "create table papers (account text primary key, content bytea not null)")
        assert (await verify(place, papers=(kept,))).counts["kept_rows"] == 0
        await execute(place, "insert into papers values ('a1', 'paper')")
        with pytest.raises(Unsound) as unsound:
            await verify(place, papers=(kept,))
    assert (unsound.value.finding.kind, unsound.value.finding.key) == (Kind.KEPT, "a1")


@dataclass(frozen=True)
class Case:
    """A change of the database, and what must be found of it; `place` are fields of the finding."""

    name: str
    change: str
    kind: Kind
    place: dict[str, Any] = field(default_factory=dict)
    expected: str = ""
    found: str = ""


A1 = partition_of("a1", PARTITIONS)
E30 = "event_id = (select event_id from log where sequence = 30)"
IN_30 = {"sequence": 30, "stream": "account:a1", "version": 5}
CHANGED = [
    Case(
        "a byte of a payload",
        f"update events set payload = set_byte(payload, length(payload) - 3, 126) where {E30}",
        Kind.CHAIN,
        {**IN_30, "partition": A1, "field": "events.payload"},
        'two"}',
        'tw~"}',
    ),
    Case(
        "a byte of the attributes",
        f"update events set attributes = set_byte(attributes, 16, 117) where {E30}",
        Kind.CHAIN,
        {**IN_30, "partition": A1, "field": "events.attributes"},
        '"causationid":"test"',
        '"causationid":"uest"',
    ),
    Case(
        "a key",
        f"update events set key = 'a2' where {E30}",
        Kind.CHAIN,
        {**IN_30, "partition": A1, "field": "events.key"},
        "'a1'",
        "'a2'",
    ),
    Case(
        "a type",
        f"update events set type = 'toy.Opened' where {E30}",
        Kind.CHAIN,
        {**IN_30, "partition": A1, "field": "events.type"},
        "toy.Deposited",
        "toy.Opened",
    ),
    Case(
        "a byte of the chain",
        "update log set chain = set_byte(chain, 0, get_byte(chain, 0) # 1) where sequence = 30",
        Kind.CHAIN,
        {**IN_30, "partition": A1, "field": "log.chain"},
    ),
    Case(
        "a byte of an entry that is not published",
        "update events set payload = set_byte(payload, length(payload) - 3, 126)"
        " where event_id = (select event_id from log where sequence = 68)",
        Kind.CHAIN,
        {"sequence": 68, "partition": None, "field": "log.chain, or one of the event's fields"},
        "(computed)",
    ),
    Case(
        "two entries swapped",
        "update log set event_id = case sequence when 30 then o[2] else o[1] end"
        " from (select array_agg(event_id order by sequence) as o from log where sequence in (30, 31)) x"
        " where sequence in (30, 31)",
        Kind.CHAIN,
        {"sequence": 30, "field": "events.event_id", "partition": A1},
    ),
    Case(
        "two entries of one stream swapped",
        "update log set event_id = case sequence when 23 then o[2] else o[1] end"
        " from (select array_agg(event_id order by sequence) as o from log where sequence in (23, 30)) x"
        " where sequence in (23, 30)",
        Kind.ORDER,
        {"sequence": 23, "stream": "account:a1", "version": 5},
        "version 4",
        "version 5",
    ),
    Case(
        "the version of a schema",
        f"update events set schema_version = 2 where {E30}",
        Kind.COLUMN,
        IN_30,
        "toy.Deposited:1",
        "toy.Deposited:2",
    ),
    Case(
        "the time of an event",
        f"update events set recorded_at = '2020-01-01 00:00:00Z' where {E30}",
        Kind.COLUMN,
        IN_30,
        "",
        "2020-01-01",
    ),
    Case(
        "an id in events and log",
        "with e as (update events set event_id = '00000000-0000-0000-0000-000000000030'"
        f" where {E30}) update log set event_id = '00000000-0000-0000-0000-000000000030' where sequence = 30",
        Kind.COLUMN,
        IN_30,
        "",
        "00000000-0000-0000-0000-000000000030",
    ),
    Case(
        "a column of an event that waits",
        "update events set schema_version = 2 where event_id = (select event_id from outbox limit 1)",
        Kind.COLUMN,
        {"stream": "account:a0"},
        "toy.Deposited:1",
        "toy.Deposited:2",
    ),
]
REMOVED_OR_ADDED = [
    Case(
        "an event removed",
        f"delete from events where {E30}",
        Kind.STREAM,
        {"stream": "account:a1", "version": 5, "field": "version"},
        "5",
        "6",
    ),
    Case(
        "the last event of a stream removed",
        "delete from events where stream_id = 'broadcasts' and version = 3",
        Kind.STREAM,
        {"stream": "broadcasts", "field": "streams.version"},
        "2",
        "3",
    ),
    Case(
        "a stream removed",
        "delete from streams where stream_id = 'broadcasts'",
        Kind.STREAM,
        {"stream": "broadcasts", "field": "streams.version"},
        "3",
        "no row",
    ),
    Case(
        "an event added past the event store",
        "with s as (insert into streams values ('new', 1)) insert into events select 'new', 1,"
        " gen_random_uuid(), type, 1, key, payload, attributes, recorded_at from events limit 1",
        Kind.EVENT,
        {"stream": "new", "version": 1, "field": "event_id"},
        "",
        "in neither",
    ),
    Case(
        "an entry whose event and version are removed",
        "with s as (update streams set version = 2 where stream_id = 'broadcasts')"
        " delete from events where stream_id = 'broadcasts' and version = 3",
        Kind.EVENT,
        {"sequence": 66, "field": "log.event_id"},
        "an event",
        "no event",
    ),
    Case(
        "an entry removed", "delete from log where sequence = 30", Kind.NUMBERS, {"sequence": 30}, "30", "31"
    ),
    Case(
        "an event that waits twice",
        "insert into outbox (event_id) select event_id from outbox order by position limit 1",
        Kind.WAITING,
        {"field": "outbox.event_id"},
        "once",
        "there before",
    ),
    Case(
        "an event that has a number and waits",
        f"insert into outbox (event_id) select event_id from log where {E30}",
        Kind.WAITING,
        {"field": "outbox.event_id"},
        "",
        "numbered in the log",
    ),
    Case(
        "something that waits and is no event",
        "insert into outbox (event_id) values (gen_random_uuid())",
        Kind.WAITING,
        {"field": "outbox.event_id"},
        "",
        "no event",
    ),
]
OF_THE_RELAY = [
    Case(
        "the head's number",
        "update relay set sequence = 69",
        Kind.HEAD,
        {"field": "relay.sequence", "sequence": 70},
        "70",
        "69",
    ),
    Case(
        "the head's hash",
        "update relay set chain = set_byte(chain, 0, get_byte(chain, 0) # 1)",
        Kind.HEAD,
        {"field": "relay.chain", "sequence": 70},
    ),
    Case(
        "a time that goes back",
        "update log set sequenced_at = '2020-01-01' where sequence = 30",
        Kind.TIME,
        {"field": "log.sequenced_at", "sequence": 30},
        "not before",
        "2020-01-01",
    ),
    Case(
        "the head's time",
        "update relay set sequenced_at = '2020-01-01'",
        Kind.TIME,
        {"field": "relay.sequenced_at", "sequence": 70},
        "",
        "2020-01-01",
    ),
    Case(
        "a mark above the head", "update relay set mark = 71", Kind.MARK, {"field": "relay.mark"}, "70", "71"
    ),
    Case(
        "a mark that moved without its heads",
        "update relay set mark = 67",
        Kind.MARK,
        {"field": "partition_heads.sequence", "sequence": 67},
        "67",
        "66",
    ),
    Case(
        "the head of one partition",
        "with r as (update relay set mark = 65) update partition_heads set sequence = 65",
        Kind.MARK,
        {"field": "partition_heads.sequence"},
        "",
        "65",
    ),
    Case(
        "a partition that there never was",
        "insert into partition_heads values (1, 3, 0)",
        Kind.PARTITIONS,
        {"field": "partitions"},
        "4 (partition_heads)",
        "3 (",
    ),
    Case(
        "a mark ahead of what is published",
        "with r as (update relay set mark = 70) update partition_heads set sequence = 70 where partition = 0",
        Kind.MISSING,
        {"sequence": 67, "field": "record"},
        "a record",
        "ends with entry 66",
    ),
]


@pytest.mark.parametrize("case", [*CHANGED, *REMOVED_OR_ADDED, *OF_THE_RELAY], ids=lambda case: case.name)
async def test_each_change_is_found_with_its_place(history: History, case: Case) -> None:
    """Guard: each check of verify/store.py; and hash, columns, heads and partitions in verify/logged.py."""
    async with copied(history.place) as place:
        await execute(place, "alter table log drop constraint log_event_id_key", case.change)
        found = await finding(place)
    assert found.kind == case.kind
    assert found.service == "toy"
    assert {name: getattr(found, name) for name in case.place} == case.place
    assert case.expected in str(found.expected)
    assert case.found in str(found.found)


async def execute(place: Place, *statements: str) -> None:
    connection = await asyncpg.connect(place.dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def finding(place: Place, kept: Head | None = None) -> Finding:
    with pytest.raises(Unsound) as raised:
        await verify(place, kept)
    return raised.value.finding


async def test_an_event_that_nobody_can_read_any_more_is_found(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guard: check_contract (verify/passing.py)."""
    monkeypatch.delitem(_registry._contracts, "toy.Broadcasted")
    found = await finding(history.place)
    assert (found.kind, found.sequence) == (Kind.CONTRACT, 21)
    assert "toy.Broadcasted v1" in str(found.found)


# ---- The end cut off, the history rewritten ----

CUT = (
    "create temp table gone as select event_id from log where sequence > 60",
    "insert into gone select event_id from outbox",
    "delete from outbox",
    "delete from events where event_id in (select event_id from gone)",
    "delete from log where sequence > 60",
    "update streams s set version = (select count(*) from events e where e.stream_id = s.stream_id)",
    "update relay set sequence = 60, mark = 60, (chain, sequenced_at) ="
    " (select chain, sequenced_at from log where sequence = 60)",
)


async def heads_at_60(connection: asyncpg.Connection) -> list[tuple[int, int]]:
    keys = await connection.fetch("select sequence, key from log join events using (event_id) order by 1")
    heads = dict.fromkeys(range(PARTITIONS), 0)
    for sequence, key in keys:
        for partition in heads if key == "*" else [partition_of(key, PARTITIONS)]:
            heads[partition] = sequence
    return [(partition, head) for partition, head in heads.items()]


async def cut(place: Place) -> None:
    """Everything behind entry 60 is gone from the database, and nothing of it contradicts itself."""
    connection = await asyncpg.connect(place.dsn)
    for statement in CUT:
        await connection.execute(statement)
    await connection.executemany(
        "update partition_heads set sequence = $2 where partition = $1", await heads_at_60(connection)
    )
    await connection.close()


async def test_a_cut_end_is_found_because_kafka_has_more(history: History) -> None:
    """Guard: Pass.finish looks at what is behind the last entry (verify/passing.py)."""
    async with copied(history.place) as place:
        await cut(place)
        found = await finding(place)
    assert found.kind == Kind.AHEAD
    assert 60 < int(str(found.found)) <= 66
    assert found.partition in range(PARTITIONS)


async def test_a_cut_end_is_found_by_a_head_that_was_kept(history: History) -> None:
    """Guard: check_head compares the numbers (verify/store.py)."""
    head = (await verify(history.place)).head
    assert (await verify(history.place, head)).head == head
    async with copied(history.place) as place:
        await cut(place)
        found = await finding(place, head)
    assert (found.kind, found.sequence, found.found) == (Kind.CUT, 70, "60")


async def test_another_hash_than_the_kept_one_is_another_history(history: History) -> None:
    """Guard: check_head compares the hashes (verify/store.py)."""
    kept = Head(30, bytes(32))
    found = await finding(history.place, kept)
    assert (found.kind, found.sequence, found.expected) == (Kind.HISTORY, 30, "00" * 32)


async def test_an_empty_head_is_the_beginning_of_every_history(history: History) -> None:
    """Guard: the chain at 0 is the genesis (check_head in verify/store.py)."""
    assert (await verify(history.place, Head())).head.sequence == history.sequenced


async def test_a_history_rewritten_with_new_hashes_parts_from_kafka_where_it_was_changed(
    history: History,
) -> None:
    """Guard: the records are compared, not only the chain (Pass.take and _parted in verify/passing.py)."""
    async with copied(history.place) as place:
        await execute(
            place, f"update events set payload = set_byte(payload, length(payload) - 3, 126) where {E30}"
        )
        await chain_again(place)
        found = await finding(place)
    assert (found.kind, found.sequence, found.partition) == (Kind.FORK, 30, A1)


async def chain_again(place: Place) -> None:
    connection = await asyncpg.connect(place.dsn)
    chain = bytes(32)
    for entry in await read_log(connection, 0, 1_000):
        chain = link(chain, entry.sequence, entry.event)
        await connection.execute("update log set chain = $2 where sequence = $1", entry.sequence, chain)
    await connection.execute("update relay set chain = $1", chain)
    await connection.close()
