"""A task that is told to stop while it closes a client of Kafka does stop."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from lettra_events.kafka.topics import heed_cancellation


async def close_as_a_client_does(closing: asyncio.Event) -> None:
    """aiokafka waits like this for a task that it has cancelled itself, and takes any cancellation for that one."""
    closing.set()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.Event().wait()


async def test_a_cancellation_that_a_client_took_for_its_own_is_heard() -> None:
    """Guard: heed_cancellation behind each close. Without it a worker that waits for topics would not stop."""
    closing = asyncio.Event()

    async def waits() -> None:
        await close_as_a_client_does(closing)
        heed_cancellation()

    task = asyncio.create_task(waits())
    await closing.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_nobody_was_told_to_stop() -> None:
    heed_cancellation()
