"""What a service knew at an earlier moment, in a schema of its own that an auditor can query.

Its projections hold what it had applied then, by its journal of batches; its state tables hold what follows from its
own events that were numbered by then. An entry of its log as the moment means the instant at which it was numbered.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from lettra_events.rebuild.errors import RebuildError
from lettra_events.rebuild.planning import make_plan
from lettra_events.rebuild.reached import extent_at
from lettra_events.rebuild.replaying import Request, building
from lettra_events.rebuild.restating import restating, state_tables
from lettra_events.rebuild.schema import alone, count_rows
from lettra_events.store.append import Connection

_DIGITS_MAX = 18
"""Of a sequence: more, and PostgreSQL has no such number."""
_AT = "select sequenced_at from log where sequence = $1"
_KNOWN = """
select clock_timestamp() as now, (select max(sequence) from log) as head,
       least((select min(sequenced_at) from log), (select min(applied_at) from consumer_batches)) as first"""
_HEAD_AT = "select coalesce(max(sequence), 0) from log where sequenced_at <= $1"


@dataclass(frozen=True, slots=True)
class AsOf:
    """What was built. `sequence`: the last entry of the service's own log that is in the state tables."""

    schema: str
    instant: datetime
    sequence: int
    rows: Mapping[str, int]
    seconds: float


def parse_moment(text: str) -> int | datetime:
    """A sequence of the service's own log, or an instant as ISO 8601; `RebuildError` says what is wrong with it."""
    if text.isascii() and text.isdecimal() and len(text) <= _DIGITS_MAX:
        return int(text)
    try:
        instant = datetime.fromisoformat(text)
        at = instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise RebuildError(
            f"{text!r} is neither a sequence (as 1200) nor an instant (as 2026-03-31T23:59:59+02:00)"
        ) from None
    if instant.tzinfo is None:
        raise RebuildError(
            f"{text!r} is another instant in each time zone: say time and offset, as 2026-03-31T23:59:59+02:00"
        )
    return at


async def replay_as_of(request: Request, moment: int | datetime) -> AsOf:
    """Build what the service knew then. The schema stays until it is dropped or built again."""
    started = time.perf_counter()
    service = request.service
    state = state_tables(service)
    async with alone(service, request.settings) as connection:
        instant, sequence = await _place(connection, service.name, moment)
        plan = await make_plan(connection, service, request.settings)
        schema = schema_name(moment)
        async with building(connection, request, plan, schema, also=state, kept=True) as work:
            await work.crew.follow(await extent_at(connection, service.reading, plan.partitions, instant))
            dsn = request.settings.database(service.name)
            async with restating(connection, service, dsn, schema, request.progress) as fold:
                await fold.fold_log(sequence)
            await work.finish()
        rows = await count_rows(connection, schema, (*service.projections, *state))
    return AsOf(schema, instant, sequence, rows, time.perf_counter() - started)


def _entries(head: int | None) -> str:
    return f"it has the entries 1 to {head}" if head else "it has none yet"


def schema_name(moment: int | datetime) -> str:
    if isinstance(moment, int):
        return f"as_of_{moment}"
    fraction = f"_{moment.microsecond:06}" if moment.microsecond else ""
    return f"as_of_{moment:%Y_%m_%d_%H%M%S}{fraction}z"


async def _place(connection: Connection, name: str, moment: int | datetime) -> tuple[datetime, int]:
    """The instant, and the last entry of the own log that is known then."""
    known = await connection.fetchrow(_KNOWN)
    assert known is not None
    if isinstance(moment, int):
        instant = await connection.fetchval(_AT, moment)
        if instant is None:
            raise RebuildError(f"{name}'s log has no entry {moment}: {_entries(known['head'])}")
        return instant, moment
    if known["first"] is None or moment < known["first"]:
        first = "nothing yet" if known["first"] is None else f"nothing before {known['first'].isoformat()}"
        raise RebuildError(f"{name} knew nothing at {moment.isoformat()}: it has read and decided {first}")
    if moment > known["now"]:
        raise RebuildError(
            f"{moment.isoformat()} is in the future: it is {known['now'].isoformat()} there now"
        )
    return moment, await connection.fetchval(_HEAD_AT, moment)
