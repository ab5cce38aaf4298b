"""Several processes that follow partitions together: each some of them, with connections of its own.

A child is told what to do on its standard input and answers on its standard output, a line of JSON each. It ends when
its input ends, so none outlives the process that started it, however that one ends. What it is told includes the
database's address, which may hold a password: so it is neither in its arguments nor in its environment.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import EntryPoint
from typing import Any, Protocol, Self, cast

import asyncpg

from lettra_events.kafka.applying import PASSING
from lettra_events.progress import Progress
from lettra_events.rebuild.errors import NotNow, RebuildError, ServersAway
from lettra_events.rebuild.extent import Extent
from lettra_events.rebuild.following import Follower, Told
from lettra_events.rebuild.paths import Part
from lettra_events.rebuild.rows import Rows
from lettra_events.rebuild.schema import hold_as_worker, open_connection
from lettra_events.service.service import Service

LINE_BYTES_MAX = 64_000_000
END_SECONDS_MAX = 10.0
COLLECT_EVERY = 200_000


@dataclass(frozen=True, slots=True)
class Task:
    """What one worker is told: whose code, which partitions, into which schema. `alone`: no other worker writes."""

    reference: str
    kafka: str
    dsn: str
    schema: str
    parts: tuple[Part, ...]
    partitions: dict[str, int]
    alone: bool

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: bytes | str) -> Self:
        found = json.loads(line)
        return cls(**found | {"parts": tuple(Part(**part) for part in found["parts"])})


class Worker(Protocol):
    """Something that follows its partitions to one extent after the other."""

    async def follow(self, extent: Extent, told: Told) -> None: ...


class WorkerHere:
    """A worker in this process."""

    def __init__(self, follower: Follower, rows: Rows) -> None:
        self._follower = follower
        self._rows = rows

    async def follow(self, extent: Extent, told: Told) -> None:
        await self._follower.follow(extent, self._rows, told)


@asynccontextmanager
async def worker_here(task: Task, service: Service) -> AsyncIterator[WorkerHere]:
    """Connected to PostgreSQL and Kafka. It sees no table outside the schema."""
    async with AsyncExitStack() as stack:
        stack.enter_context(_collecting_rarely())
        connections = []
        for _ in range(2):
            opened = await open_connection(task.dsn, task.schema, synchronous_commit="off")
            stack.push_async_callback(opened.close, timeout=END_SECONDS_MAX)
            connections.append(opened)
        await hold_as_worker(connections[0])
        tables = service.projections
        shared = () if task.alone else [table for table in tables if table.guard is not None]
        rows = Rows(tables, connections[0], connections[1], shared)
        follower = Follower(service.reading, task.parts, task.partitions)
        stack.push_async_callback(follower.stop)
        await follower.start(task.kafka)
        yield WorkerHere(follower, rows)


@contextmanager
def _collecting_rarely() -> Iterator[None]:
    """Keep the garbage collector from walking through every batch: it took a third of the time.

    A batch is thousands of small objects that form no cycles, and are gone with it.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


class WorkerBeside:
    """A worker in a process of its own."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def send(self, line: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.encode() + b"\n")
            await self._process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has ended; its last answer, or that there is none, says why

    async def follow(self, extent: Extent, told: Told) -> None:
        await self.send(json.dumps(extent.to_json()))
        while True:
            answer = await self._answer()
            match answer["says"]:
                case "read":
                    told(answer["done"], answer["total"])
                case "arrived":
                    return
                case "away":
                    raise ServersAway(answer["why"])
                case "later":
                    raise NotNow(answer["why"])
                case _:
                    raise RebuildError(answer["why"])

    async def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line.endswith(b"\n"):
            code = await self._process.wait()
            raise NotNow(
                f"a worker process (pid {self._process.pid}) ended with code {code} before its partitions were read;"
                " run this again"
            )
        return cast("dict[str, Any]", json.loads(line))

    async def end(self) -> None:
        """Its input ends, and so does it; killed if not within seconds."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), END_SECONDS_MAX)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def worker_beside(task: Task) -> AsyncIterator[WorkerBeside]:
    """A child that was told its task."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lettra_events.rebuild.child"),
        stdin=PIPE,
        stdout=PIPE,
        limit=LINE_BYTES_MAX,
        start_new_session=True,  # Ctrl-C is the parent's; it ends this one, which may still be loading
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    worker = WorkerBeside(process)
    try:
        await worker.send(task.to_json())
        yield worker
    finally:
        await worker.end()


class Crew:
    """All workers of a rebuild."""

    def __init__(self, workers: Sequence[Worker], progress: Progress, what: str) -> None:
        self._workers = workers
        self._progress = progress
        self._what = what
        self._counts: dict[int, tuple[int, int]] = {}

    async def follow(self, extent: Extent) -> None:
        """All partitions are followed to the extent; the first failure ends it."""
        self._counts = {}
        await _all_or_first_failure(
            [worker.follow(extent, self._told(number)) for number, worker in enumerate(self._workers)]
        )

    def _told(self, number: int) -> Told:
        def told(done: int, total: int) -> None:
            self._counts[number] = (done, total)
            if len(self._counts) == len(self._workers):
                counts = self._counts.values()
                self._progress(self._what, sum(c[0] for c in counts), sum(c[1] for c in counts))

        return told


async def _all_or_first_failure(works: Iterable[Any]) -> None:
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def crew(service: Service, tasks: Sequence[Task], progress: Progress, what: str) -> AsyncIterator[Crew]:
    """The workers of these tasks: one of them here, several in processes of their own."""
    async with AsyncExitStack() as stack:
        workers: list[Worker] = []
        if len(tasks) == 1:
            workers.append(await stack.enter_async_context(worker_here(tasks[0], service)))
        else:
            workers += [await stack.enter_async_context(worker_beside(task)) for task in tasks]
        yield Crew(workers, progress, what)


def load(reference: str) -> Service:
    """The service at `module:attribute`."""
    return cast("Service", EntryPoint("service", reference, "lettra.services").load())


DATABASE_AWAY = (*PASSING, asyncpg.InterfaceError)
"""Here nobody looks whether a connection is closed: what the driver says of a closed one counts too."""


def away(error: Exception) -> ServersAway:
    """What PostgreSQL says when it is away, as a sentence."""
    return ServersAway(f"PostgreSQL does not answer: {type(error).__name__}: {error}")
