"""Making a service's projections anew from Kafka, beside the live ones."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from lettra_events import failpoints
from lettra_events.decisions.tables import Table
from lettra_events.progress import Progress
from lettra_events.rebuild.comparing import Comparison, compare_tables, copy_live
from lettra_events.rebuild.extent import Extent
from lettra_events.rebuild.planning import Plan, deal_out, extent_here, make_plan
from lettra_events.rebuild.schema import REBUILD, alone, count_rows, drop_schema, make_indexes, make_schema
from lettra_events.rebuild.workers import Crew, crew
from lettra_events.service.service import Service
from lettra_events.service.settings import ServiceSettings
from lettra_events.store.append import Connection


@dataclass(frozen=True, slots=True)
class Request:
    """Whose projections are made anew, by how many processes (None: one a processor), and who is told of it."""

    service: Service
    settings: ServiceSettings
    reference: str
    progress: Progress
    processes: int | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was built: rows by table, in which schema, in how many seconds."""

    rows: Mapping[str, int]
    schema: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Building:
    """A rebuild that has begun."""

    connection: Connection
    plan: Plan
    crew: Crew
    indexes: list[str]

    async def build(self, extent: Extent) -> None:
        """Follow all partitions to the extent."""
        await self.crew.follow(extent)
        await self.finish()

    async def finish(self) -> None:
        """Index what was loaded, once."""
        await make_indexes(self.connection, self.indexes)
        self.indexes.clear()
        failpoints.reach("replay.built")


@asynccontextmanager
async def building(
    connection: Connection,
    request: Request,
    plan: Plan,
    schema: str,
    *,
    also: Sequence[Table[Any]] = (),
    kept: bool = False,
) -> AsyncIterator[Building]:
    """Empty tables in the schema, and the workers that fill those of the projections; `also`: more tables."""
    service = request.service
    tables = (*service.projections, *also)
    indexes = await make_schema(connection, schema, service.package, tables, kept=kept)
    failpoints.reach("replay.begun")
    tasks = deal_out(plan, service, request.settings, request.reference, schema, request.processes)
    what = f"{service.name}: records read"
    async with crew(service, tasks, request.progress, what) as workers:
        yield Building(connection, plan, workers, indexes)


async def replay_beside(request: Request) -> Replayed:
    """Build to where the service is now, and leave it beside the live tables."""
    started = time.perf_counter()
    async with alone(request.service, request.settings) as connection:
        plan = await make_plan(connection, request.service, request.settings)
        async with building(connection, request, plan, REBUILD) as work:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                extent = await extent_here(connection, request.service.reading, plan)
            await work.build(extent)
        rows = await count_rows(connection, REBUILD, request.service.projections)
    return Replayed(rows, REBUILD, time.perf_counter() - started)


async def compare(request: Request) -> Comparison:
    """Build to exactly the live positions, and compare; what was built stays only where something differs."""
    projections = request.service.projections
    async with alone(request.service, request.settings) as connection:
        plan = await make_plan(connection, request.service, request.settings)
        async with building(connection, request, plan, REBUILD) as work:
            async with connection.transaction(isolation="repeatable_read"):
                await copy_live(connection, REBUILD, projections)
                extent = await extent_here(connection, request.service.reading, plan)
            await work.build(extent)
        found = await compare_tables(connection, REBUILD, request.service.name, projections, request.progress)
        if not found.count:
            await drop_schema(connection, REBUILD)
    return found
