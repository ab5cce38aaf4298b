"""Verifying one service: everything in its order, in one snapshot of its database, up to the first difference."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import asyncpg

from lettra_events.kafka.generations import generation_name
from lettra_events.kafka.newest import newest_generation
from lettra_events.kafka.topics import TopicMisfit
from lettra_events.progress import Progress, silent
from lettra_events.rebuild import Comparison, compare_projections, compare_state
from lettra_events.rebuild.errors import NotNow, RebuildError, ServersAway
from lettra_events.service.service import Service
from lettra_events.service.settings import ServiceSettings
from lettra_events.verify.finding import Finding, Kind, Unsound, shown
from lettra_events.verify.heads import Head
from lettra_events.verify.kafka_only import KafkaPass, end_of_former
from lettra_events.verify.kept import check_kept
from lettra_events.verify.lanes import Lanes, open_lanes
from lettra_events.verify.logged import LoggedPass, Published, read_published
from lettra_events.verify.parked import check_parked
from lettra_events.verify.positions import check_positions
from lettra_events.verify.store import check_head, check_store, read_head_of_log
from lettra_events.verify.waiting import check_waiting

WAIT_SECONDS_MAX = 60.0
"""How long the comparison of tables waits for what is in its way, as another rebuild of the service's database."""
_TRY_EVERY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Sound:
    """A history without a difference: where it ends, and how much of what was looked at."""

    service: str
    head: Head
    counts: Mapping[str, int] = field(default_factory=dict)


async def verify_history(
    service: Service, settings: ServiceSettings, kept: Head | None = None, progress: Progress = silent
) -> Sound:
    """Store, log, Kafka and positions of a service, while it runs or not. Raises `Unsound` at the first difference.

    What is appended meanwhile is not looked at: the mark is read first, then the ends of the partitions, then the
    snapshot begins. So what is up to the mark is on Kafka before its ends, and what is before its ends is in the log.
    """
    dsn = settings.database(service.name)
    async with connected(dsn) as beside:
        published = await read_published(beside)
        topic = generation_name(service.topic, published.generation)
        async with (
            _published_lanes(service.name, settings.kafka, topic, published) as lanes,
            snapshot(dsn) as connection,
        ):
            counted = await check_store(connection, service.name, progress)
            head = await read_head_of_log(connection)
            if kept is not None:
                await check_head(connection, service.name, head, kept)
            check = LoggedPass(service.name, lanes, published, head.sequence, service.reading.service, beside)
            advance = partial(_advance, progress, f"{service.name}: log and Kafka", head.sequence)
            await check.run(connection, counted.entry_bytes_max, advance)
            kept_rows = await check_kept(connection, service, progress)
            read = await check_positions(
                connection, settings.kafka, service.name, service.reading.topics, progress
            )
            parked = await check_parked(connection, service.name)
            unseen = await check_waiting(connection, settings.kafka, service.name, progress)
    tally = check.tally
    return Sound(
        service.name,
        head,
        {
            "streams": counted.streams,
            "events": counted.events,
            "waiting": counted.waiting,
            "entries": tally.entries,
            "records": tally.records,
            "repeats": tally.repeats,
            "foreign": tally.foreign,
            "unpublished": tally.unpublished,
            "kept_rows": kept_rows,
            "batches": read.batches,
            "positions": read.positions,
            "positions_ahead": read.ahead,
            "parked_records": parked,
            "parked_unseen": unseen,
        },
    )


async def verify_topic(
    name: str, topic: str, bootstrap: str, kept: Head | None = None, progress: Progress = silent
) -> Sound:
    """The records of a topic alone, without any database. Raises `Unsound` at the first difference.

    `topic`: its logical name; what is read is its newest complete generation. `NotNow` if that is not yet published
    up to the end of the one before.
    """
    generation = await newest_generation(bootstrap, topic)
    through = await end_of_former(bootstrap, generation)
    async with open_lanes(bootstrap, generation.name) as lanes:
        total = sum(lane.end for lane in lanes.lanes)
        check = KafkaPass(name, lanes, kept, through)
        await check.run(partial(_advance, progress, f"{name}: Kafka", total))
    tally = check.tally
    return Sound(
        name,
        check.head,
        {
            "entries": tally.entries,
            "records": tally.records,
            "repeats": tally.repeats,
            "far_repeats": tally.far,
            "foreign": tally.foreign,
            "streams": len(check.streams.versions),
            "unfollowed_events": check.streams.unfollowed,
        },
    )


