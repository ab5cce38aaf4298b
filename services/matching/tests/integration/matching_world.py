"""A world for any history: two publishers, matching's workers on one real database, and everything that happens to
them: repeats, batches that end anywhere, two workers on one partition, a kill at any statement, faults and releases.

Each step is done to the database and to the model, and says at once where what happened is not what had to happen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import asyncpg
from desk import Unhurried
from matching_model import Customer, Document, Entry, Model, Money, Place, Tick
from published_here import Publisher
from receivables import (
    INVOICING,
    PAYMENTS_TOPIC,
    credit_note,
    invoice,
    invoicing_closed,
    payment,
    payments_closed,
)

from lettra_events.contracts import Event
from lettra_events.contracts.invoicing import CustomerRegistered
from lettra_events.decisions.workspace import Workspace
from lettra_events.envelope import Delivery
from lettra_events.kafka.applying import PositionMoved, apply_batch, read_position
from lettra_events.kafka.contiguity import Position, position_after, sort_out
from lettra_events.kafka.reading import Context, Reading, StopPartition
from lettra_events.kafka.releasing import Skip, release_key
from lettra_events.testing.servers import fresh_database
from lettra_events.testing.waiting import until
from lettra_matching.main import READING
from lettra_matching.reactions import react

T = TypeVar("T")
REFUSING = """
create table refused (name text primary key);
create function refuse() returns trigger language plpgsql as $$
begin
    if coalesce(to_jsonb(new) ->> 'item_id', to_jsonb(new) ->> 'payment_id') in (select name from refused) then
        raise exception 'the database does not take this';
    end if;
    return new;
