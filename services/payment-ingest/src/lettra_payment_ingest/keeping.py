"""Bank files as they came, kept in the database while they are being taken, or have a statement in quarantine.

So whatever stops an import, any process of the service can go on with it, and a person can release a statement without
its file at hand.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO

import asyncpg

from lettra_payment_ingest.bank.mapping import Mapping, read_mapping
from lettra_payment_ingest.preparing import File

PIECE_BYTES = 1_000_000

_KEEP = """
insert into bank_files (digest, name, mapping, correlation_id, finished, touched_at)
values ($1, $2, $3, $4, false, clock_timestamp())
    on conflict (digest) do update set finished = false, touched_at = clock_timestamp()"""
_PIECE = "insert into bank_file_pieces (digest, number, content) values ($1, $2, $3) on conflict do nothing"
_TOUCH = "update bank_files set touched_at = clock_timestamp() where digest = $1"
_FINISH = "update bank_files set finished = true where digest = $1"
_FORGET = """
delete from bank_files f where digest = $1 and finished
   and not exists (select from statements s where s.file_digest = f.digest
                      and s.outcome in ('quarantined', 'released'))"""
_STANDING = """
select digest from bank_files
 where not finished and touched_at < clock_timestamp() - make_interval(secs => $1)
 order by touched_at limit $2"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept file: the text of its mapping, and under which correlation id it was sent."""

    digest: str
    name: str
    mapping: str | None
    correlation_id: str

    def read(self, source: BinaryIO) -> File:
        """The file, to be read from here."""
        mapping = read_mapping(self.mapping, "mapping") if self.mapping is not None else None
        return File(source, self.name, self.digest, mapping)


def digest_of(source: IO[bytes]) -> str:
    """SHA-256 of all of it; it is at its start again afterwards."""
    found = hashlib.sha256()
    source.seek(0)
    for piece in iter(partial(source.read, PIECE_BYTES), b""):
        found.update(piece)
    source.seek(0)
    return found.hexdigest()


async def keep(pool: asyncpg.Pool[Any], kept: Kept, source: IO[bytes]) -> None:
    """Keep the file: all of it, or nothing."""
    source.seek(0)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_KEEP, kept.digest, kept.name, kept.mapping, kept.correlation_id)
        for number, piece in enumerate(iter(partial(source.read, PIECE_BYTES), b"")):
            await connection.execute(_PIECE, kept.digest, number, piece)
    source.seek(0)


async def touch(pool: asyncpg.Pool[Any], digest: str) -> None:
    """Somebody is at it."""
    await pool.execute(_TOUCH, digest)


async def finish(pool: asyncpg.Pool[Any], digest: str) -> None:
    """All of its statements came to an end; it is gone, unless one of them is in quarantine."""
    await pool.execute(_FINISH, digest)
    await pool.execute(_FORGET, digest)


async def give_up(pool: asyncpg.Pool[Any], digest: str) -> None:
    """Nobody is to go on with it by himself; it stays until it is sent again."""
    await pool.execute(_FINISH, digest)


async def standing(pool: asyncpg.Pool[Any], seconds: float, most: int) -> list[str]:
    """The files of which not all is taken, and nobody has been at them for so long."""
    return [row["digest"] for row in await pool.fetch(_STANDING, seconds, most)]


@asynccontextmanager
async def opened(pool: asyncpg.Pool[Any], digest: str) -> AsyncIterator[tuple[Kept, BinaryIO] | None]:
    """A kept file and its content; None if it is not kept."""
    row = await pool.fetchrow(
        "select digest, name, mapping, correlation_id from bank_files where digest = $1", digest
    )
    if row is None:
        yield None
        return
    with TemporaryFile() as content:
        number = 0
        while (piece := await pool.fetchval(_READ, digest, number)) is not None:
            content.write(piece)
            number += 1
        content.seek(0)
        yield Kept(**dict(row)), content


_READ = "select content from bank_file_pieces where digest = $1 and number = $2"


def mapping_for(text: str, account: str | None = None, currency: str | None = None) -> tuple[Mapping, str]:
    """A mapping and its text; one that names no account is of this one."""
    extra = ""
    if account is not None and not _names(text, "account"):
        extra += f'account = "{account}"\n'
    if currency is not None and not _names(text, "currency"):
        extra += f'currency = "{currency}"\n'
    whole = extra + text
    return read_mapping(whole, "mapping"), whole


def _names(text: str, key: str) -> bool:
    return any(line.split("=")[0].strip() == key for line in text.splitlines())
