"""Records that Kafka lost are sent again as they were."""

from __future__ import annotations

import pytest
from store_of_toys import all_published, append_any, deposits, relaying
from toys import Broadcasted

from lettra_events.kafka.resending import ResendRefused, resend
from lettra_events.kafka.topics import partition_of
from lettra_events.testing.published import deliveries, read_topic


async def test_a_resent_record_is_the_one_that_the_relay_sent(place, connection) -> None:
    """Guards: the previous entry of each record is that of its partition; only that partition's entries are sent."""
    await append_any(connection, *deposits(20), Broadcasted(text="all"), *deposits(5))
    async with relaying(place.relay()):
        await all_published(connection)
    before = await read_topic(place.kafka, place.topic)
    partition = partition_of("a0", 3)
    sequences = [one.entry.sequence for one in deliveries(before[partition], partition)]
    sent = await resend(connection, place.kafka, place.topic, partition, sequences[1], sequences[-1])
    assert sent == len(sequences) - 2
    after = await read_topic(place.kafka, place.topic)
    assert after[partition] == before[partition] + before[partition][2:]
    assert {n: r for n, r in after.items() if n != partition} == {
        n: r for n, r in before.items() if n != partition
    }
    for wrong in (
        (partition, sequences[0], 27),
        (7, 0, 1),
        (partition, next(n for n in range(1, 26) if n not in sequences), 26),
    ):
        with pytest.raises(ResendRefused):
            await resend(connection, place.kafka, place.topic, *wrong)
    assert await read_topic(place.kafka, place.topic) == after
