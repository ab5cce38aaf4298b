"""A rebuild from a later generation of a topic, in other partitions, gives what was built from an earlier one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import clerk
import publishing
import pytest
import toys
from consuming import expected
from publishing import History
from rebuilding import READS, open_office, request
from toys import Deposited

from lettra_events.kafka.topics import ensure_topic
from lettra_events.rebuild.as_of import replay_as_of
from lettra_events.rebuild.errors import NotNow, RebuildError
from lettra_events.rebuild.planning import extent_here, make_plan
from lettra_events.rebuild.replaying import compare

if TYPE_CHECKING:
    from lettra_tools.stack import Servers

FIRST = [Deposited(account=f"a{n % 7}", amount=n) for n in range(30)]
THEN = [
    Deposited(account="a3", amount=1, note=clerk.RAISES),
    *(Deposited(account=f"a{n % 9}", amount=n) for n in range(20)),
]


async def test_a_later_generation_of_more_partitions_gives_the_same_rows(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards: Horizon keeps the partitions in which it was reached; the generation read then, in reached.extent_at."""
    async with open_office(servers, monkeypatch, partitions=2) as office:
        asked = request(office)
        await office.connection.execute(
            "insert into consumer_generations (topic, generation, partitions) values ($1, 1, 2)", office.topic
        )
        moved = toys.MOVED(generation=2, partitions=5, new_topic=f"{office.topic}.g2")
        before = await make_plan(office.connection, asked.service, asked.settings)
        async with office.reader(**READS) as reader:
            await office.write(*FIRST)
            await reader.read_all()
            instant = await office.connection.fetchval("select clock_timestamp()")
            await office.write(*THEN, moved)

            async def has_moved() -> bool:
                return bool(
                    await office.connection.fetchval(
                        "select exists (select from consumer_generations where left_at is not null)"
                    )
                )

            await reader.read(has_moved, "the reader has moved")
        await ensure_topic(office.kafka, f"{office.topic}.g2", 5)
        again = History(5).write(*FIRST, *THEN, moved)
        await publishing.publish(office.kafka, f"{office.topic}.g2", again)
        found = await compare(asked)
        assert found.differences == ()
        assert found.rows["seen"] == 9
        built = await replay_as_of(asked, instant)
        rows = await office.connection.fetch(
            f"select account, deposits, total, trail from {built.schema}.seen"
        )
        wanted = expected(list(enumerate(FIRST, 1)))
        assert {row[0]: tuple(row)[1:] for row in rows} == {
            name: (one.deposits, one.total, one.trail) for name, one in wanted.items()
        }
        with pytest.raises(NotNow, match=r"went on in another generation meanwhile"):
            await extent_here(office.connection, asked.service.reading, before)


@pytest.mark.parametrize("processes", [1, 2])
async def test_a_generation_that_the_relay_has_not_caught_up_in_is_no_loss(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    """Guards: `since` in Path.missing, and that a worker process tells it as such. Beyond it an entry is missing."""
    async with open_office(servers, monkeypatch, partitions=2) as office:
        async with office.reader(**READS) as reader:
            await office.write(*FIRST)
            await reader.read_all()
        await ensure_topic(office.kafka, f"{office.topic}.g2", 3)
        half = History(3).write(*FIRST[: len(FIRST) // 2])
        await publishing.publish(office.kafka, f"{office.topic}.g2", half)
        await office.connection.execute("delete from consumer_offsets")
        stands = "insert into consumer_offsets select $1, n, $2::bigint, 0 from generate_series(0, 2) n"
        await office.connection.execute(stands, office.topic, len(FIRST))
        await office.connection.execute("delete from consumer_generations")
        await office.connection.execute(
            "insert into consumer_generations (topic, generation, partitions, through, left_at)"
            " values ($1, 1, 2, $2, now()), ($1, 2, 3, null, null)",
            *(office.topic, len(FIRST)),
        )
        with pytest.raises(
            NotNow, match=r"has not caught up in the new generation.* stands at entry 30; start"
        ):
            await compare(request(office, processes))
        await office.connection.execute("update consumer_offsets set sequence = sequence + 1")
        with pytest.raises(RebuildError, match="entry 31 is missing") as told:
            await compare(request(office, processes))
        assert not isinstance(told.value, NotNow)
