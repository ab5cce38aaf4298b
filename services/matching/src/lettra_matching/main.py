"""Matching's process: `python -m lettra_matching.main api worker relay`, or `migrate` once before."""

from __future__ import annotations

from lettra_events.contracts import TOPICS
from lettra_events.contracts.parking import PARKING
from lettra_events.kafka.parking import with_parking
from lettra_events.kafka.reading import Reading
from lettra_events.service.roles import run
from lettra_events.service.service import Service
from lettra_matching import decider, reactions
from lettra_matching.api import router
from lettra_matching.days import process_held_days
from lettra_matching.domain import (
    ACCOUNT_DAYS,
    ALLOCATIONS,
    DAYS,
    HOLDS,
    OPEN_ITEMS,
    PAYERS,
    PAYMENTS,
    PROPOSALS,
    RULES,
)
from lettra_matching.projections import day_ticks
from lettra_matching.settings import MatchingSettings

READING = Reading(
    service="matching",
    topics=(TOPICS["invoicing"], TOPICS["payments"]),
    reads=reactions.READS | day_ticks.READS,
    parking=PARKING["matching"],
    evolve=with_parking(decider.evolve),
    project=day_ticks.project,
    react=reactions.react,
    on_release=process_held_days,
)
SERVICE = Service(
    name="matching",
    package="lettra_matching",
    reading=READING,
    state=(
        OPEN_ITEMS,
        PAYMENTS,
        ALLOCATIONS,
        PROPOSALS,
        HOLDS,
        ACCOUNT_DAYS,
        PAYERS,
        RULES,
        DAYS,
    ),
    projections=(day_ticks.DAY_TICKS,),
    router=router,
    settings=MatchingSettings,
)


def main() -> None:
    """Run the roles named on the command line."""
    run(SERVICE)


if __name__ == "__main__":
    main()
