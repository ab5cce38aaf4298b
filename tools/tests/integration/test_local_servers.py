"""PostgreSQL and Kafka without containers: they start, survive, and go."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import UnknownTopicOrPartitionError
from observe import listening_addresses, processes_of, until

from lettra_tools.stack import LocalServers, StackError
from lettra_tools.stack.ports import read_ports

OwnServers = Callable[..., LocalServers]
EVENTS = TopicPartition("events", 0)

START_AND_WAIT = """
import sys, time
from pathlib import Path
from lettra_tools.stack import LocalServers
servers = LocalServers(Path(sys.argv[1]))
print(servers.start(), flush=True)
time.sleep(300)
"""


async def run_sql(dsn: str, statement: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def create_topic(bootstrap: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(EVENTS.topic, num_partitions=1, replication_factor=1)])
    await admin.close()


async def produce(bootstrap: str, *values: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True) as producer:
        for value in values:
            await producer.send_and_wait(EVENTS.topic, value, partition=EVENTS.partition)


async def consume(bootstrap: str, count: int) -> list[bytes | None]:
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        consumer.assign([EVENTS])
        await consumer.seek_to_beginning(EVENTS)
        return [(await consumer.getone()).value for _ in range(count)]


async def test_starting_twice_is_harmless_and_data_stays(own_servers: OwnServers) -> None:
    local = own_servers()
    first = local.start()
    await run_sql(first.postgres, "CREATE TABLE kept AS SELECT 42 AS answer")
    await create_topic(first.kafka)
    await produce(first.kafka, b"one", b"two")
    local.stop()
    assert processes_of(local.folder) == []
    second = local.start()
    assert second == first
    assert await run_sql(second.postgres, "SELECT answer FROM kept") == 42
    assert await consume(second.kafka, 2) == [b"one", b"two"]


async def test_a_killed_broker_comes_back_with_what_it_acknowledged(own_servers: OwnServers) -> None:
    local = own_servers(postgres=False)
    kafka = local.start().kafka
    await create_topic(kafka)
    await produce(kafka, *(b"%d" % number for number in range(100)))
    local.kill_kafka()
    local.start_kafka()
    await produce(kafka, b"after")
    assert await consume(kafka, 101) == [*(b"%d" % number for number in range(100)), b"after"]


async def test_a_killed_database_comes_back_with_what_it_committed(own_servers: OwnServers) -> None:
    local = own_servers(kafka=False)
    dsn = local.start().postgres
    await run_sql(dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    # A session that is busy while its server dies goes on for a moment and holds its memory.
    busy = await asyncpg.connect(dsn)
    local.kill_postgres()
    local.start_postgres()
    assert await run_sql(dsn, "SELECT answer FROM kept") == 42
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await busy.fetchval("SELECT 1")
    busy.terminate()


async def test_topics_are_not_created_by_accident(own_servers: OwnServers) -> None:
    kafka = own_servers(postgres=False).start().kafka
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    found = await admin.describe_topics(["absent"])
    await admin.close()
    assert found[0]["error_code"] == UnknownTopicOrPartitionError.errno


def test_servers_listen_on_the_loopback_interface_only(own_servers: OwnServers) -> None:
    local = own_servers()
    loopback = {"0100007F", "0000000000000000FFFF00000100007F"}
    for name, port in read_ports(local.folder / "ports.json").items():
        found = listening_addresses(port)
        assert found, name
        assert found <= loopback, name


def test_a_lock_file_whose_number_another_process_got_is_no_obstacle(own_servers: OwnServers) -> None:
    local = own_servers(kafka=False)
    local.kill_postgres()
    lock = local.folder / "postgres" / "data" / "postmaster.pid"
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        lines = lock.read_text().splitlines()
        lock.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        local.start_postgres()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.communicate()


def test_a_port_taken_while_stopped_is_replaced(own_servers: OwnServers) -> None:
    local = own_servers(kafka=False)
    before = local.start().postgres
    local.stop()
    with socket.create_server(("127.0.0.1", int(before.rpartition(":")[2].partition("/")[0]))):
        after = local.start().postgres
    assert after != before


def test_a_port_taken_after_a_kill_is_a_clear_error(own_servers: OwnServers) -> None:
    local = own_servers(kafka=False)
    assert local.postgres is not None
    port = local.postgres.port
    local.kill_postgres()
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(StackError, match=f"Port {port} on 127.0.0.1, which PostgreSQL listens on, is taken"),
    ):
        local.start_postgres()


def test_a_folder_has_one_owner(own_servers: OwnServers) -> None:
    local = own_servers(kafka=False)
    with pytest.raises(StackError, match="Another process runs the servers of"):
        LocalServers(local.folder).start()


def test_nothing_outlives_an_owner_that_is_killed(folder: Path) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    assert "Servers(" in owner.stdout.readline()
    owner.kill()
    owner.communicate()
    # The next owner need not wait.
    with LocalServers(folder, kafka=False) as local:
        assert local.start().postgres
    until(lambda: not processes_of(folder), "the processes of the killed owner are gone")
