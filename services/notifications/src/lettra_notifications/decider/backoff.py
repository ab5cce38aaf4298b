"""How long to wait after a failure: twice as long each time, up to a limit. Pure; spread by the request's id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID


@dataclass(frozen=True)
class Backoff:
    first: timedelta = timedelta(minutes=1)
    longest: timedelta = timedelta(hours=4)
    attempts_max: int = 20
    """Of one channel for one request."""

    def pause(self, request_id: UUID, attempts: int, asked_seconds: int | None = None) -> timedelta:
        """After so many attempts; at least what the provider asked for, at most a day.

        Up to a quarter is added, by the request's id, so that what failed together does not come back together.
        """
        doublings = min(max(attempts, 1) - 1, 30)
        pause = min(self.first * (1 << doublings), self.longest)
        spread = pause * (request_id.int % 256) / 1024
        asked = timedelta(seconds=min(asked_seconds or 0, 86_400))
        return max(pause + spread, asked)
