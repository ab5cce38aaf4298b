"""Names of generations, and where one ends. Pure."""

from __future__ import annotations

import pytest
import toys
from histories import log_of

from lettra_events.kafka.generations import Generation, generation_name, generation_numbers
from lettra_events.kafka.rounds import to_the_end
from lettra_events.kafka.subscribing import group_of
from lettra_events.kafka.topics import TopicMisfit
from lettra_events.service.roles import _partitions
from lettra_events.service.settings import ServiceSettings

TOPIC = "ar.invoicing.events"
DEPOSIT = toys.Deposited(account="a", amount=1)


def moved(generation: int) -> toys.MOVED:  # type: ignore[valid-type]
    return toys.MOVED(generation=generation, partitions=9, new_topic=f"{TOPIC}.g{generation}")


def test_the_first_generation_is_named_as_the_topic() -> None:
    assert [generation_name(TOPIC, n) for n in (1, 2, 10)] == [TOPIC, f"{TOPIC}.g2", f"{TOPIC}.g10"]


def test_generations_are_known_by_their_names_the_newest_first() -> None:
    """Guard: the pattern of generations.generation_numbers; dots are dots, and what looks alike is no generation."""
    names = [
        f"{TOPIC}.g9",
        TOPIC,
        f"{TOPIC}.g10",
        f"{TOPIC}.g",
        f"{TOPIC}.g02",
        f"x{TOPIC}",
        "arXinvoicing.events",
    ]
    assert generation_numbers(TOPIC, names) == [10, 9, 1]


def test_a_generation_ends_with_the_announcement_of_the_next() -> None:
    """Guard: rounds.to_the_end; an earlier announcement, published again in its new generation, ends nothing."""
    with toys.registered():
        entries = log_of([DEPOSIT, moved(2), DEPOSIT, moved(3), DEPOSIT])
        assert to_the_end(entries, 1) == (entries[:2], 2)
        assert to_the_end(entries, 2) == (entries[:4], 4)
        assert to_the_end(entries, 3) == (entries, None)


def test_each_move_has_a_group_of_its_own() -> None:
    """Guard: subscribing.group_of: a static member would get what it had before the move."""
    one, two = Generation("a", 1, 6), Generation("b", 3, 12)
    assert group_of("matching", [one]) == "lettra-matching"
    assert group_of("matching", [one, two]) == "lettra-matching.m2"


def settings(**said: int) -> ServiceSettings:
    return ServiceSettings(kafka="kafka:9092", postgres="postgresql://lettra@postgres:5432/postgres", **said)


def test_the_setting_counts_until_something_is_published() -> None:
    """Guard: roles._partitions; after a move the default of the setting must not keep a service from starting."""
    never, moved_to_twelve = Generation(TOPIC, 1, 0), Generation(TOPIC, 2, 12)
    assert _partitions(settings(partitions=4), never) == 4
    assert _partitions(settings(partitions=12), moved_to_twelve) == 12
    assert _partitions(settings(), moved_to_twelve) == 12


def test_another_number_that_somebody_says_is_refused() -> None:
    """Guard: as above; the message names the command."""
    said = "ar.invoicing.events.g2 has 12 partitions, LETTRA_PARTITIONS says 6.*lettra repartition SERVICE"
    with pytest.raises(TopicMisfit, match=said):
        _partitions(settings(partitions=6), Generation(TOPIC, 2, 12))
