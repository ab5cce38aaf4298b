"""The service as operators run it: its roles in processes, their ends, and what health and metrics say."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
from dataclasses import replace
from uuid import uuid4

import asyncpg
import httpx
import pytest
from aiokafka import TopicPartition
from invoicing_api import running
from invoicing_examples import CUSTOMER, ENTITY, INVOICE, item_events
from invoicing_on_database import OnDatabase
from service_process import ON_DATABASE, THE_REAL_ONE, serving, started

from lettra_events.service.process import Process
from lettra_events.service.roles import EX_CONFIG, EX_TEMPFAIL
from lettra_events.testing.published import prove, read_topic
from lettra_events.testing.publisher import publisher
from lettra_events.testing.servers import fresh_database, fresh_topic
from lettra_events.testing.waiting import until
from lettra_invoicing.main import READING, SERVICE

SECRET = "s3cr3t"


async def register(client: httpx.AsyncClient) -> None:
    for path, body in (("/legal-entities", ENTITY), ("/customers", CUSTOMER)):
        (await client.post(path, json=body)).raise_for_status()


async def refuses(client: httpx.AsyncClient) -> bool:
    """Whether it takes no more connections."""
    try:
        _reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
    except ConnectionError:  # refused, or taken by a listener that is being closed
        return True
    writer.close()
    return False


async def test_migrated_serving_publishing_and_at_its_end(own_servers, tmp_path):
    """The commands of the README on servers of their own: what was answered is published, a sound history.

    Guards: _migrate and _broker_check (service/roles.py, service/process.py), Observing, the relay.
    """
    local = own_servers(fsync=False)
    running = local.start()
    settings = {"LETTRA_POSTGRES": running.postgres, "LETTRA_KAFKA": running.kafka, "LETTRA_PARTITIONS": "2"}
    migrate, serve = [*THE_REAL_ONE, "migrate"], [*THE_REAL_ONE, "api", "relay"]
    async with started(migrate, tmp_path, **settings) as one, started(migrate, tmp_path, **settings) as two:
        assert [await one.ended(60), await two.ended(60)] == [0, 0], one.log.read_text() + two.log.read_text()
        applied = [line["applied"] for each in (one, two) for line in each.lines("service.migrated")]
    assert sorted(len(names) for names in applied)[0] == 0
    assert "lettra_invoicing/001_invoicing.sql" in [name for names in applied for name in names]
    async with started(migrate, tmp_path, **settings) as again:
        assert await again.ended(60) == 0
        (line,) = again.lines("service.migrated")
        assert (line["applied"], line["database_created"], line["topic_created"]) == ([], False, False)

    async with started(serve, tmp_path, **settings) as service:
        await service.answers()
        await register(service.client)
        answer = await service.client.post(
            "/invoices", json=INVOICE, headers={"X-Correlation-Id": "order-4711"}
        )
        assert answer.status_code == 201

        async def published() -> bool:
            return 'lettra_relay_published_records_total{service="invoicing"} 4.0' in await metrics(
                service.client
            )

        await until(published, "four events are published")
        partitions = await read_topic(running.kafka, "ar.invoicing.events")
        entries = prove(partitions)
        assert [entry.event.type.partition(".")[2] for entry in entries] == [
            "LegalEntityRegistered",
            "CustomerRegistered",
            "NumberDrawn",
            "InvoiceIssued",
        ]
        headers = [dict(record.headers) for records in partitions.values() for record in records]
        assert sum(h["ce_correlationid"] == b"order-4711" for h in headers) == 2
        (told,) = [line for line in service.lines("http.answered") if line["route"] == "POST /invoices"]
        assert (told["correlation_id"], told["status"]) == ("order-4711", 201)

        ready = await service.client.get("/health/ready")
        assert (ready.status_code, ready.json()["checks"]["broker"]) == (200, "ok")
        local.kill_kafka()
        ready = await service.client.get("/health/ready")
        assert ready.status_code == 503
        assert ready.json()["checks"] == {
            "database": "ok",
            "broker": "the broker does not answer: ConnectionRefusedError",
            "worker": "ok",
        }
        assert (await service.client.post("/invoices", json=INVOICE)).status_code == 201


async def metrics(client: httpx.AsyncClient) -> str:
    return (await client.get("/metrics")).text


class TestStop:
    """Guard: _Stop (service/roles.py); uvicorn by itself raises the signal again, which ends the process with -15."""

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    async def test_the_request_in_flight_is_finished(self, api, servers, database, tmp_path, number):
        async with (
            serving(servers, database, tmp_path, "api") as service,
            api.pool.acquire() as holder,
        ):
            async with holder.transaction():
                await holder.execute("select from streams where stream_id = 'customer:C-1' for update")
                request = asyncio.create_task(service.client.post("/invoices", json=INVOICE))
                await until(lambda: waits_for_a_lock(api.pool), "the request waits")
                service.process.send_signal(number)
                await until(lambda: refuses(service.client), "no more connections are taken")
                assert not request.done()
            assert (await request).status_code == 201
            assert await service.ended() == 0
            (line,) = service.lines("service.stopped")
            assert line["signal"] == number.name
        assert len(await api.table("documents")) == 1

    async def test_a_worker_that_waits_for_topics_says_so_and_can_be_stopped(
        self, servers, database, tmp_path
    ):
        """Guard: the task is cancelled while nothing is served yet (_Stop in service/roles.py)."""
        topic = f"test.{uuid4().hex}"
        settings = environment(servers, database) | {"TOPIC_IN": topic}
        async with started([*ON_DATABASE, "worker"], tmp_path, **settings) as service:

            async def waits() -> bool:
                return bool(service.lines("worker.waits_for_topics"))

            await until(waits, "it says that it waits")
            (line,) = service.lines("worker.waits_for_topics")
            assert line["topics"] == [topic]
            service.process.send_signal(signal.SIGTERM)
            assert await service.ended() == 0
            assert service.lines("service.ready") == []


async def waits_for_a_lock(pool: asyncpg.Pool) -> bool:
    return await pool.fetchval(
        "select exists (select from pg_stat_activity"
        " where datname = current_database() and wait_event_type = 'Lock')"
    )


def environment(servers, dsn: str) -> dict[str, str]:
    return {"LETTRA_POSTGRES": servers.postgres, "LETTRA_KAFKA": servers.kafka, "LETTRA_DSN": dsn}


class TestRefusesToStart:
    """Guards: _start (service/roles.py). 78: a person must act; 75: a supervisor should try again."""

    @staticmethod
    async def reason(tmp_path, settings: dict[str, str], *roles: str) -> tuple[int, str]:
        async with started([*ON_DATABASE, *roles], tmp_path, **settings) as service:
            code = await service.ended()
            assert SECRET not in service.log.read_text()
            return code, " ".join(line.get("reason", "") for line in service.lines()).strip()

    async def test_a_database_that_is_not_there(self, servers, tmp_path):
        dsn = f"{servers.postgres.rpartition('/')[0]}/test_none"
        code, reason = await self.reason(tmp_path, environment(servers, dsn), "api")
        assert (code, reason) == (EX_CONFIG, 'database "test_none" does not exist; run the role migrate')

    async def test_a_table_that_is_not_as_the_code_wants_it(self, api, servers, database, tmp_path):
        await api.pool.execute("alter table documents drop column credited")
        code, reason = await self.reason(tmp_path, environment(servers, database), "api")
        assert code == EX_CONFIG
        assert reason == (
            "table documents: database and code differ at [('credited', 'numeric')]; run the role migrate"
        )

    async def test_a_server_that_is_away(self, servers, tmp_path):
        """And the password of the DSN is in no line, whatever went wrong."""
        dsn = f"postgresql://lettra:{SECRET}@127.0.0.1:1/lettra_invoicing"
        settings = environment(servers, dsn) | {"LETTRA_POSTGRES": dsn}
        code, reason = await self.reason(tmp_path, settings, "api")
        assert code == EX_TEMPFAIL
        assert "Connect call failed ('127.0.0.1', 1)" in reason or "Connection refused" in reason

    async def test_a_port_that_is_taken(self, servers, database, tmp_path):
        """Guard: _listening (service/roles.py); uvicorn by itself ends with 1 and without a reason."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            settings = environment(servers, database) | {"LETTRA_HTTP_PORT": str(taken.getsockname()[1])}
            code, reason = await self.reason(tmp_path, settings, "api")
        assert code == EX_TEMPFAIL
        assert "ddress already in use" in reason

    async def test_a_topic_of_another_size(self, servers, tmp_path):
        """Guard: ensure_topic's answer is not overlooked by migrate (service/roles.py)."""
        topic = await fresh_topic(servers.kafka, partitions=3)
        async with fresh_database(servers.postgres) as dsn:
            settings = environment(servers, dsn) | {"TOPIC_OUT": topic, "LETTRA_PARTITIONS": "4"}
            code, reason = await self.reason(tmp_path, settings, "migrate")
        assert (code, reason.partition(";")[0]) == (
            EX_CONFIG,
            f"topic {topic} has 3 partitions, LETTRA_PARTITIONS says 4",
        )


