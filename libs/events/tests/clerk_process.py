"""The toy clerk in a process of its own, which a test may kill: what the role `worker` of a service runs, without HTTP.

CLERK_TOPIC is what it reads, LETTRA_POSTGRES its own database, CLERK_LOG the file that its log is written to.
"""

from __future__ import annotations

import asyncio
import os
import sys

import clerk
import uvloop
from fastapi import APIRouter

from lettra_events.service.logs import configure_logs
from lettra_events.service.process import Process
from lettra_events.service.service import Service
from lettra_events.service.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings that name the database itself."""

    def database(self, name: str) -> str:
        del name
        return self.postgres


def process(settings: Settings, topic: str) -> Process:
    """The worker; its group is the topic's, so that tests do not meet in one."""
    service = Service(
        name=clerk.SERVICE,
        package="clerk",
        reading=clerk.reading(topic, service=topic),
        state=clerk.TABLES,
        projections=(),
        router=APIRouter(),
        settings=Settings,
    )
    return Process(service, settings, ["worker"])


async def work() -> None:
    async with process(Settings.load(), os.environ["CLERK_TOPIC"]).running():
        await asyncio.Event().wait()


if __name__ == "__main__":
    if log := os.environ.get("CLERK_LOG"):
        os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), sys.stderr.fileno())
    clerk.register()
    configure_logs(clerk.SERVICE, "INFO")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work())
