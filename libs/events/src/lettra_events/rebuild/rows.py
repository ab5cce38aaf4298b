"""Rows between the events and the tables: folded in memory, written in bulk, in flat memory however many there are.

Whoever folds here is alone with its rows. So a row that was changed a hundred times is written once, what is still in
memory is not read again, and a row that was never seen is known not to exist as long as nothing was forgotten.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import asyncpg

from lettra_events.decisions.tables import Change, Key, Table
from lettra_events.rebuild.errors import RebuildError
from lettra_events.store import rows as stored
from lettra_events.store.append import Connection

DIRTY_MAX = 20_000
"""Changed rows that wait to be written."""
KEPT_MAX = 40_000
"""Rows of a table in memory, about; those not used for longest are forgotten."""
_UNKNOWN = object()
_NO_ROW = (
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.DataError,
    ValueError,
    TypeError,
    AttributeError,
)
_SHARED = 0x1E77_0007
T = TypeVar("T")
Changes = Sequence[tuple[T, Sequence[Change[Any]]]]
"""What each of some causes changes, in order."""
T_contra = TypeVar("T_contra", contravariant=True)


class Blame(Protocol[T_contra]):
    """Makes the error that names the entry of which a change could not be applied."""

    def __call__(self, cause: T_contra, error: Exception, /) -> RebuildError: ...


@dataclass(slots=True)
class _Rows:
    """The rows of one table. `older` are those not used since the last turn; None says that there is no row.

    `complete`: nothing was forgotten and the table began empty, so what is not here does not exist.
    """

    young: dict[Key, Any] = field(default_factory=dict)
    older: dict[Key, Any] = field(default_factory=dict)
    dirty: dict[Key, Any] = field(default_factory=dict)
    complete: bool = True

    def find(self, key: Key) -> Any:
        found = self.young.get(key, _UNKNOWN)
        if found is _UNKNOWN:
            found = self.older.get(key, _UNKNOWN)
            if found is not _UNKNOWN:
                self.young[key] = found
        return found

    def take_dirty(self) -> dict[Key, Any]:
        """What is to be written now, once what was taken before has arrived; then some may be forgotten."""
        taken, self.dirty = self.dirty, {}
        if len(self.young) > KEPT_MAX // 2:
            if self.older:
                self.complete = False
            self.older, self.young = self.young, {}
        return taken


class RowsInMemory:
    """Folds changes into the tables of the connections' schema, which must begin empty.

    Two connections: one writes while the other reads and the next changes are folded.
    """

    def __init__(self, tables: Iterable[Table[Any]], reading: Connection, writing: Connection) -> None:
        self._rows = {table: _Rows() for table in tables}
        self._reading = reading
        self._writing = writing
        self._written: asyncio.Task[None] | None = None

    @property
    def complete(self) -> bool:
        """Whether every row is in memory."""
        return all(rows.complete for rows in self._rows.values())

    async def expect(self, changes: Iterable[Change[Any]]) -> None:
        """Have in memory what these changes look at."""
        wanted: dict[Table[Any], set[Key]] = {}
        for one in changes:
            rows = self._rows.get(one.table)
            if rows and not (rows.complete or one.blind) and rows.find(one.key) is _UNKNOWN:
                wanted.setdefault(one.table, set()).add(one.key)
        for table, keys in wanted.items():
            known = self._rows[table].young
            known.update(dict.fromkeys(keys))
            for row in await stored.load(self._reading, table, keys):
                known[table.key_of(row)] = row

    def apply(self, one: Change[Any]) -> None:
        """Fold one change whose row was expected."""
        rows = self._rows.get(one.table)
        if rows is None:
            raise _unnamed(one.table)
        key = one.key
        before = rows.find(key)
        after = one.apply(None if before is _UNKNOWN else before)
        if after is None and before is None:
            return
        rows.young[key] = rows.dirty[key] = after

    async def write_when_many(self) -> None:
        """Start to write what has changed, if it is much; returns before it is written."""
        if sum(len(rows.dirty) for rows in self._rows.values()) >= DIRTY_MAX:
            await self.start_writing()

    async def start_writing(self) -> None:
        """Start to write all that has changed, once what is under way is written."""
        await self._wait()
        batches = [(table, rows.take_dirty()) for table, rows in self._rows.items() if rows.dirty]
        self._written = asyncio.create_task(self._write(batches))

    async def finish(self) -> None:
        """All that was changed is committed."""
        await self.start_writing()
        await self._wait()

    async def _wait(self) -> None:
        if self._written is not None:
            await self._written
            self._written = None

    async def _write(self, batches: Sequence[tuple[Table[Any], dict[Key, Any]]]) -> None:
        for table, changed in batches:
            await write_rows(self._writing, table, changed)


class Rows:
    """All tables of a rebuild, as one worker folds into them.

    `shared`: tables that workers change together. Of these nothing is kept in memory: what a batch does to them is
    one transaction under a lock, as it is when a service consumes.
    """

    def __init__(
        self,
        tables: Iterable[Table[Any]],
        reading: Connection,
        writing: Connection,
        shared: Iterable[Table[Any]] = (),
    ) -> None:
        self._shared = frozenset(shared)
        self._own = RowsInMemory((t for t in tables if t not in self._shared), reading, writing)
        self._connection = reading

    async def fold(self, changes: Changes[T], blame: Blame[T]) -> None:
        """Fold what each of these makes, in order. What `apply` raises, `blame` makes an error of."""
        if self._shared:
            changes = await self._without_shared(changes, blame)
        if not self._own.complete:
            await self._own.expect([one for _, several in changes for one in several])
        apply = self._own.apply
        for cause, several in changes:
            for one in several:
                try:
                    apply(one)
                except RebuildError:
                    raise
                except Exception as error:
                    raise blame(cause, error) from error
        await self._own.write_when_many()

    async def _without_shared(self, changes: Changes[T], blame: Blame[T]) -> Changes[T]:
        shared = [(cause, one) for cause, several in changes for one in several if one.table in self._shared]
        if not shared:
            return changes
        await self._fold_shared(shared, blame)
        return [
            (cause, [one for one in several if one.table not in self._shared]) for cause, several in changes
        ]

    async def finish(self) -> None:
        """All that was folded is committed."""
        await self._own.finish()

    async def _fold_shared(self, changes: Sequence[tuple[T, Change[Any]]], blame: Blame[T]) -> None:
        keys: dict[Table[Any], set[Key]] = {}
        for _, one in changes:
            keys.setdefault(one.table, set()).add(one.key)
        async with self._connection.transaction():
            await self._connection.execute("select pg_advisory_xact_lock($1)", _SHARED)
            rows: dict[Table[Any], dict[Key, Any]] = {table: {} for table in keys}
            for table, wanted in keys.items():
                rows[table] = {
                    table.key_of(row): row for row in await stored.load(self._connection, table, wanted)
                }
            for cause, one in changes:
                try:
                    rows[one.table][one.key] = one.apply(rows[one.table].get(one.key))
                except RebuildError:
                    raise
                except Exception as error:
                    raise blame(cause, error) from error
            for table, changed in rows.items():
                await write_rows(self._connection, table, changed)


def _unnamed(table: Table[Any]) -> RebuildError:
    return RebuildError(
        f"the events change the table {table.name}, which the service does not name among those to be rebuilt;"
        " add it to `state` or `projections` of its Service"
    )


async def write_rows(connection: Connection, table: Table[Any], changed: dict[Key, Any]) -> None:
    """Write the rows and delete those that are None; `RebuildError` names a row that the table does not take."""
    rows = [row for row in changed.values() if row is not None]
    try:
        for row in rows:
            table.check(row)
        await stored.write(connection, table, rows)
        await stored.delete(connection, table, [key for key, row in changed.items() if row is None])
    except _NO_ROW as error:
        raise RebuildError(
            f"the table {table.name} does not take a row that the events make: {error}"
        ) from None