end $$;
create trigger refuse before insert on open_items for each row execute function refuse();
create trigger refuse before insert on payments for each row execute function refuse();
"""
MEETING_SECONDS = 20


@dataclass
class Worker:
    """A process of matching: its connection, and the positions that it has in memory."""

    connection: asyncpg.Connection[Any]
    positions: dict[Place, Position] = field(default_factory=dict)

    async def position(self, place: Place) -> Position:
        if place not in self.positions:
            self.positions[place] = await read_position(self.connection, *place)
        return self.positions[place]


@dataclass(frozen=True)
class Fault:
    """Why a record fails: `data` (nobody can read it), `entity` (nor whom it concerns), `code` of this release,
    `database` (a statement fails). The last two are mended by `World.mend`.
    """

    kind: str


class Killed(Exception):
    """The process ended here."""


class Dying:
    """A connection whose process is killed behind its n-th statement: the server finds the connection closed."""

    def __init__(self, connection: asyncpg.Connection[Any], statements: int) -> None:
        self._connection = connection
        self._left = statements

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._connection, name)
        if name not in ("execute", "fetch", "fetchrow", "fetchval"):
            return found

        async def statement(*arguments: Any) -> Any:
            result = await found(*arguments)
            self._left -= 1
            if self._left <= 0:
                self._connection.terminate()
                raise Killed
            return result

        return statement


class World:
    """What was published and how far it is read; `model` says what matching must have made of it."""

    def __init__(self, stack: AsyncExitStack, dsn: str) -> None:
        self._stack = stack
        self._dsn = dsn
        self.looker: asyncpg.Connection[Any]
        self.workers: list[Worker] = []

    @classmethod
    @asynccontextmanager
    async def on(cls, server: str) -> Any:
        """On a database of its own; `begin` before each history."""
        async with AsyncExitStack() as stack:
            dsn = await stack.enter_async_context(fresh_database(server, "lettra_matching", ddl=REFUSING))
            world = cls(stack, dsn)
            world.looker = await asyncpg.connect(dsn)
            stack.push_async_callback(world._close)
            world.workers = [Worker(await asyncpg.connect(dsn)) for _ in range(2)]
            tables = "select tablename from pg_tables where schemaname = 'public' and tablename not like '%migration%'"
            world._tables = [row[0] for row in await world.looker.fetch(tables)]
            yield world

    async def _close(self) -> None:
        for connection in [self.looker, *(worker.connection for worker in self.workers)]:
            connection.terminate()

    async def begin(self, partitions: int) -> None:
        """Nothing has happened yet."""
        script = "".join(f"delete from {table};" for table in self._tables)
        await self.looker.execute(f"{script} insert into relay default values")
        self.partitions = {INVOICING: partitions, PAYMENTS_TOPIC: partitions}
        self.publishers = {topic: Publisher(topic, partitions) for topic in self.partitions}
        self.places = [(topic, n) for topic in self.partitions for n in range(partitions)]
        self.records: dict[Place, list[tuple[Delivery, Entry]]] = {place: [] for place in self.places}
        self.model = Model(self.partitions)
        self.code_faults: set[str] = set()
        for worker in self.workers:
            worker.positions.clear()

    # ---- Publishing ----

    async def publish(self, what: Document | Money | Customer | Tick, topic: str, fault: str = "") -> None:
        """Publish it, so that the record fails as `fault` says (see `Fault`)."""
        event = as_event(what, topic)
        data = {"data": b'{"entity_id": "%s"}' % getattr(what, "entity", "").encode(), "entity": b"no JSON"}
        publisher = self.publishers[topic]
        deliveries = (
            publisher.publish_bytes(event, data[fault]) if fault in data else publisher.publish(event)
        )
        for one in deliveries:
            entry = Entry(
                (topic, one.partition),
                one.entry.sequence,
                one.entry.event.key,
                what,
                fault in data,
                fault != "entity",
            )
            self.records[entry.place].append((one, entry))
        if fault in ("code", "database"):
            self.model.faults.add(entry.fault)
        if fault == "code":
            self.code_faults.add(entry.fault)
        if fault == "database":
            await self.looker.execute("insert into refused values ($1)", entry.fault)

    def take_over(self, other: World, skipped: set[tuple[Place, int]]) -> None:
        """What was published there; of what was skipped there nothing can be read, so that it is skipped here too."""
        for place, records in other.records.items():
            for delivery, entry in records:
                if (place, entry.sequence) in skipped:
                    delivery, entry = (
                        _unreadable(delivery),
                        replace(entry, unreadable=True, tells_entity=False),
                    )
                self.records[place].append((delivery, entry))

    async def mend(self) -> None:
        """A release and a database that take what they did not take; what cannot be read stays so."""
        self.model.faults.clear()
        self.code_faults.clear()
        await self.looker.execute("delete from refused")

    # ---- Reading ----

    def read_up_to(self, place: Place) -> int:
        """How many records of the place are applied."""
        known = self.model.positions.get(place, 0)
        return sum(entry.sequence <= known for _delivery, entry in self.records[place])

    async def deliver(self, place: Place, start: int, end: int, size: int, worker: int = 0) -> None:
        """A worker gets the records from `start` to before `end`, repeats or a gap before them, in batches."""
        window = self.records[place][max(0, start) : end]
        for first in range(0, len(window), size):
            batch = window[first : first + size]
            expected = self._next_of(place, batch)
            done = await self._informed(self.workers[worker], place, batch)
            if not expected:
                assert done == "nothing"
            elif self.model.apply(expected):
                assert done == "applied", done
            else:
                assert done == "stopped", done
                await self._one_by_one(worker, place, expected)

    async def _one_by_one(self, worker: int, place: Place, entries: Sequence[Entry]) -> None:
        """What is too much for one batch is not for batches of one."""
        wanted = {entry.sequence for entry in entries}
        for one in [one for one in self.records[place] if one[1].sequence in wanted]:
            assert self.model.apply([one[1]])
            assert await self._informed(self.workers[worker], place, [one]) == "applied"

    def _next_of(self, place: Place, batch: Sequence[tuple[Delivery, Entry]]) -> list[Entry]:
        """Of the batch: what comes next, by a look at all records of the place."""
        todo = [entry for _delivery, entry in self.records[place][self.read_up_to(place) :]]
        given = {entry.sequence for _delivery, entry in batch}
        taken = []
        for entry in todo:
            if entry.sequence not in given:
                break
            taken.append(entry)
        return taken

    async def _informed(self, worker: Worker, place: Place, batch: Sequence[tuple[Delivery, Entry]]) -> str:
        """A worker whose memory another one made stale changes nothing, asks the database, and tries again."""
        stale = (await worker.position(place)).sequence != self.model.positions.get(place, 0)
        done = await self._attempt(worker, place, batch)
        if not stale:
            return done
        assert done in ("moved", "nothing"), done
        worker.positions.pop(place, None)
        return await self._attempt(worker, place, batch)

    async def _attempt(
        self, worker: Worker, place: Place, batch: Sequence[tuple[Delivery, Entry]], connection: Any = None
    ) -> str:
        """As the inbox does it: sort out by the position in memory, apply, remember."""
        before = await worker.position(place)
        deliveries = [delivery for delivery, _entry in batch]
        found = sort_out(before, deliveries)
        if not found.fresh:
            return "nothing"
        after = position_after(before, found, deliveries[-1].offset)
        try:
            await apply_batch(
                connection or worker.connection, self.reading, self.partitions, found.fresh, before, after
            )
        except StopPartition:
            return "stopped"
        except PositionMoved:
            del worker.positions[place]
            return "moved"
        worker.positions[place] = after
        return "applied"

    @property
    def reading(self) -> Reading:
        """Matching as the release that is at work, with its faults."""

        def fail(workspace: Workspace, event: Event, context: Context) -> None:
            react(workspace, event, context)
            known = getattr(event, "payment_id", None) or getattr(event, "document_number", None)
            entity = getattr(event, "entity_id", None)
            if {known, f"{entity}:{known}"} & self.code_faults:
                raise ValueError("a fault of this release")

        return replace(READING, react=fail)

    # ---- Kills ----

    async def killed(self, place: Place, size: int, statements: int) -> None:
        """A worker is killed behind a statement of a batch, or behind its commit: with that its memory is gone."""
        worker = self.workers[0]
        await self._ask(place)
        batch = self.records[place][self.read_up_to(place) :][:size]
        entries = [entry for _delivery, entry in batch]
        done = await self._or_killed(
            lambda connection: self._attempt(worker, place, batch, connection), worker, statements
        )
        if done == "applied":
            assert self.model.apply(entries)
        await self._restart(0)

    async def released(
        self, topic: str, key: str, *, skip: bool, step: int = 1_000, statements: int | None = None
    ) -> None:
        """Somebody releases a parked key in steps of so many records, or is perhaps killed at the only step."""
        worker = self.workers[1]
        what = self._release(topic, key, skip=skip, step=step)
        if statements is None:
            done: Any = await what(worker.connection)
        else:
            done = await self._or_killed(what, worker, statements)
            await self._restart(1)
        if done != "killed":
            assert done.runs == self.model.release(topic, key, skip=skip)

    def _release(
        self, topic: str, key: str, *, skip: bool, step: int = 1_000
    ) -> Callable[[Any], Awaitable[Any]]:
        stands_at = self.model.stopped[topic, key][0].sequence
        chosen = Skip(stands_at, "M. Vasseur", "booked by hand") if skip else None
        return lambda connection: release_key(
            connection, self.reading, self.partitions, topic, key, skip=chosen, step_records_max=step
        )

    async def _or_killed(
        self, what: Callable[[Any], Awaitable[T]], worker: Worker, statements: int
    ) -> T | str:
        try:
            return await what(Dying(worker.connection, statements))
        except (Killed, asyncpg.InterfaceError, asyncpg.PostgresConnectionError):
            assert worker.connection.is_closed()
            return "killed"

    async def _restart(self, number: int) -> None:
        self.workers[number].connection.terminate()
        self.workers[number] = Worker(await asyncpg.connect(self._dsn))

    # ---- Two at once ----

    async def both_read(self, place: Place, first: int, second: int) -> None:
        """Two workers hold one partition, after a rebalance: one applies its batch, the other finds that it moved."""
        start = self.read_up_to(place)
        todo = self.records[place][start:]
        await self._ask(place)
        done = await self._meet(
            lambda one: self._attempt(self.workers[0], place, todo[:first], one),
            lambda two: self._attempt(self.workers[1], place, todo[:second], two),
        )
        entries = [entry for _delivery, entry in todo]
        if not entries:
            assert done == ["nothing", "nothing"]
        elif self.model.apply(entries[:first]):
            assert done == ["applied", "moved"], done
        else:
            assert done == ["stopped", "applied" if self.model.apply(entries[:second]) else "stopped"], done

    async def side_by_side(self, places: Sequence[Place], sizes: Sequence[int]) -> None:
        """Two workers apply batches of two partitions at once; the first commits first."""
        batches = [
            self.records[place][self.read_up_to(place) :][:size]
            for place, size in zip(places, sizes, strict=True)
        ]
        await self._ask(*places)
        done = await self._meet(
            lambda one: self._attempt(self.workers[0], places[0], batches[0], one),
            lambda two: self._attempt(self.workers[1], places[1], batches[1], two),
        )
        for batch, what in zip(batches, done, strict=True):
            entries = [entry for _delivery, entry in batch]
            wanted = "nothing" if not entries else "applied" if self.model.apply(entries) else "stopped"
            assert what == wanted, (what, wanted)

    async def released_meanwhile(self, topic: str, key: str, size: int, *, skip: bool) -> None:
        """A key is released while a worker has a batch of its partition written, and not committed."""
        place = self.model.stopped[topic, key][0].place
        batch = self.records[place][self.read_up_to(place) :][:size]
        release = self._release(topic, key, skip=skip)
        await self._ask(place)
        done, released = await self._meet(
            lambda one: self._attempt(self.workers[0], place, batch, one), release
        )
        entries = [entry for _delivery, entry in batch]
        wanted = "nothing" if not entries else "applied" if self.model.apply(entries) else "stopped"
        assert done == wanted, (done, wanted)
        assert released.runs == self.model.release(topic, key, skip=skip)

    async def _ask(self, *places: Place) -> None:
        """Both workers know where the partition stands."""
        for worker in self.workers:
            for place in places:
                worker.positions.pop(place, None)
                await worker.position(place)

    async def _meet(
        self,
        first: Callable[[Any], Coroutine[Any, Any, Any]],
        second: Callable[[Any], Coroutine[Any, Any, Any]],
    ) -> list[Any]:
        """The second begins when the first has written everything, and the first commits when the second waits for
        it or has written everything too.
        """
        one, two = (Unhurried(worker.connection) for worker in self.workers)
        leader = asyncio.create_task(first(one))
        await _first_of(leader, one.written)
        follower = asyncio.create_task(second(two))

        async def met() -> bool:
            waits = "select cardinality(pg_blocking_pids($1)) > 0"
            return two.written.is_set() or follower.done() or await self.looker.fetchval(waits, two.pid)

        await until(met, "the second meets the first", MEETING_SECONDS)
        one.may_commit.set()
        results = [await leader]
        two.may_commit.set()
        return [*results, await follower]


def _unreadable(delivery: Delivery) -> Delivery:
    event = replace(delivery.entry.event, payload=b"no JSON")
    return replace(delivery, entry=replace(delivery.entry, event=event))


async def _first_of(task: asyncio.Task[Any], event: asyncio.Event) -> None:
    waiting = asyncio.create_task(event.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


def as_event(what: Document | Money | Customer | Tick, topic: str) -> Event:
    """What the publisher would publish."""
    match what:
        case Document(corrects=None) as d:
            return invoice(
                d.number, d.amount, d.customer, entity=d.entity, currency=d.currency, reference=d.reference
            )
        case Document() as d:
            return credit_note(
                d.number, d.corrects or "", d.amount, d.customer, entity=d.entity, currency=d.currency
            )
        case Money() as m:
            references = sorted(name for name in m.names if name.startswith("RF"))
            numbers = sorted(m.names - set(references))
            texts = [*references[1:], *numbers]
            return payment(
                m.name,
                m.amount,
                ", ".join(texts) or None,
                reference=references[0] if references else None,
                entity=m.entity,
                currency=m.currency,
                booked=m.booked,
            )
        case Customer() as c:
            return CustomerRegistered(customer_id=c.customer, name=c.name)
        case Tick() as t:
            return (invoicing_closed if topic == INVOICING else payments_closed)(t.day, *t.entities)