class TestHealth:
    async def test_the_database_goes_and_comes_back(self, own_servers):
        """Guards: _database_check (service/process.py), SERVER_AWAY (store/running.py)."""
        local = own_servers(kafka=False)
        server = local.start().postgres
        async with fresh_database(server, "lettra_invoicing") as dsn:
            process = Process(SERVICE, OnDatabase(postgres=server, kafka="127.0.0.1:1", dsn=dsn), ["api"])
            async with running(process) as api:
                await api.register()
                assert (await api.get("/health/ready"))["ready"] is True
                local.kill_postgres()
                answers = [await api.post("/invoices", INVOICE) for _ in range(3)]
                assert [(a.status_code, a.json()["type"]) for a in answers] == [
                    (503, "urn:lettra:problem:database-away")
                ] * 3
                ready = await api.client.get("/health/ready")
                assert ready.status_code == 503
                assert ready.json()["checks"]["database"].startswith("the database does not answer: ")
                assert (await api.client.get("/health/live")).status_code == 200
                local.start_postgres()
                await api.made("/invoices", INVOICE)
                assert (await api.get("/health/ready"))["ready"] is True

    async def test_a_stopped_partition_and_a_dead_worker_are_named(self, start, servers):
        """Guard: _worker_check (service/process.py)."""
        topic = await fresh_topic(servers.kafka)
        api = await start(replace(SERVICE, reading=replace(READING, topics=(topic,))), ("api", "worker"))
        process = api.process
        assert (await api.get("/health/ready"))["checks"]["worker"] == "ok"
        process.subscription.inbox.stopped[TopicPartition(topic, 1)] = "partition 1 waits for a record"
        ready = await api.client.get("/health/ready")
        assert (ready.status_code, ready.json()["checks"]["worker"]) == (
            503,
            "partition 1 waits for a record",
        )
        await process.broker.stop()
        ready = await api.client.get("/health/ready")
        assert (ready.status_code, ready.json()["checks"]["worker"]) == (503, "the consuming task has ended")


