"""Compacted topics: the present rows of a table, one record a key, erased by a tombstone. Pure.

A decision that changes a row also says so, in the same transaction: `workspace.apply(topic.changed(key, revision))`.
What is published afterwards (`lettra_events.kafka.compacted`) is the row as it is then, so that a pending change
holds no copy of what may have to be erased.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from lettra_events.decisions.tables import Change, Row, Table, put

R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class PendingChange:
    """A key whose present row is not published yet."""

    topic: str
    key: str
    revision: int


PENDING_CHANGES: Table[PendingChange] = Table("compacted_changes", PendingChange, key=("topic", "key"))


@dataclass(frozen=True, eq=False)
class CompactedTopic(Generic[R]):
    """A topic that holds the rows of one table: the record's key is the row's only key column, a text.

    `encode` gives the record's value.
    """

    topic: str
    table: Table[R]
    encode: Callable[[R], bytes]

    def changed(self, key: str, revision: int) -> Change[Any]:
        """The row of this key has changed, or is gone.

        `revision` must differ from those of all other changes of the key: the version of the stream that decided it.
        """
        return put(PENDING_CHANGES, PendingChange(self.topic, key, revision))
