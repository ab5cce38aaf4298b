"""Where a batch ends changes nothing, and what was decided once is not decided again."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

import clerk
import pytest
from clerk import RAISES
from consuming import Office, actual, check_whole, expected, image, open_office, parked
from publishing import Record
from toys import Broadcasted, Deposited, Opened

if TYPE_CHECKING:
    from lettra_tools.stack import Servers

NAMESPACE = UUID("6d3c3c53-8a44-5c2f-9a0c-4f6c6d9a7e11")
"""Written down here a second time: a change of it would decide everything again."""


def mixed(count: int, seed: int) -> list[Deposited | Broadcasted | Opened]:
    """Deposits on few accounts in a wild order, with broadcasts and events that the clerk does not read."""
    chance = random.Random(seed)
    return [
        chance.choice(
            [
                Broadcasted(text=f"news {n}"),
                Opened(account=f"a{n % 5}", holder="somebody"),
                *(Deposited(account=f"{branch}{n % 4}", amount=n, note=f"{n}") for branch in "abcde"),
            ]
        )
        for n in range(1, count + 1)
    ]


async def apply_in_batches(
    office: Office, size: int, **options: object
) -> dict[str, list[tuple[object, ...]]]:
    """Consume all that the topic holds in batches of this size; all that the clerk has then."""
    async with office.reader(batch=size, **options) as reader:
        await reader.consume(await reader.all_records())
        assert reader.inbox.stopped == {}
    return await image(office.connection)


@pytest.mark.slow
async def test_decisions_are_equal_at_any_batch_size(servers: Servers) -> None:
    """Guards: folding and deciding in record order, in deciding.decide_all; ids that follow from the cause alone."""
    async with open_office(servers) as office, office.beside(servers.postgres) as second:
        events = mixed(150, seed=7)
        records = office.history.write(*events)
        repeated = [*records[:80], *records[40:60], *records[80:]]
        await office.publish(*repeated)
        async with second.beside(servers.postgres) as third:
            whole = await apply_in_batches(office, 1_000)
            assert whole == await apply_in_batches(second, 7)
            assert whole == await apply_in_batches(third, 1)
        deposits = [(n, e) for n, e in enumerate(events, 1) if isinstance(e, Deposited)]
        await check_whole(office, deposits)
        told = [row[1] for row in whole["notices"]]
        assert sorted(told) == sorted(e.text for e in events if isinstance(e, Broadcasted))


def failing(office: Office) -> list[Record]:
    """A history in which keys fail in every way, in the middle and one behind the other."""
    history = office.history
    records = []
    for n, event in enumerate(mixed(120, seed=11)):
        records += history.write(event)
        if n == 20:
            records += history.write(Deposited(account="a1", amount=5, note=RAISES))
        elif n == 21:
            records += history.write(Deposited(account="b2", amount=5, note="a\0b"))
        elif n == 40:
            records += history.write(Deposited(account="c3", amount=clerk.BALANCE_MAX + 1))
        elif n == 41:
            records += history.write_as(Deposited(account="a1", amount=5), payload=b"{")
        elif n == 60:
            records += history.write_as(Deposited(account="d0", amount=5), payload=b'{"account": 1}')
        elif n == 61:
            records += history.write_as(Deposited(account="e1", amount=5), type="toy.Vanished")
        elif n == 90:
            records += history.write_as(Deposited(account="e2", amount=5), schema_version=9)
    return records


@pytest.mark.slow
async def test_what_is_parked_is_equal_at_any_batch_size(servers: Servers) -> None:
    """Guards: as above, in the slow way too: applying._apply_one_by_one, and the ids of parking.append_parking."""
    async with open_office(servers) as office, office.beside(servers.postgres) as second:
        await office.publish(*failing(office))
        async with second.beside(servers.postgres) as third:
            whole = await apply_in_batches(office, 1_000, keys_parked_max=10)
            assert whole == await apply_in_batches(second, 7, keys_parked_max=10)
            assert whole == await apply_in_batches(third, 1, keys_parked_max=10)
        assert set(await parked(office.connection)) == {"a1", "b2", "c3", "d0", "e1", "e2"}


async def test_the_ids_of_what_follows_come_from_the_cause(servers: Servers) -> None:
    """Guard: envelope.derived_id in Workspace._stage, with the cause of deciding.cause_of."""
    async with open_office(servers) as office:
        await office.write(Deposited(account="a", amount=500), Deposited(account="b", amount=1, note=RAISES))
        async with office.reader() as reader:
            await reader.read_all()
        rows = await office.connection.fetch(
            "select type, event_id, attributes ->> 'causationid' as cause,"
            " attributes ->> 'correlationid' as correlation from events_json"
        )
        first, second = UUID(int=1), UUID(int=2)
        assert {tuple(row) for row in rows} == {
            ("clerk.Booked", uuid5(NAMESPACE, f"{first}/clerk/0"), str(first), "correlation-1"),
            ("clerk.Flagged", uuid5(NAMESPACE, f"{first}/clerk/1"), str(first), "correlation-1"),
            (
                "clerk.KeyParked",
                uuid5(NAMESPACE, f"{second}/clerk.parking.0/0"),
                str(second),
                "correlation-2",
            ),
        }


@pytest.mark.parametrize("accounts", ["ab", "abcdefg"])
async def test_what_comes_again_after_the_position_was_lost_is_refused(
    servers: Servers, accounts: str
) -> None:
    """Guard: ids that follow from the cause are refused as duplicates by events.event_id; few keys park, more stop."""
    async with open_office(servers) as office:
        written = [Deposited(account=accounts[n % len(accounts)], amount=n * 50) for n in range(30)]
        await office.write(*written)
        async with office.reader(batch=7) as reader:
            await reader.read_all()
        await check_whole(office, list(enumerate(written, 1)))
        before = await _decisions(office)
        await office.connection.execute("truncate consumer_offsets, consumer_batches")
        async with office.reader() as again:
            await again.consume(await again.all_records())
            few = len(accounts) <= 3
            assert [tp.partition for tp in again.inbox.stopped] == ([] if few else [0])
        assert await _decisions(office) == before
        assert set(await parked(office.connection)) == (set(accounts) if few else set())
        # Nothing of the records that came again was applied.
        assert await actual(office.connection) == expected(list(enumerate(written, 1)))


async def _decisions(office: Office) -> list[tuple[object, ...]]:
    rows = await office.connection.fetch(
        "select stream_id, version, event_id, payload from events where type like 'clerk.%ed'"
        " and type <> 'clerk.KeyParked' order by 1, 2"
    )
    return [tuple(row) for row in rows]
