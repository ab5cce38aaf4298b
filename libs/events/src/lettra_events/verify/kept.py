"""What is kept beside the history, against the digests that the events have of it."""

from __future__ import annotations

from typing import Any

from lettra_events.progress import Progress
from lettra_events.service.service import Kept, Service
from lettra_events.store.append import Connection
from lettra_events.verify.finding import Finding, Kind, Unsound


async def check_kept(connection: Connection, service: Service, progress: Progress) -> int:
    """How many rows were compared. `connection` is in the snapshot. Raises `Unsound` at the first difference."""
    count = 0
    for number, kept in enumerate(service.kept):
        progress(f"{service.name}: what is kept beside the history", number, len(service.kept))
        if (row := await connection.fetchrow(_differing_sql(kept), sorted(kept.told_by))) is not None:
            raise _unsound(service.name, kept, row)
        count += await connection.fetchval(f"select count(*) from {kept.table.name}")  # noqa: S608
    return count


def _differing_sql(kept: Kept) -> str:
    keys = ", ".join(kept.table.key)
    told = ", ".join(f"data ->> '{column}' as {column}" for column in kept.table.key)
    return (
        f"select {keys}, told.digest as told, there.digest as there"  # noqa: S608 - names come from code
        f" from (select {told}, data ->> '{kept.digest}' as digest from events_json where type = any($1)) told"
        f" full join (select {keys}, encode(sha256({kept.content}), 'hex') as digest from {kept.table.name}) there"
        f" using ({keys}) where told.digest is distinct from there.digest order by {keys} limit 1"
    )


def _unsound(service: str, kept: Kept, row: Any) -> Unsound:
    return Unsound(
        Finding(
            service=service,
            kind=Kind.KEPT,
            table=kept.table.name,
            key=" ".join(str(row[column]) for column in kept.table.key),
            field=f"sha256({kept.content})",
            expected=row["told"] or "nothing",
            found=row["there"] or "nothing",
        )
    )
