"""The workspace: a decision's view of the rows that it needs, and what it decides.

Decisions are plain synchronous functions over a `Workspace`, as if every row were in memory. A row that is not
there raises `Missing`; the runner (`lettra_events.store.running`) collects what all decisions of the batch miss,
fetches it under locks, and starts the batch over. So deciding stays pure, each row is read once, locks are taken
in one sorted sweep, and what is decided does not depend on where a batch ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, cast
from uuid import UUID

from lettra_events.contracts._registry import Event
from lettra_events.decisions.tables import Change, Key, Row, Table
from lettra_events.envelope import derived_id
from lettra_events.errors import StaleVersion

R = TypeVar("R", bound=Row)
T = TypeVar("T")
U = TypeVar("U")

NEW_STREAM = 0
Evolve = Callable[[Event], Iterable[Change[Any]]]
"""Which state rows an own event changes, and how."""


def no_state(_event: Event) -> Iterable[Change[Any]]:
    """For a service without state tables."""
    return ()


@dataclass(slots=True)
class Needs:
    """What decisions asked for and did not find in memory."""

    streams: set[str] = field(default_factory=set)
    guards: set[str] = field(default_factory=set)
    rows: set[tuple[Table[Any], Key]] = field(default_factory=set)
    finds: set[tuple[Table[Any], str, Any]] = field(default_factory=set)

    def add(self, other: Needs) -> None:
        self.streams |= other.streams
        self.guards |= other.guards
        self.rows |= other.rows
        self.finds |= other.finds

    def __bool__(self) -> bool:
        return bool(self.streams or self.guards or self.rows or self.finds)


class Missing(Exception):
    """A decision needs more than is in memory; not an error, the runner fetches it and starts over."""

    def __init__(self, needs: Needs) -> None:
        super().__init__("more rows are needed")
        self.needs = needs


@dataclass(frozen=True, slots=True)
class Staged:
    """An event on its way into the store, with its id and what caused it."""

    event: Event
    event_id: UUID
    correlation_id: str
    causation_id: str


@dataclass(frozen=True, slots=True)
class Cause:
    """What a decision is made for; the ids of its events follow from `cause_id`."""

    cause_id: UUID | str
    correlation_id: str
    reaction: str


_Restore = Callable[[], None]
_UNKNOWN = object()
"""In place of a row that was not fetched: None would say that there is none."""


class Workspace:
    """Rows in memory, the decisions taken on them, and the savepoint of the decision in progress.

    With `everything_loaded` an absent row simply does not exist: for tests without a database.
    """

    def __init__(self, evolve: Evolve = no_state, *, everything_loaded: bool = False) -> None:
        self._evolve = evolve
        self._all = everything_loaded
        self._rows: dict[Table[Any], dict[Key, Any]] = {}
        self._changed: dict[Table[Any], set[Key]] = {}
        self._found: dict[tuple[Table[Any], str], dict[Any, set[Key]]] = {}
        self._versions: dict[str, int] = {}
        self._guards: set[str] = set()
        self._created: set[str] = set()
        self._undo: list[_Restore] = []
        self._mark = 0
        self._cause = Cause("none", "none", "none")
        self._index = 0
        self.staged: list[Staged] = []

    # -- reading ---------------------------------------------------------------------------------------------

    def get(self, table: Table[R], *key: Any) -> R | None:
        """The row of this key, None if there is none. Deciding on it locks the stream that guards it."""
        return self.get_many(table, [key])[0]

    def get_many(self, table: Table[R], keys: Iterable[Key]) -> list[R | None]:
        """As `get`, for several keys at once (they are fetched together)."""
        wanted = list(keys)
        needs = Needs()
        loaded = self._rows.setdefault(table, {})
        for key in wanted:
            self._need_guard(needs, table, key)
            if key not in loaded and not self._all:
                needs.rows.add((table, key))
        self._raise(needs)
        return [cast("R | None", loaded.get(key)) for key in wanted]

    def expect(
        self, *rows: tuple[Table[Any], Key], finds: Iterable[tuple[Table[Any], str, Any]] = ()
    ) -> None:
        """Say at once what the decision will read, of any tables, so that it is fetched together."""
        needs = Needs()
        for table, key in rows:
            self._need_guard(needs, table, key)
            if key not in self._rows.setdefault(table, {}) and not self._all:
                needs.rows.add((table, key))
        for table, column, value in finds:
            self._need_find(needs, table, column, value)
        self._raise(needs)

    def peek(self, table: Table[R], *key: Any) -> R | None:
        """The row if it is in memory; for what was asked for by `expect` just before, and may be missing still."""
        return cast("R | None", self._rows.get(table, {}).get(key))

    def _need_find(self, needs: Needs, table: Table[Any], column: str, value: Any) -> None:
        if table.guard is not None:
            self._need_index(needs, table, column, value)
        if value not in self._found.setdefault((table, column), {}) and not self._all:
            needs.finds.add((table, column, value))

    def find(self, table: Table[R], column: str, *values: Any) -> list[R]:
        """The rows whose column has (an array: contains) one of the values, in the order of their keys.

        Nobody can add or take away such a row until this decision is committed.
        """
        if column not in table.finds:
            raise LookupError(f"{table.name}: rows are not found by {column}, it is not in `finds`")
        needs = Needs()
        index = self._found.setdefault((table, column), {})
        keys: set[Key] = set()
        for value in values:
            self._need_find(needs, table, column, value)
            keys |= index.get(value, set())
        for key in keys:
            self._need_guard(needs, table, key)
        self._raise(needs)
        rows = self._rows.get(table, {})
        return [cast("R", rows[key]) for key in sorted(keys)]

    def version(self, stream_id: str) -> int:
        """The stream's version, this decision's own events included; 0 for a new stream. Locks the stream."""
        if stream_id not in self._versions and not self._all:
            raise Missing(Needs(streams={stream_id}))
        return self._versions.get(stream_id, 0)

    # -- deciding --------------------------------------------------------------------------------------------

    def begin(self, cause: Cause) -> None:
        """Start a decision: a savepoint that `discard` returns to."""
        self._cause = cause
        self._index = 0
        self._mark = len(self._undo)

    def discard(self) -> None:
        """Undo everything since `begin`."""
        while len(self._undo) > self._mark:
            self._undo.pop()()
        self._index = 0

    def reset(self) -> None:
        """Undo every decision; what was loaded and locked stays."""
        self._mark = 0
        self.discard()

    def append(self, *events: Event) -> None:
        """Decide these events: they are appended at commit, and the state rows change at once."""
        for event in events:
            stream = event.stream_id()
            version = self.version(stream)
            changes = list(self._evolve(event))
            for one in changes:
                self.apply(one)
            self._versions[stream] = version + 1
            self.staged.append(self._stage(event))
            self._undo.append(partial(self._unstage, stream, version))

    def _unstage(self, stream: str, version: int) -> None:
        self.staged.pop()
        self._versions[stream] = version

    def create(self, event: Event) -> None:
        """Decide the first event of a stream that must be new. It needs no lock beforehand.

        Whether somebody else created it meanwhile shows at commit, as `StaleVersion`.
        """
        stream = event.stream_id()
        if stream not in self._versions:
            self._versions[stream] = NEW_STREAM
            self._created.add(stream)
            self._undo.append(partial(self._uncreate, stream))
        elif self._versions[stream] != NEW_STREAM:
            raise StaleVersion(stream, NEW_STREAM, self._versions[stream])
        self.append(event)

    def _uncreate(self, stream: str) -> None:
        self._created.discard(stream)
        del self._versions[stream]

    def apply(self, one: Change[Any]) -> None:
        """Fold one change into the rows."""
        before = self._row_to_change(one)
        after = one.apply(before)
        if after == before:
            return
        if after is not None:
            one.table.check(after)
        self._need_indexes(one.table, before, after)
        self._change(one.table, one.key, after)

    def _row_to_change(self, one: Change[Any]) -> Any:
        loaded = self._rows.setdefault(one.table, {})
        needs = Needs()
        self._need_guard(needs, one.table, one.key)
        new = one.table.guard is not None and one.table.guard(one.key) in self._created
        if one.key not in loaded and not self._all and not new:
            needs.rows.add((one.table, one.key))
        self._raise(needs)
        return loaded.get(one.key)

    def _stage(self, event: Event) -> Staged:
        cause = self._cause
        event_id = derived_id(cause.cause_id, cause.reaction, self._index)
        self._index += 1
        return Staged(event, event_id, cause.correlation_id, str(cause.cause_id))

    # -- locks -----------------------------------------------------------------------------------------------

    def _need_guard(self, needs: Needs, table: Table[Any], key: Key) -> None:
        if table.guard is not None and not self._all:
            stream = table.guard(key)
            if stream not in self._versions:
                needs.streams.add(stream)

    def _need_index(self, needs: Needs, table: Table[Any], column: str, value: Any) -> None:
        name = f"{table.name}.{column}:{value}"
        if name not in self._guards and not self._all:
            needs.guards.add(name)

    def _need_indexes(self, table: Table[Any], before: Any, after: Any) -> None:
        if table.guard is None:
            return
        needs = Needs()
        for column in table.finds:
            for value in _values(before, column) ^ _values(after, column):
                self._need_index(needs, table, column, value)
        self._raise(needs)

    def _raise(self, needs: Needs) -> None:
        if needs:
            raise Missing(needs)

    # -- rows ------------------------------------------------------------------------------------------------

    def _change(self, table: Table[Any], key: Key, row: Any) -> None:
        known = self._rows[table].get(key, _UNKNOWN)
        changed = self._changed.setdefault(table, set())
        self._undo.append(partial(self._restore, table, key, known, key in changed))
        self._set(table, key, row)
        changed.add(key)

    def _restore(self, table: Table[Any], key: Key, known: Any, changed: bool) -> None:
        self._set(table, key, known)
        if known is _UNKNOWN:
            del self._rows[table][key]
        if not changed:
            self._changed[table].discard(key)

    def _set(self, table: Table[Any], key: Key, row: Any) -> None:
        rows = self._rows[table]
        self._reindex(table, key, rows.get(key), row)
        rows[key] = row

    def _reindex(self, table: Table[Any], key: Key, before: Any, after: Any) -> None:
        for column in table.finds:
            index = self._found.setdefault((table, column), {})
            for value in _values(before, column) - _values(after, column):
                index.get(value, set()).discard(key)
            for value in _values(after, column) - _values(before, column):
                if value in index or self._all:
                    index.setdefault(value, set()).add(key)

    def loaded(self, table: Table[R], keys: Iterable[Key], rows: Iterable[R]) -> None:
        """The runner's: these keys were read, and these rows are what there is of them."""
        known = self._rows.setdefault(table, {})
        for key in keys:
            known.setdefault(key, None)
        for row in rows:
            key = table.key_of(row)
            known[key] = row
            for column in table.finds:
                for value in _values(row, column):
                    index = self._found.setdefault((table, column), {})
                    if value in index:
                        index[value].add(key)

    def looked_up(self, table: Table[R], column: str, values: Iterable[Any], rows: Iterable[R]) -> None:
        """The runner's: the column was searched for these values, and these rows are what was found."""
        index = self._found.setdefault((table, column), {})
        for value in values:
            index.setdefault(value, set())
        found = list(rows)
        self.loaded(table, [], found)

    def locked(self, versions: dict[str, int], guards: Iterable[str]) -> None:
        """The runner's: these streams are locked at these versions, and these guards are held."""
        self._versions.update(versions)
        self._guards.update(guards)

    def expected_versions(self) -> dict[str, int]:
        """Per stream of the staged events: the version that the decisions were taken on."""
        expected = {item.event.stream_id(): 0 for item in self.staged}
        for item in self.staged:
            expected[item.event.stream_id()] += 1
        return {stream: self._versions[stream] - count for stream, count in expected.items()}

    def changes(self) -> Iterator[tuple[Table[Any], list[Any], list[Key]]]:
        """Per changed table, by name: the rows to write and the keys to delete, each in the order of the keys."""
        for table in sorted(self._changed, key=lambda t: t.name):
            keys = sorted(self._changed[table])
            rows = self._rows[table]
            written = [rows[key] for key in keys if rows[key] is not None]
            yield table, written, [key for key in keys if rows[key] is None]


def _values(row: Any, column: str) -> set[Any]:
    value = getattr(row, column, None)
    if value is None:
        return set()
    return set(value) if isinstance(value, tuple) else {value}


def for_each(items: Iterable[T], decide: Callable[[T], U]) -> list[U]:
    """Decide on many items in order, collecting what all of them miss, so that it is fetched in one go."""
    needs = Needs()
    results = []
    for item in items:
        try:
            results.append(decide(item))
        except Missing as missing:
            needs.add(missing.needs)
        except Exception:
            # Decided beside rows that are not there yet, this error says nothing.
            if not needs:
                raise
    if needs:
        raise Missing(needs)
    return results
