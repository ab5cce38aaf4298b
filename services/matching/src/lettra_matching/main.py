"""Matching's process: `python -m lettra_matching.main api worker relay`, or `migrate` once before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lettra_events.contracts import TOPICS, Event
from lettra_events.contracts.parking import PARKING
from lettra_events.decisions.tables import Change
from lettra_events.kafka.parking import with_parking
from lettra_events.kafka.reading import Context, Reading
from lettra_events.service.roles import run
from lettra_events.service.service import Service
from lettra_matching import decider, reactions
from lettra_matching.api import router
from lettra_matching.days import process_held_days
from lettra_matching.domain import DAYS, OPEN_ITEMS, PAYMENTS
from lettra_matching.projections import customer_names, day_ticks
from lettra_matching.settings import MatchingSettings


def project(event: Event, context: Context) -> Iterable[Change[Any]]:
    """All of matching's projections."""
    yield from customer_names.project(event, context)
    yield from day_ticks.project(event, context)


READING = Reading(
    service="matching",
    topics=(TOPICS["invoicing"], TOPICS["payments"]),
    reads=reactions.READS | customer_names.READS | day_ticks.READS,
    parking=PARKING["matching"],
    evolve=with_parking(decider.evolve),
    project=project,
    react=reactions.react,
    on_release=process_held_days,
)
SERVICE = Service(
    name="matching",
    package="lettra_matching",
    reading=READING,
    state=(OPEN_ITEMS, PAYMENTS, DAYS),
    projections=(customer_names.CUSTOMER_NAMES, day_ticks.DAY_TICKS),
    router=router,
    settings=MatchingSettings,
)


def main() -> None:
    """Run the roles named on the command line."""
    run(SERVICE)


if __name__ == "__main__":
    main()