async def verify_tables(
    service: Service, settings: ServiceSettings, reference: str, progress: Progress = silent
) -> Mapping[str, int]:
    """State against the fold of the service's own events, projections against a rebuild; how many rows of each.

    `reference`: where the service's code is, as `module:attribute`. Raises `Unsound` at the first difference, and
    `NotNow` or `ServersAway` where nothing was found because it cannot be compared now.
    """
    state = await _compared(
        service.name, Kind.STATE, lambda: compare_state(service, settings, progress), progress
    )
    projections = await _compared(
        service.name,
        Kind.PROJECTION,
        lambda: compare_projections(service, settings, reference, progress),
        progress,
    )
    return {"state_rows": sum(state.rows.values()), "projection_rows": sum(projections.rows.values())}


async def _compared(
    service: str, kind: Kind, compare: Callable[[], Awaitable[Comparison]], progress: Progress
) -> Comparison:
    try:
        compared = await _once_it_can(service, compare, progress)
    except (NotNow, ServersAway):
        raise
    except RebuildError as error:
        found = Finding(service=service, kind=kind, field="rebuild", expected="tables", found=str(error))
        raise Unsound(found) from error
    _check(service, kind, compared)
    return compared


async def _once_it_can(
    service: str, compare: Callable[[], Awaitable[Comparison]], progress: Progress
) -> Comparison:
    """What is compared, tried again for a while where something else is under way."""
    started = time.monotonic()
    while True:
        try:
            return await compare()
        except NotNow:
            waited = time.monotonic() - started
            if waited > WAIT_SECONDS_MAX:
                raise
        progress(f"{service}: seconds waited for what is in the way", int(waited), int(WAIT_SECONDS_MAX))
        await asyncio.sleep(_TRY_EVERY_SECONDS)


def _check(service: str, kind: Kind, compared: Comparison) -> None:
    if not compared.count:
        return
    first = compared.differences[0]
    more = f" (and {compared.count - 1} rows more)" if compared.count > 1 else ""
    raise Unsound(
        Finding(
            service=service,
            kind=kind,
            table=first.table,
            key=" ".join(first.key),
            field=first.column or "row",
            expected=shown(first.rebuilt),
            found=shown(first.live) + more,
        )
    )


def _advance(progress: Progress, what: str, total: int, done: int) -> None:
    progress(what, done, total)


@asynccontextmanager
async def _published_lanes(
    service: str, bootstrap: str, topic: str, published: Published
) -> AsyncIterator[Lanes]:
    """The service's topic, which may be missing only as long as nothing was published."""
    try:
        async with open_lanes(bootstrap, topic) as lanes:
            yield lanes
    except TopicMisfit:
        if not published.mark:
            raise
        raise Unsound(
            Finding(
                service=service,
                kind=Kind.MISSING,
                topic=topic,
                sequence=1,
                field="topic",
                expected=f"{published.mark} entries",
                found="no such topic",
            )
        ) from None


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Any]:
    """A connection without limits of time."""
    # A snapshot is open as long as the pass takes; a server that ends idle transactions would end it.
    connection = await asyncpg.connect(
        dsn,
        server_settings={
            "application_name": "lettra-verify",
            "idle_in_transaction_session_timeout": "0",
            "statement_timeout": "0",
            "jit": "off",
        },
    )
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def snapshot(dsn: str) -> AsyncIterator[Any]:
    """A connection that sees the database as it is now, as long as it is open; it can write nothing."""
    async with (
        connected(dsn) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        # A repeatable read sees what is there at its first query.
        await connection.execute("select 1")
        yield connection
