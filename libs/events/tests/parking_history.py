"""A parked key's life in the clerk's office, by the real code: for tests of whatever reads such a history.

`live_through` leaves a history with a skip, a release that stopped a second time and ran then, one that went in steps,
and a key that was parked again after it ran and waits still.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg
import clerk
from clerk import RAISES
from toys import Deposited

from lettra_events.kafka.reading import Context
from lettra_events.kafka.releasing import Release, Skip, release_key

if TYPE_CHECKING:
    from consuming import Office

    from lettra_events.decisions.workspace import Workspace

React = Callable[["Workspace", Any, Context], None]
WORSE = f"{RAISES}, nor can his successor"
SKIP = Skip(3, "anna", "the bank withdrew it")


def mended(workspace: Workspace, event: Any, context: Context) -> None:
    """The clerk of the next release, who can read what the one before could not."""
    read = event.model_copy(update={"note": ""}) if isinstance(event, Deposited) else event
    clerk.react(workspace, read, context)


def half_mended(workspace: Workspace, event: Any, context: Context) -> None:
    """The clerk of a release that mends some of it."""
    if isinstance(event, Deposited) and event.note == WORSE:
        raise LookupError(WORSE)
    mended(workspace, event, context)


def deposit(account: str, amount: int = 1, note: str = "") -> Deposited:
    return Deposited(account=account, amount=amount, note=note)


async def release(
    office: Office,
    react: React = clerk.react,
    *,
    key: str = "bad",
    skip: Skip | None = None,
    step: int = 500,
    **reading: Any,
) -> Release:
    """Release a key with this reaction, on a connection of its own."""
    connection = await asyncpg.connect(office.dsn, server_settings={"application_name": "release"})
    try:
        return await release_key(
            connection,
            clerk.reading(office.topic, react=react, **reading),
            {office.topic: office.partitions},
            office.topic,
            key,
            skip=skip,
            step_records_max=step,
        )
    finally:
        await connection.close()


@dataclass(frozen=True)
class Lived:
    """What was written, by sequence from 1; which of it was skipped; and what waits, by key."""

    written: Sequence[Deposited]
    skipped: frozenset[int]
    waiting: Mapping[str, Sequence[int]]

    def applied(self) -> list[tuple[int, Deposited]]:
        """What must be applied, each with its sequence."""
        left_out = self.skipped | {sequence for waiting in self.waiting.values() for sequence in waiting}
        return [(n, one) for n, one in enumerate(self.written, 1) if n not in left_out]


FIRST = [
    deposit("good"),
    deposit("skips", 5),
    deposit("skips", 150, RAISES),  # 3: parked, and skipped
    deposit("skips", 7),
    deposit("twice", 1, RAISES),  # 5: parked
    deposit("twice", 2, WORSE),  # 6: where the first release stops
    deposit("twice", 3),
    deposit("again", 1, RAISES),  # 8: parked
    deposit("again", 2),
    deposit("again", 3),
]
THEN = [
    deposit("again", 4, RAISES),  # 11: parked again
    deposit("good", 2),
    deposit("again", 5),
]


async def live_through(office: Office) -> Lived:
    """Make the history in an office of one partition in which nothing was written yet."""
    async with office.reader() as reader:
        await office.write(*FIRST)
        await reader.read_all()
    assert (await release(office, key="skips", skip=SKIP)).runs
    assert (await release(office, half_mended, key="twice")).stopped_at == 6
    assert (await release(office, mended, key="twice")).runs
    assert (await release(office, mended, key="again", step=1)).runs
    async with office.reader() as reader:
        await office.write(*THEN)
        await reader.read_all()
    return Lived([*FIRST, *THEN], frozenset({SKIP.sequence}), {"again": [11, 13]})
