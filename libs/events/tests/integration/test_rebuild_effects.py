"""A replay has no effects: every way out is watched while the projections are built, compared and shown as of then."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from consuming import Office, Reader
from rebuilding import READS, image_of, open_office, request
from toys import Broadcasted, Deposited, Opened

from lettra_events.progress import silent
from lettra_events.rebuild import compare_projections, compare_state
from lettra_events.rebuild.as_of import replay_as_of
from lettra_events.rebuild.replaying import replay_beside
from lettra_events.store.relay_store import sequence_outbox
from lettra_events.testing.waiting import until

if TYPE_CHECKING:
    from lettra_tools.stack import LocalServers

_TABLES = """
select quote_ident(n.nspname) || '.' || quote_ident(c.relname)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r' and n.nspname !~ '^(pg_|information_schema|rebuild|restated|as_of_)' order by 1"""
_WATCHING = """
import os, sys, uvloop, asyncio
uvloop.new_event_loop = asyncio.new_event_loop  # so that it connects where the interpreter sees it
def _watch(event, arguments):
    if event == "socket.connect":
        with open({file!r}, "a") as found:
            found.write(f"{{os.getpid()}} {{arguments[1][0]}} {{arguments[1][1]}}\\n")
sys.addaudithook(_watch)
"""


class Watch:
    """An audit hook stays for good, so it asks whether anybody wants to know."""

    def __init__(self) -> None:
        self.found: list[tuple[Any, ...]] | None = None
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect" and self.found is not None:
            self.found.append(arguments[1])

    @contextmanager
    def connections(self) -> Iterator[list[tuple[Any, ...]]]:
        self.found = found = []
        try:
            yield found
        finally:
            self.found = None


WATCH = Watch()


async def outside(office: Office) -> dict[str, Any]:
    """Everything that a service or somebody else could see of it."""
    tables = [row[0] for row in await office.connection.fetch(_TABLES)]
    admin = AIOKafkaAdminClient(bootstrap_servers=office.kafka)
    await admin.start()
    consumer = AIOKafkaConsumer(bootstrap_servers=office.kafka)
    await consumer.start()
    try:
        topics = {one["topic"]: len(one["partitions"]) for one in await admin.describe_topics()}
        places = [TopicPartition(topic, n) for topic, count in topics.items() for n in range(count)]
        groups = sorted(str(group) for group in await admin.list_consumer_groups())
        ends = await consumer.end_offsets(places)
    finally:
        await consumer.stop()
        await admin.close()
    return {"rows": await image_of(office.connection, *tables), "groups": groups, "ends": ends}


async def test_nothing_leaves_a_replay(
    own_servers: Callable[..., LocalServers], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Guards: no publisher and no sender in Follower and Rows; a consumer without a group; the schema in the path."""
    servers = own_servers(fsync=False).start()
    seen_by_children = tmp_path / "connections"
    (tmp_path / "sitecustomize.py").write_text(_WATCHING.format(file=str(seen_by_children)))
    monkeypatch.syspath_prepend(str(tmp_path))
    async with open_office(servers, monkeypatch) as office:
        async with office.reader(**READS) as reader:
            await office.write(*(Deposited(account=f"a{n % 5}", amount=n) for n in range(60)))
            await office.write(Opened(account="a1", holder="H"), Broadcasted(text="day"))
            await reader.read_all()
            await until(lambda: _committed(reader), "Kafka was told how far all of it was read")
        await sequence_outbox(office.connection, 30)
        before = await outside(office)
        assert len(before["rows"]) > 10
        with WATCH.connections() as here:
            asked = request(office)
            await replay_beside(asked)
            await replay_as_of(asked, 20)
            await compare_state(asked.service, asked.settings, silent)
            found = await compare_projections(asked.service, asked.settings, asked.reference, silent, 2)
        assert found.count == 0
        assert await outside(office) == before
        allowed = {_port(servers.postgres.partition("/postgres")[0]), _port(servers.kafka)}
        beside = [line.split() for line in seen_by_children.read_text().splitlines()]
        assert len({pid for pid, _, _ in beside}) == 2, "both children were watched"
        reached = {(host, int(port)) for _, host, port in beside} | {(at[0], at[1]) for at in here}
        assert all(ipaddress.ip_address(host).is_loopback for host, _ in reached)
        assert {port for _, port in reached} == allowed


async def _committed(reader: Reader) -> bool:
    return all([await reader.consumer.committed(place) for place in reader.consumer.assignment()])


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])
