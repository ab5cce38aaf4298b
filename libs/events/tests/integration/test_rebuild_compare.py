"""A rebuild gives the live rows, at any parallelism, and a comparison shows whatever differs, with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rebuilding import READS, open_office, request
from toys import Broadcasted, Closed, Deposited, Opened, Renamed

from lettra_events.rebuild import following, rows
from lettra_events.rebuild.comparing import Difference
from lettra_events.rebuild.replaying import compare

if TYPE_CHECKING:
    from lettra_tools.stack import Servers


async def write_some(office):
    for n in range(40):
        await office.write(
            Deposited(account=f"a{n % 7}", amount=n, note=f"n{n}"),
            Opened(account=f"h{n % 9}", holder=f"H{n}", names=(f"x{n}", 'a "quoted" one')),
        )
        if n % 10 == 0:
            await office.write(Broadcasted(text=f"day {n}"), Broadcasted(text="again"))
    await office.write(Renamed(account="h1", holder="new", names=()), Closed(account="h2"))


async def test_rows_that_were_forgotten_are_read_again(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards: `complete` of rows in memory ends when some are forgotten; what is expected is loaded."""
    monkeypatch.setattr(rows, "DIRTY_MAX", 3)
    monkeypatch.setattr(rows, "KEPT_MAX", 4)
    monkeypatch.setattr(following, "BATCH_MAX", 5)
    async with open_office(servers, monkeypatch) as office:
        await write_some(office)
        async with office.reader(**READS) as reader:
            await reader.read_all()
        found = await compare(request(office))
        assert found.differences == ()
        assert found.rows == {"seen": 7, "notices": 15, "holders": 8, "firsts": 5}


@pytest.mark.parametrize("processes", [1, 2])
async def test_what_is_rebuilt_is_what_is_live(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    async with open_office(servers, monkeypatch) as office:
        await write_some(office)
        async with office.reader(**READS) as reader:
            await reader.read_all()
        found = await compare(request(office, processes))
        assert found.differences == ()
        assert found.count == 0
        assert found.rows == {"seen": 7, "notices": 15, "holders": 8, "firsts": 5}
        await office.connection.execute("update holders set share = 1.0 where account = 'h3'")
        await office.connection.execute("delete from seen where account = 'a1'")
        await office.connection.execute("insert into firsts values ('never', 1)")
        found = await compare(request(office, processes))
        assert found.count == 3
        assert Difference("holders", ("h3",), "share", "1.0", "1.00") in found.differences
