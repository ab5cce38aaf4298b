"""Bringing the live projections to rebuilt ones while the service goes on, in one transaction at the end.

What has come since the rebuild began is followed in rounds, each shorter than the one before. Then all positions are
locked, which keeps every consumer and every release out, the last records are followed to exactly these positions,
and the difference is written. So nothing is lost and nothing is applied twice, whoever consumes meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from lettra_events import failpoints
from lettra_events.rebuild.errors import NotNow
from lettra_events.rebuild.extent import Extent
from lettra_events.rebuild.mending import mend
from lettra_events.rebuild.planning import Plan, extent_here, make_plan
from lettra_events.rebuild.replaying import Building, Request, building
from lettra_events.rebuild.schema import (
    LOCK_SECONDS_MAX,
    REBUILD,
    STATEMENT_SECONDS_MAX,
    alone,
    drop_schema,
    retry_lock,
)
from lettra_events.store.append import Connection

ROUNDS_MAX = 20
SHORT_SECONDS = 1.0
"""A round this short leaves little to follow under the lock."""
LONG_SECONDS = 10.0
"""Where even the last round took longer, consumers would be kept out for too long."""
_EVERY_POSITION = """
insert into consumer_offsets (topic, partition, sequence, next_offset)
select topic, partition, 0, 0 from unnest($1::text[], $2::int[]) as wanted(topic, partition)
 order by 1, 2 on conflict do nothing"""
_LOCK_POSITIONS = "select 1 from consumer_offsets where topic = any($1) order by topic, partition for update"


@dataclass(frozen=True, slots=True)
class Swapped:
    """Live rows that were changed by table, and for how many seconds consumers were kept out."""

    changed: Mapping[str, int]
    locked_seconds: float
    seconds: float


async def swap(request: Request) -> Swapped:
    """Rebuild, and bring the live tables to it. Before the end nothing is changed."""
    started = time.perf_counter()
    async with alone(request.service, request.settings) as connection:
        plan = await make_plan(connection, request.service, request.settings)
        async with building(connection, request, plan, REBUILD) as work:
            await _catch_up(connection, request, work)
            await connection.execute(f"set statement_timeout = '{STATEMENT_SECONDS_MAX}s'")
            changed, locked = await retry_lock(lambda: _switch(connection, request, work), request.service)
        failpoints.reach("swap.committed")
        await drop_schema(connection, REBUILD)
    return Swapped(changed, locked, time.perf_counter() - started)


async def _catch_up(connection: Connection, request: Request, work: Building) -> None:
    seconds = 0.0
    for _ in range(ROUNDS_MAX):
        started = time.perf_counter()
        await work.build(await _extent(connection, request, work.plan))
        seconds = time.perf_counter() - started
        if seconds < SHORT_SECONDS:
            return
    if seconds > LONG_SECONDS:
        raise NotNow(
            f"{request.service.name} reads as fast as this follows it: of {ROUNDS_MAX} rounds the last one took"
            f" {seconds:.0f} s still; nothing was changed; run this again when less comes, or with more processes"
        )


async def _extent(connection: Connection, request: Request, plan: Plan) -> Extent:
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await extent_here(connection, request.service.reading, plan)


async def _switch(
    connection: Connection, request: Request, work: Building
) -> tuple[Mapping[str, int], float]:
    """What was followed stays followed, if the lock does not come: then it is less the next time."""
    async with connection.transaction():
        await connection.execute(f"set local lock_timeout = '{LOCK_SECONDS_MAX}s'")
        await _lock_positions(connection, work.plan)
        started = time.perf_counter()
        failpoints.reach("swap.locked")
        # A statement of its own: it sees what was committed while the lock was waited for.
        await work.build(await extent_here(connection, request.service.reading, work.plan))
        changed = await mend(connection, REBUILD, request.service.projections)
        failpoints.reach("swap.written")
    return changed, time.perf_counter() - started


async def _lock_positions(connection: Connection, plan: Plan) -> None:
    parts = plan.parts
    await connection.execute(
        _EVERY_POSITION, [part.topic for part in parts], [part.partition for part in parts]
    )
    await connection.execute(_LOCK_POSITIONS, list(plan.topics))
