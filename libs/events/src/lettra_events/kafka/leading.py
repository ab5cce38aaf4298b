"""Leading: one publisher at a time, known by a lock of the database connection on which all its steps run."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer

_STANDBY_POLL_SECONDS = 0.25
_STOP_SECONDS_MAX = 5


async def connect_to_lead(dsn: str, application: str, lease_seconds: float) -> Any:
    """A connection that PostgreSQL ends when it has said nothing for `lease_seconds`: the lead passes with it."""
    lease_ms = str(round(lease_seconds * 1000))
    return await asyncpg.connect(
        dsn,
        command_timeout=lease_seconds,
        server_settings={
            "application_name": application,
            "idle_session_timeout": lease_ms,
            "idle_in_transaction_session_timeout": lease_ms,
            "tcp_keepalives_idle": "5",
            "tcp_keepalives_interval": "2",
            "tcp_keepalives_count": "3",
        },
    )


async def wait_to_lead(connection: Any, lock: int) -> None:
    """Until the lock is ours. It lives as long as the connection on which every later step runs."""
    while not await connection.fetchval("select pg_try_advisory_lock($1)", lock):  # noqa: ASYNC110
        await asyncio.sleep(_STANDBY_POLL_SECONDS)


async def stop_producer(producer: AIOKafkaProducer) -> None:
    """Close it, within bounds: with the broker away, `stop` would wait until it is back."""
    closing = asyncio.create_task(producer.stop())
    await asyncio.wait([closing], timeout=_STOP_SECONDS_MAX)
    closing.cancel()
