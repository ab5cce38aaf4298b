"""Releases the key "bad" of the toy clerk in a process of its own, which a test may kill.

CLERK_TOPIC is what he reads, LETTRA_POSTGRES his database; CLERK_SKIP, if there is one, the record to skip.
"""

from __future__ import annotations

import asyncio
import os

import asyncpg
import clerk
import parking_history

from lettra_events.kafka.releasing import Skip, release_key


async def work() -> None:
    topic, skip = os.environ["CLERK_TOPIC"], os.environ.get("CLERK_SKIP")
    connection = await asyncpg.connect(os.environ["LETTRA_POSTGRES"])
    await release_key(
        connection,
        clerk.reading(topic, react=parking_history.mended),
        {topic: 1},
        topic,
        "bad",
        skip=Skip(int(skip), "anna", "a duplicate") if skip else None,
        step_records_max=2,
    )
    await connection.close()


if __name__ == "__main__":
    clerk.register()
    asyncio.run(work())
