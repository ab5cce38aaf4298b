"""Business dates that are processed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lettra_events.decisions.tables import Table


@dataclass(frozen=True)
class Day:
    """A business date that every partition has passed: which entities are processed. `held`: some wait."""

    business_date: date
    processed: tuple[str, ...]
    held: str | None


HELD = "held"
DAYS: Table[Day] = Table(
    "days", Day, key=("business_date",), finds=("held",), guard=lambda key: f"day:{key[0].isoformat()}"
)
