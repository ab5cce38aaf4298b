"""A new generation of a topic: the log published again from its first entry, in more partitions, then announced.

The relay goes on with the old generation meanwhile. When the new one has caught up, its announcement is appended like
any event; the relay that publishes it switches with it (`Relay`), and each consumer moves when it has read it in every
old partition (`lettra_events.kafka.moving`). Killed anywhere, the same call goes on where it was: a repeat is the same,
byte for byte, and readers drop it.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from lettra_events import failpoints
from lettra_events.contracts import contracts
from lettra_events.contracts.topics import TopicMoved
from lettra_events.decisions.workspace import Staged
from lettra_events.envelope import derived_id
from lettra_events.kafka.fork import check_fork
from lettra_events.kafka.generations import Generation, published_topic
from lettra_events.kafka.leading import connect_to_lead, stop_producer
from lettra_events.kafka.sending import new_producer, send_round
from lettra_events.kafka.topics import PARTITIONS_MAX, ensure_topic
from lettra_events.progress import Progress, silent
from lettra_events.store import relay_store
from lettra_events.store.append import Connection, append
from lettra_events.store.relay_store import ROUND_BYTES_MAX, RelayState

_REPUBLISH_LOCK = 0x1E77_0003
_ROUND_SECONDS_MAX = 60
_POLL_SECONDS = 0.1
_PREPARED = """
select g.generation, count(h.partition)::int as partitions
  from generations g join partition_heads h using (generation), relay r
 where g.generation > r.generation group by 1"""
_MARK = "select mark from relay where generation = $1"
_END = "select l.sequence from events e join log l using (event_id) where e.stream_id = $1 and e.version = $2"


class MoveRefused(Exception):
    """The topic cannot be moved like this now; the message says why and what can be done. Nothing was changed."""


class NotSwitched(Exception):
    """All is prepared and announced, but no relay has published the announcement to both; it will when one runs."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """Whose topic it is, and where: `topic` is its logical name, `dsn` the service's own database.

    `batch_max`: events a round.
    """

    service: str
    topic: str
    dsn: str
    bootstrap: str
    replication: int = 1
    batch_max: int = 2_000


@dataclass(frozen=True, slots=True)
class Move:
    """What was done. `end`: the last entry of the old generation. `republished`: entries that this call published."""

    old: Generation
    new: Generation
    end: int
    republished: int
    seconds: float


async def repartition(
    publisher: Publisher, partitions: int, *, switch_seconds_max: float = 60, progress: Progress = silent
) -> Move | None:
    """Publish the topic's history again in so many partitions, announce it, and wait until the relay has switched and
    published all up to the announcement to the new generation, so that whoever reads that finds no less than before.

    A move that was begun and not finished is gone on with; None where the topic has so many. Raises `MoveRefused`,
    `NotSwitched`, `TopicMisfit`, `ForkDetected`, or what servers say that are away. After an error the process must
    end: see `send_round`.
    """
    began = time.monotonic()
    lease_seconds = 2 * _ROUND_SECONDS_MAX
    connection = await connect_to_lead(
        publisher.dsn, f"lettra-repartition-{publisher.service}", lease_seconds
    )
    try:
        if not await connection.fetchval("select pg_try_advisory_lock($1)", _REPUBLISH_LOCK):
            raise MoveRefused(
                f"another command is moving {publisher.topic} at this moment; wait until it has ended"
            )
        if await _has_so_many(connection, publisher, partitions):
            current = await published_topic(connection, publisher.topic)
            if current.number > 1:
                await _until_published(connection, publisher, current, switch_seconds_max)
            return None
        old, new = await _prepare(connection, publisher, partitions)
        republished = 0
        if not await _is_announced(connection, publisher, new):
            republished = await _republish(connection, publisher, new, progress)
            await _announce(connection, publisher, new)
        await _until_switched(connection, publisher, new, switch_seconds_max)
        end = await _until_published(connection, publisher, new, switch_seconds_max)
        return Move(old, new, end, republished, time.monotonic() - began)
    finally:
        connection.terminate()


async def _has_so_many(connection: Connection, publisher: Publisher, partitions: int) -> bool:
    """As after this very command, killed when it had only to wait."""
    if await connection.fetchrow(_PREPARED) is not None:
        return False
    return (await published_topic(connection, publisher.topic)).partitions == partitions


async def _prepare(
    connection: Connection, publisher: Publisher, partitions: int
) -> tuple[Generation, Generation]:
    """The generation that is left, and the new one: recorded first, so that a killed command finds what it began."""
    old = await published_topic(connection, publisher.topic)
    begun = await connection.fetchrow(_PREPARED)
    if begun is None:
        _check_wanted(old, partitions)
        await relay_store.prepare_generation(connection, old.number + 1, partitions)
    elif begun["partitions"] != partitions:
        raise MoveRefused(
            f"{publisher.topic} is being moved to {begun['partitions']} partitions; finish that first: run the command"
            f" again with --partitions {begun['partitions']}"
        )
    new = Generation(publisher.topic, old.number + 1, partitions)
    await ensure_topic(
        publisher.bootstrap, new.name, partitions, publisher.replication, said_by="the move to it"
    )
    failpoints.reach("generation.created")
    return old, new


def _check_wanted(old: Generation, partitions: int) -> None:
    if old.partitions == 0:
        raise MoveRefused(
            f"nothing was ever published to {old.topic}: start the service with LETTRA_PARTITIONS={partitions} instead"
        )
    if partitions <= old.partitions:
        raise MoveRefused(f"{old.name} has {old.partitions} partitions; a move gives it more, never fewer")
    if partitions > PARTITIONS_MAX:
        raise MoveRefused(f"{partitions} partitions are more than the limit of {PARTITIONS_MAX}")


async def _republish(
    connection: Connection, publisher: Publisher, new: Generation, progress: Progress
) -> int:
    """Publish from where the new generation stands until it has caught up; how many entries that were."""
    state = await relay_store.read_generation(connection, new.number)
    await check_fork(connection, publisher.bootstrap, publisher.topic, state)
    first, caught_up = state.mark, False
    producer = new_producer(publisher.bootstrap)
    await producer.start()
    try:
        while not caught_up:
            state, caught_up = await _republish_round(connection, producer, new, state, publisher.batch_max)
            progress(f"events published to {new.name}", state.mark, state.sequence)
    finally:
        # All that it was given is acknowledged, or the process ends: nothing of it comes behind the announcement.
        await stop_producer(producer)
    return state.mark - first


async def _republish_round(
    connection: Connection, producer: Any, new: Generation, state: RelayState, batch_max: int
) -> tuple[RelayState, bool]:
    """One round, and whether hardly anything is left, which the relay publishes as well as what comes meanwhile."""
    entries = await relay_store.read_log(connection, state.mark, batch_max, ROUND_BYTES_MAX)
    if not entries:
        return state, True
    async with asyncio.timeout(_ROUND_SECONDS_MAX):
        this = await send_round(producer, new.name, entries, state.heads)
    await relay_store.move_prepared(connection, state, this.mark, this.heads)
    failpoints.reach("generation.republished_batch")
    state = await relay_store.read_generation(connection, new.number)
    return state, state.sequence - state.mark < batch_max


def _stream(publisher: Publisher) -> str:
    return f"topic:{publisher.service}"


async def _is_announced(connection: Connection, publisher: Publisher, new: Generation) -> bool:
    """The first generation is never announced, so the n-th is the version n - 1 of the stream."""
    version = await connection.fetchval(
        "select version from streams where stream_id = $1", _stream(publisher)
    )
    return bool((version or 0) >= new.number - 1)


async def _announce(connection: Connection, publisher: Publisher, new: Generation) -> None:
    """Append the announcement; the stream's version allows it once."""
    contract = contracts()[f"{publisher.service}.{TopicMoved.__name__}"]
    event = contract(generation=new.number, partitions=new.partitions, new_topic=new.name)
    event_id = derived_id(event.stream_id(), "moved", new.number)
    staged = Staged(event, event_id, str(event_id), "lettra repartition")
    await append(connection, [staged], {event.stream_id(): new.number - 2}, service=publisher.service)
    failpoints.reach("generation.announced")


async def _until_switched(
    connection: Connection, publisher: Publisher, new: Generation, seconds_max: float
) -> None:
    deadline = time.monotonic() + seconds_max
    while await relay_store.current_generation(connection) < new.number:
        if time.monotonic() > deadline:
            raise NotSwitched(
                f"{new.name} is announced, but no relay of {publisher.service} switched to it within {seconds_max:g} s."
                " Start the service; it goes on by itself"
            )
        await asyncio.sleep(_POLL_SECONDS)


async def _until_published(
    connection: Connection, publisher: Publisher, new: Generation, seconds_max: float
) -> int:
    """Wait until the relay that switched has published the announcement there too: the old generation's last entry."""
    end: int = await connection.fetchval(_END, _stream(publisher), new.number - 1)
    deadline = time.monotonic() + seconds_max
    while (mark := await connection.fetchval(_MARK, new.number)) is not None and mark < end:
        if time.monotonic() > deadline:
            raise NotSwitched(
                f"{new.name} is published up to entry {mark}, and {publisher.topic} ended with entry {end}; no relay of"
                f" {publisher.service} published the rest within {seconds_max:g} s. Start the service; it goes on by"
                " itself"
            )
        await asyncio.sleep(_POLL_SECONDS)
    return end
