"""Why tables cannot be made anew: sentences that name the place and the remedy."""

from __future__ import annotations


class RebuildError(Exception):
    """It cannot be done as asked; the live tables are as they were."""


class ServersAway(RebuildError):
    """PostgreSQL or Kafka does not answer; run it again later."""


class NotNow(RebuildError):
    """Something else is under way, or is not there yet; nothing is wrong, and it can be done later."""
