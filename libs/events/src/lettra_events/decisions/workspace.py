"""The workspace: a decision's view of the rows that it needs, and what it decides.

Decisions are plain synchronous functions over a `Workspace`, as if every row were in memory. A row that is not
there raises `Missing`; the runner (`lettra_events.store.running`) collects what all decisions of the batch miss,
fetches it under locks, and starts the batch over. So deciding stays pure, each row is read once, locks are taken
in one sorted sweep, and what is decided does not depend on where a batch ends.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from operator import methodcaller
from typing import Any, TypeVar, cast
from uuid import UUID

from lettra_events.contracts._registry import Event
from lettra_events.decisions.needs import Missing, Needs
from lettra_events.decisions.tables import Change, Key, Row, Table
from lettra_events.envelope import derived_id
from lettra_events.errors import StaleVersion

R = TypeVar("R", bound=Row)
T = TypeVar("T")
U = TypeVar("U")

NEW_STREAM = 0
CROWD_MARGIN = 1_000
"""By how many rows more a crowd is looked at once some of them are taken out of it."""
Evolve = Callable[[Event], Iterable[Change[Any]]]
"""Which state rows an own event changes, and how."""


def no_state(_event: Event) -> Iterable[Change[Any]]:
    """For a service without state tables."""
    return ()


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


_Restore = Callable[["Workspace"], None]
"""Named by the method's name: bound to its workspace it would keep a whole batch until the collector comes by."""
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
        self._crowds: dict[tuple[Table[Any], str], dict[Any, int]] = {}
        self._gone: dict[tuple[Table[Any], str], dict[Any, int]] = {}
        self._versions: dict[str, int] = {}
        self._guards: set[str] = set()
        self._unlocked: set[str] = set()
        self._unlocked_here: set[str] = set()
        self._created: set[str] = set()
        self._foreseen: set[str] = set()
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

    def foresee(self, what: str, ask: Callable[[], object]) -> None:
        """Ask for what will be needed: once over nothing, and once more on what that brought (store/running.py).

        `ask` only reads, and nothing depends on it: where all rows are in memory it is not called.
        """
        if what not in self._foreseen and not self._all:
            self._foreseen.add(what)
            ask()

    def expect(
        self,
        *rows: tuple[Table[Any], Key],
        finds: Iterable[tuple[Table[Any], str, Any]] = (),
        streams: Iterable[str] = (),
    ) -> None:
        """Say at once what the decision will read, of any tables, so that it is fetched together.

        `streams`: those that guard what the finds will show.
        """
        needs = Needs()
        if not self._all:
            needs.streams.update(stream for stream in streams if stream not in self._versions)
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

    def find_few(
        self, table: Table[R], column: str, values: Iterable[Any], at_most: int
    ) -> dict[Any, list[R]]:
        """Per value that some rows bear: these rows. A value that more than `at_most` bear is left out, unread.

        As with `find` nobody can add or take away such a row.
        """
        if column not in table.finds:
            raise LookupError(f"{table.name}: rows are not found by {column}, it is not in `finds`")
        wanted = list(dict.fromkeys(values))
        needs = Needs()
        index = self._found.setdefault((table, column), {})
        found: dict[Any, set[Key]] = {}
        for value in wanted:
            self._need_few(needs, table, column, value, at_most)
            keys = index.get(value, set())
            if 0 < len(keys) <= at_most:
                found[value] = keys
        for keys in found.values():
            for key in keys:
                self._need_guard(needs, table, key)
        self._raise(needs)
        rows = self._rows.get(table, {})
        return {value: [cast("R", rows[key]) for key in sorted(keys)] for value, keys in found.items()}

    def known_keys(self, table: Table[Any], column: str, value: Any) -> set[Key]:
        """The keys of rows that are known in memory to have the value: to foresee what a decision will need."""
        return set(self._found.get((table, column), {}).get(value, ()))

    def _need_few(self, needs: Needs, table: Table[Any], column: str, value: Any, at_most: int) -> None:
        if table.guard is not None:
            self._need_index(needs, table, column, value)
        if value in self._found[table, column] or self._all:
            return
        gone = self._gone.get((table, column), {}).get(value, 0)
        exceeded = self._crowds.get((table, column), {}).get(value)
        if exceeded is None:
            needs.few.add((table, column, value, at_most))
        elif exceeded < at_most + gone:
            # It was a crowd before rows of this batch left it: see how far it is from being one.
            needs.few.add((table, column, value, at_most + max(CROWD_MARGIN, 2 * gone)))

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
        self._unlocked_here = set()

    def discard(self) -> None:
        """Undo everything since `begin`."""
        while len(self._undo) > self._mark:
            self._undo.pop()(self)
        self._index = 0

    def reset(self) -> None:
        """Undo every decision; what was loaded and locked stays."""
        self._mark = 0
        self.discard()

    def append(self, *events: Event) -> None:
        """Decide these events: they are appended at commit, and the state rows change at once."""
        decided = [(event, list(self._evolve(event))) for event in events]
        self._foresee(decided)
        for event, changes in decided:
            stream = event.stream_id()
            version = self.version(stream)
            for one in changes:
                self.apply(one)
            self._versions[stream] = version + 1
            self.staged.append(self._stage(event))
            self._undo.append(methodcaller("_unstage", stream, version))

    def _foresee(self, decided: Iterable[tuple[Event, list[Change[Any]]]]) -> None:
        """Ask at once for all that the events will need, as far as that shows before they are folded."""
        if self._all:
            return
        needs = Needs()
        for event, changes in decided:
            if event.stream_id() not in self._versions:
                needs.streams.add(event.stream_id())
            for one in changes:
                self._need_row(needs, one)
                if one.blind and one.table.guard is not None and (after := one.apply(None)) is not None:
                    for column in one.table.finds:
                        for value in _values(after, column):
                            self._lock_later(one.table, column, value)
        self._raise(needs)

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
            self._undo.append(methodcaller("_uncreate", stream))
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
        needs = Needs()
        self._need_row(needs, one)
        self._raise(needs)
        return self._rows[one.table].get(one.key)

    def _need_row(self, needs: Needs, one: Change[Any]) -> None:
        loaded = self._rows.setdefault(one.table, {})
        self._need_guard(needs, one.table, one.key)
        if one.key not in loaded and not self._all and not self._need_not_be_read(one):
            needs.rows.add((one.table, one.key))

    def _need_not_be_read(self, one: Change[Any]) -> bool:
        """A row of a new stream, or one that is put, whatever it was, and that nobody finds by what it was."""
        if one.table.guard is not None and one.table.guard(one.key) in self._created:
            return True
        return one.blind and not one.table.finds and one.apply(None) is not None

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
        """What is found by more values than before locks these. Nothing is read for it, so deciding goes on.

        Values by which it is found no longer are not locked: whoever found it by them has locked its stream.
        """
        if table.guard is None:
            return
        for column in table.finds:
            for value in _values(after, column) - _values(before, column):
                self._lock_later(table, column, value)

    def _lock_later(self, table: Table[Any], column: str, value: Any) -> None:
        needs = Needs()
        self._need_index(needs, table, column, value)
        for name in needs.guards - self._unlocked:
            self._unlocked.add(name)
            self._unlocked_here.add(name)
            self._undo.append(methodcaller("_lock_no_more", name))

    def _lock_no_more(self, name: str) -> None:
        self._unlocked.discard(name)
        self._unlocked_here.discard(name)

    @property
    def unlocked(self) -> Needs:
        """The runner's: locks without which what is decided so far must not be written."""
        return Needs(guards=set(self._unlocked))

    def _raise(self, needs: Needs) -> None:
        if needs:
            # Whoever discards the decision for it must not forget what it would have locked.
            needs.guards |= self._unlocked_here
            raise Missing(needs)

    # -- rows ------------------------------------------------------------------------------------------------

    def _change(self, table: Table[Any], key: Key, row: Any) -> None:
        known = self._rows[table].get(key, _UNKNOWN)
        changed = self._changed.setdefault(table, set())
        self._undo.append(methodcaller("_restore", table, key, known, key in changed))
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
                self._count_gone(table, column, value, 1)
            for value in _values(after, column) - _values(before, column):
                if value in index or self._all:
                    index.setdefault(value, set()).add(key)
                self._count_gone(table, column, value, -1)

    def _count_gone(self, table: Table[Any], column: str, value: Any, count: int) -> None:
        """How many rows of a crowd this transaction's decisions have taken out of it."""
        if value in self._crowds.get((table, column), {}):
            gone = self._gone.setdefault((table, column), {})
            gone[value] = gone.get(value, 0) + count

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

    def guarded_by(self, streams: Collection[str]) -> dict[Table[Any], list[Key]]:
        """The runner's: the rows in memory that these streams guard."""
        guarded: dict[Table[Any], list[Key]] = {}
        for table, rows in self._rows.items():
            if table.guard is not None:
                guarded[table] = [key for key in rows if table.guard(key) in streams]
        return {table: keys for table, keys in guarded.items() if keys}

    def reloaded(self, table: Table[R], keys: Iterable[Key], rows: Iterable[R]) -> None:
        """The runner's: these keys were read again, now that nobody else can change them."""
        now = {table.key_of(row): row for row in rows}
        for key in keys:
            before = self._rows[table].pop(key)
            after = now.get(key)
            for column in table.finds:
                for value in _values(before, column) - _values(after, column):
                    self._found.get((table, column), {}).get(value, set()).discard(key)
        self.loaded(table, keys, now.values())

    def looked_up(self, table: Table[R], column: str, values: Iterable[Any], rows: Iterable[R]) -> None:
        """The runner's: the column was searched for these values, and these rows are what was found."""
        index = self._found.setdefault((table, column), {})
        for value in values:
            index.setdefault(value, set())
        found = list(rows)
        self.loaded(table, [], found)

    def crowded(self, table: Table[Any], column: str, at_most: int, values: Iterable[Any]) -> None:
        """The runner's: more rows than this bear each of these values."""
        crowds = self._crowds.setdefault((table, column), {})
        crowds.update((value, max(at_most, crowds.get(value, 0))) for value in values)

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
