"""Which mapping a CSV file is read by: the one that came with it, that of the account it was sent for, or the only
registered one that its columns fit.
"""

from __future__ import annotations

from typing import Any, BinaryIO

import asyncpg

from lettra_events.service.rejection import ManyErrors, Rejected
from lettra_payment_ingest.bank.csv_file import fits
from lettra_payment_ingest.bank.errors import UnreadableFile
from lettra_payment_ingest.bank.mapping import read_mapping
from lettra_payment_ingest.bank.reading import HEAD_BYTES, recognise
from lettra_payment_ingest.keeping import mapping_for

_REGISTERED = "select account, currency, mapping from accounts where mapping is not null and not closed"
_OF_ACCOUNT = """
select account, currency, mapping from accounts where account = $1 and ($2::text is null or currency = $2)"""


async def choose_mapping(
    pool: asyncpg.Pool[Any], source: BinaryIO, given: str | None, account: str | None, currency: str | None
) -> str | None:
    """The text of the mapping; None where the file needs none, or none fits. `Rejected` where several do."""
    if given is not None:
        return checked_mapping(given, account, currency)
    head = source.read(HEAD_BYTES)
    source.seek(0)
    if recognise(head) not in (None, "zip"):
        return None
    if account is not None:
        return _only(await pool.fetch(_OF_ACCOUNT, account, currency), account)
    rows = await pool.fetch(_REGISTERED)
    if recognise(head) is None:
        rows = [row for row in rows if fits(head, read_mapping(row["mapping"], "mapping"))]
    mappings = list(dict.fromkeys(row["mapping"] for row in rows))
    if len(mappings) > 1 and recognise(head) is None:
        raise Rejected(
            "several-mappings",
            "the columns fit the mappings of several accounts: say with `account` whose file it is",
            field="account",
        )
    return mappings[0] if len(mappings) == 1 else None


def checked_mapping(text: str, account: str | None, currency: str | None) -> str:
    """The mapping's text, with account and currency where it names none; `ManyErrors` where it is no mapping."""
    try:
        return mapping_for(text, account, currency)[1]
    except UnreadableFile as error:
        place = {"file": error.name, "place": error.place, "reason": error.reason}
        raise ManyErrors("unreadable-mapping", str(error), [place]) from None


def _only(rows: list[asyncpg.Record], account: str) -> str | None:
    found = [row["mapping"] for row in rows if row["mapping"] is not None]
    if len(rows) > 1 and len(set(found)) > 1:
        raise Rejected(
            "several-mappings",
            f"account {account} has several currencies: say with `currency` which one it is",
            field="currency",
        )
    return found[0] if found else None
