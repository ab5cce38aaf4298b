"""Servers emptied between two runs: a run finds neither databases nor topics of the one before."""

from __future__ import annotations

import asyncio
import time

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient

from lettra_tools.stack import Servers

DELETE_SECONDS_MAX = 30.0


async def empty(servers: Servers) -> None:
    """Drop the services' databases and delete their topics; returns when they are gone."""
    await asyncio.gather(_drop_databases(servers.postgres), _delete_topics(servers.kafka))


async def _drop_databases(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        query = "select datname from pg_database where datname like 'lettra%'"
        for row in await connection.fetch(query):
            await connection.execute(f"drop database {row[0]} with (force)")
    finally:
        await connection.close()


async def _delete_topics(bootstrap: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        deadline = time.monotonic() + DELETE_SECONDS_MAX
        while ours := [name for name in await admin.list_topics() if name.startswith("ar.")]:
            await admin.delete_topics(ours)
            assert time.monotonic() < deadline, f"topics are not deleted: {ours}"
            await asyncio.sleep(0.05)
    finally:
        await admin.close()
