"""Which generation is the newest complete one, whatever else stands on the topic before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import toys
from publishing import History, foreign, publish

from lettra_events.kafka.newest import newest_generation
from lettra_events.kafka.topics import ensure_topic
from lettra_events.testing.servers import fresh_topic

if TYPE_CHECKING:
    from lettra_tools.stack import Servers


@pytest.mark.parametrize(("announced", "newest"), [(True, 2), (False, 1)])
async def test_records_of_others_behind_the_announcement_are_passed_over(
    servers: Servers, announced: bool, newest: int
) -> None:
    """Guard: newest._is_followed looks for the last entry, not at the last record."""
    topic = await fresh_topic(servers.kafka, 2)
    await ensure_topic(servers.kafka, f"{topic}.g2", 5)
    history = History(partitions=2)
    moved = toys.MOVED(generation=2, partitions=5, new_topic=f"{topic}.g2")
    events = [toys.Deposited(account="a", amount=1), *([moved] if announced else [])]
    await publish(servers.kafka, topic, [*history.write(*events), foreign(), foreign(value=None)])
    assert (await newest_generation(servers.kafka, topic)).number == newest
