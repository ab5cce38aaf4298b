"""The toy service's topic is moved, in a process of its own, which a test may kill: `PARTITIONS`."""

from __future__ import annotations

import asyncio
import os
import sys

import toys
import uvloop

from lettra_events.kafka.republishing import Publisher, repartition


async def move(partitions: int) -> None:
    publisher = Publisher(
        toys.SERVICE,
        os.environ["TOY_TOPIC"],
        os.environ["TOY_DSN"],
        os.environ["TOY_KAFKA"],
        batch_max=int(os.environ.get("TOY_BATCH_MAX", "2000")),
    )
    await repartition(publisher, partitions)


if __name__ == "__main__":
    toys.register()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(move(int(sys.argv[1])))
