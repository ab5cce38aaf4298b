"""What a service knew at an earlier moment, in a schema that an auditor can query."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import bookkeeper
import pytest
from consuming import Office, expected
from parking_history import mended, release
from rebuilding import READS, open_office, request
from toys import Deposited, Opened

from lettra_events.rebuild.as_of import AsOf, replay_as_of
from lettra_events.rebuild.errors import RebuildError
from lettra_events.store.relay_store import sequence_outbox

if TYPE_CHECKING:
    from lettra_tools.stack import Servers


async def now(office: Office) -> datetime:
    moment: datetime = await office.connection.fetchval("select clock_timestamp()")
    return moment


async def seen(office: Office, built: AsOf) -> dict[str, tuple[int, int]]:
    rows = await office.connection.fetch(f"select account, deposits, total from {built.schema}.seen")
    return {row[0]: (row[1], row[2]) for row in rows}


def wanted(*deposits: tuple[int, Deposited]) -> dict[str, tuple[int, int]]:
    return {name: (one.deposits, one.total) for name, one in expected(deposits).items()}


FIRST = [
    (1, Deposited(account="a", amount=3)),
    (2, Deposited(account="b", amount=5)),
    (3, Deposited(account="bad", amount=7, note=bookkeeper.clerk.RAISES)),
    (4, Deposited(account="bad", amount=2)),
]
THEN = [(5, Deposited(account="a", amount=11)), (6, Deposited(account="c", amount=13))]


async def test_an_instant_shows_what_was_known_then(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards: the instant against applied_at of the journal, recorded_at of a release, sequenced_at of the own log."""
    async with open_office(servers, monkeypatch) as office:
        begun = await now(office)
        async with office.reader(**READS) as reader:
            await office.write(*(deposit for _, deposit in FIRST))
            await reader.read_all()
            await sequence_outbox(office.connection, 100)
            at_first = await now(office)
            await office.write(*(deposit for _, deposit in THEN), Opened(account="a", holder="H"))
            await reader.read_all()
            before_release = await now(office)
            await release(office, mended, key="bad", **READS)
            await sequence_outbox(office.connection, 100)
            at_last = await now(office)
        asked = request(office)
        first = await replay_as_of(asked, at_first)
        assert await seen(office, first) == wanted(*FIRST[:2])
        assert first.rows == {
            "seen": 2, "notices": 0, "holders": 0, "firsts": 0, "books": 2, "parked_keys": 1
        }  # fmt: skip
        later = await replay_as_of(asked, before_release)
        assert await seen(office, later) == wanted(*FIRST[:2], *THEN)
        assert (later.rows["holders"], later.rows["books"]) == (1, 2), "own events had no number yet"
        last = await replay_as_of(asked, at_last)
        assert await seen(office, last) == wanted(*FIRST, *THEN)
        assert (last.rows["books"], last.rows["parked_keys"]) == (4, 0)
        held = await office.connection.fetch(f"select * from {last.schema}.held")
        assert [tuple(row) for row in held] == [("a", "H", 14)], "views come with their tables"
        for wrong, why in (
            (begun, "knew nothing at .*nothing before"),
            (at_last + timedelta(days=1), "is in the future"),
            (99, "has no entry 99: it has the entries 1 to 8"),
        ):
            with pytest.raises(RebuildError, match=why):
                await replay_as_of(asked, wrong)


async def test_an_entry_of_the_own_log_means_the_instant_at_which_it_was_numbered(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_office(servers, monkeypatch) as office:
        async with office.reader(**READS) as reader:
            await office.write(*(deposit for _, deposit in FIRST[:2]))
            await reader.read_all()
            await sequence_outbox(office.connection, 100)
            await office.write(*(deposit for _, deposit in THEN))
            await reader.read_all()
            await sequence_outbox(office.connection, 100)
        built = await replay_as_of(request(office), 1)
        assert built.schema == "as_of_1"
        assert built.sequence == 1
        assert await seen(office, built) == wanted(*FIRST[:2])
        assert built.rows["books"] == 1
        assert built.instant == await office.connection.fetchval(
            "select sequenced_at from log where sequence = 1"
        )
