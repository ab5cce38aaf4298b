"""How long a relay may be silent before its lead is taken away."""

from __future__ import annotations

import pytest

from lettra_events.kafka.relay import RelaySettings


@pytest.mark.parametrize("publish_timeout_seconds", [5.0, 60.0, 600.0])
def test_a_publication_never_takes_as_long_as_the_lease(publish_timeout_seconds: float) -> None:
    """Guard: silence_seconds_max (kafka/relay.py); a relay that still publishes would lose its lead meanwhile."""
    settings = RelaySettings("kafka", "topic", "toys", publish_timeout_seconds=publish_timeout_seconds)
    assert settings.silence_seconds_max == 2 * publish_timeout_seconds


def test_a_lease_that_is_given_is_kept() -> None:
    assert RelaySettings("kafka", "topic", "toys", lease_seconds=2.0).silence_seconds_max == 2.0
