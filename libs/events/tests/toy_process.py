"""The toy service in a process of its own, which a test may kill: `relay`, or `write PREFIX COUNT`.

The relay ends as the role of a service does: 75 after a failure, 78 on a fork. With TOY_ALONE it takes the lead
without asking who has it. The writer makes COUNT deposits, each a command with an idempotency key, so that a
writer that is started again repeats what it cannot know.
"""

from __future__ import annotations

import asyncio
import os
import sys

import asyncpg
import toys
import uvloop

from lettra_events.decisions.workspace import Workspace
from lettra_events.kafka import relay
from lettra_events.kafka.relay import ForkDetected, Relay, RelayFailed, RelaySettings
from lettra_events.service.commands import Answer, Commands, Request

FAILED, FORKED = 75, 78


async def publish() -> None:
    if "TOY_ALONE" in os.environ:
        relay._LEADER_LOCK = os.getpid()
    settings = RelaySettings(
        bootstrap=os.environ["TOY_KAFKA"],
        topic=os.environ["TOY_TOPIC"],
        service=toys.SERVICE,
        batch_max=int(os.environ.get("TOY_BATCH_MAX", "2000")),
        publish_timeout_seconds=float(os.environ.get("TOY_PUBLISH_SECONDS", "60")),
        lease_seconds=float(os.environ.get("TOY_LEASE_SECONDS", "120")),
    )
    try:
        await Relay(settings, os.environ["TOY_DSN"]).run()
    except RelayFailed as error:
        _end(FAILED, str(error))
    except ForkDetected as error:
        _end(FORKED, str(error))


def _end(code: int, reason: str) -> None:
    sys.stderr.write(f"toy relay: {reason}\n")
    sys.stderr.flush()
    os._exit(code)


async def write(prefix: str, count: int) -> None:
    async with asyncpg.create_pool(os.environ["TOY_DSN"], min_size=1, max_size=1) as pool:
        commands = Commands(pool, toys.evolve, toys.SERVICE)
        for number in range(count):
            await commands.run(
                deposit(f"{prefix}{number % 3}", 1), Request("toy", f"{prefix}-{number}", b"1")
            )


def deposit(account: str, amount: int):
    def decide(workspace: Workspace) -> Answer:
        workspace.append(toys.Deposited(account=account, amount=amount))
        return Answer(201, b"{}")

    return decide


if __name__ == "__main__":
    toys.register()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if sys.argv[1] == "relay":
            runner.run(publish())
        else:
            runner.run(write(sys.argv[2], int(sys.argv[3])))
