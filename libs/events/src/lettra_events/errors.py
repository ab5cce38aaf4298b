"""What can go wrong when a decision is appended, in words that an operator or a caller can act on."""

from __future__ import annotations


class StoreError(Exception):
    """Base of the errors of the event store."""


class StaleVersion(StoreError):
    """The stream has moved on since the decision was taken; nothing was written. Read it again and decide anew."""

    def __init__(self, stream_id: str, expected: int, actual: int) -> None:
        super().__init__(f"stream {stream_id} is at version {actual}, the decision was taken on {expected}")
        self.stream_id = stream_id
        self.expected = expected
        self.actual = actual


class EventTooLarge(StoreError):
    """The event is above EVENT_BYTES_MAX and was refused, so that nothing appended is unpublishable."""


class DuplicateEvent(StoreError):
    """An event of this id is in the history already: its cause was decided before."""


class IdempotencyKeyReused(StoreError):
    """The idempotency key came before with another request; nothing was done."""


class TooManyRounds(StoreError):
    """A decision kept asking for more rows than the bound allows."""


class Unstorable(StoreError, ValueError):
    """A row that PostgreSQL would refuse: text with NUL or half a surrogate pair, a number that is no bigint."""