async def test_what_matching_settles_is_shown_and_measured(start, servers):
    """Guards: projections/settlements.py, the join in queries/, and the gauges of kafka/watch.py and process.py."""
    topic = await fresh_topic(servers.kafka)
    api = await start(replace(SERVICE, reading=replace(READING, topics=(topic,))), ("api", "worker"))
    await api.register()
    await api.made("/invoices", INVOICE)
    async with publisher(servers.postgres, servers.kafka, topic, "matching") as publish:
        await publish(*item_events())

        async def settled() -> bool:
            return (await api.get("/documents/FR01/FA-000001"))["open"] == "70.00"

        await until(settled, "matching's events are projected")
    (shown,) = (await api.get("/customers/C-1/documents"))["documents"]
    assert (shown["settled"], shown["open"], shown["gross"]) == ("50.00", "70.00", "120.00")
    await until(
        lambda: measured(api, 'lettra_outbox_waiting_events{service="invoicing"} 5.0'), "the gauges are set"
    )
    lag = re.compile(
        rf'lettra_consumer_lag_records{{partition="\d",service="invoicing",topic="{topic}"}} 0.0'
    )
    assert lag.search(await metrics(api.client))
    for line in (
        'lettra_parked_keys{service="invoicing"} 0.0',
        'lettra_batch_records_count{service="invoicing"}',
        'lettra_batch_seconds_count{service="invoicing"}',
        'lettra_command_seconds_count{route="POST /invoices",service="invoicing",status="201"}',
        f'lettra_consumed_records_total{{service="invoicing",topic="{topic}"}} 2.0',
    ):
        assert line in await metrics(api.client), line


async def measured(api, line: str) -> bool:
    return line in await metrics(api.client)


class TestOnTheWire:
    """What a client library would not send. Guard: Observing._refused (service/observing.py)."""

    @staticmethod
    async def status(client: httpx.AsyncClient, *lines: str, body: bytes = b"") -> int:
        """The status with which the service answers these lines."""
        reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
        writer.write("\r\n".join(["POST /customers HTTP/1.1", "Host: x", *lines, "", ""]).encode() + body)
        async with asyncio.timeout(10):
            first = await reader.readline()
        writer.close()
        return int(first.split()[1])

    async def test_bodies_whose_size_is_unknown_or_too_large(self, servers, database, tmp_path):
        small = {"LETTRA_BODY_BYTES_MAX": "1000", "LETTRA_UPLOAD_BYTES_MAX": "2000"}
        json_type, chunked = "Content-Type: application/json", "Transfer-Encoding: chunked"
        upload = "Content-Type: multipart/form-data; boundary=x"
        async with serving(servers, database, tmp_path, "api", **small) as service:
            client = service.client
            assert await self.status(client, json_type, chunked, body=b"2\r\n{}\r\n0\r\n\r\n") == 411
            assert await self.status(
                client, json_type, chunked, "Content-Length: 2", body=b"2\r\n{}\r\n"
            ) in {400, 411}
            assert await self.status(client, json_type, "Content-Length: 1001") == 413
            assert await self.status(client, upload, "Content-Length: 2001") == 413
            assert await self.status(client, json_type, "Content-Length: -1") == 400
            assert await self.status(client, json_type, "Content-Length: 2", body=b"{}") == 422
