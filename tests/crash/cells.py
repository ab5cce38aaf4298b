"""The table of the matrix: at which places something is killed, and what is killed there.

A line is a place in a process: the failpoint, where it is armed (a service, or `lettra`: the operator's commands), and
which time it is come to counts. Each is tried with each victim: the process itself, Kafka, and PostgreSQL; what
matching makes of money is tried without Kafka, whose part is the same in all of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Victim = Literal["process", "kafka", "postgres"]
Script = Literal["days", "anew", "money"]
VICTIMS: tuple[Victim, ...] = ("process", "kafka", "postgres")


@dataclass(frozen=True)
class Place:
    """A failpoint's N-th time in a process, in one of the scripts; `quick`: the victims that `make test` tries.

    `at`: the step of the script before which the service is started anew, armed; the times count from there.
    `outage_seconds`: how long a killed server stays away, beside the time that it takes to start.
    """

    step: str
    failpoint: str
    where: str
    time: int = 1
    quick: tuple[Victim, ...] = ()
    script: Script = "days"
    at: str = ""
    victims: tuple[Victim, ...] = VICTIMS
    outage_seconds: float = 0.0


@dataclass(frozen=True)
class Cell:
    """One place and one victim."""

    place: Place
    victim: Victim

    @property
    def is_quick(self) -> bool:
        return self.victim in self.place.quick

    @property
    def name(self) -> str:
        place = f"{self.place.where}-{self.place.failpoint}@{self.place.time}"
        return f"{place}{f'-in-{self.place.at}' if self.place.at else ''}-{self.victim}"


BESIDE_KAFKA: tuple[Victim, ...] = ("process", "postgres")


def _reaction(failpoint: str, at: str, time: int = 1, quick: tuple[Victim, ...] = ()) -> Place:
    step = failpoint.partition(".")[0]
    return Place(step, failpoint, "matching", time, quick, script="money", at=at, victims=BESIDE_KAFKA)


PLACES = (
    Place("append", "append.before", "invoicing", 10),
    Place("append", "append.written", "invoicing", 10, quick=("process",)),
    Place("append", "append.committed", "invoicing", 10),
    Place("append", "append.before", "payment-ingest", 3),
    Place("append", "append.written", "payment-ingest", 3, quick=("postgres",)),
    Place("append", "append.committed", "payment-ingest", 3),
    Place("import", "import.kept", "payment-ingest", 2),
    Place("import", "import.taken", "payment-ingest", 1),
    Place("sequence", "sequence.before", "invoicing", 5),
    Place("sequence", "sequence.written", "invoicing", 5, quick=("process",)),
    Place("sequence", "sequence.committed", "invoicing", 5),
    Place("sequence", "sequence.written", "matching", 5),
    Place("publish", "publish.before", "matching", 4, quick=("kafka",)),
    # Away for longer than the relay waits (LETTRA_PUBLISH_TIMEOUT_SECONDS): it gives up, its successor goes on.
    Place("publish", "publish.before", "matching", 5, outage_seconds=8.0),
    Place("publish", "publish.sent", "matching", 4, quick=("process",)),
    Place("publish", "publish.marked", "matching", 4),
    Place("publish", "publish.sent", "invoicing", 5),
    Place("consume", "consume.before", "matching", 8),
    Place("consume", "consume.decided", "matching", 8),
    Place("consume", "consume.written", "matching", 8, quick=("process",)),
    Place("consume", "consume.committed", "matching", 8, quick=("postgres",)),
    Place("consume", "consume.offset_committed", "matching", 1),
    Place("consume", "consume.written", "invoicing", 4),
    Place("consume", "consume.committed", "payment-ingest", 2),
    Place("park", "park.written", "matching", 1, quick=("process",)),
    Place("park", "park.written", "matching", 2),
    Place("release", "release.applied", "lettra", 1),
    Place("release", "release.skipped", "lettra", 1),
    Place("release", "release.written", "lettra", 1, quick=("process",)),
    Place("release", "release.committed", "lettra", 1),
    Place("contacts", "contacts.before_send", "invoicing", 1),
    Place("contacts", "contacts.sent", "invoicing", 1),
    Place("contacts", "contacts.forgotten", "invoicing", 1),
    Place("replay", "replay.begun", "lettra", script="anew"),
    Place("replay", "replay.batch_written", "lettra", script="anew"),
    Place("replay", "replay.built", "lettra", script="anew"),
    Place("swap", "swap.locked", "lettra", script="anew"),
    Place("swap", "swap.written", "lettra", script="anew"),
    Place("swap", "swap.committed", "lettra", script="anew"),
    Place("restate", "restate.locked", "lettra", script="anew"),
    Place("restate", "restate.written", "lettra", script="anew"),
    Place("restate", "restate.committed", "lettra", script="anew"),
    Place("generation", "generation.created", "lettra", script="anew"),
    Place("generation", "generation.republished_batch", "lettra", 1, script="anew"),
    Place("generation", "generation.republished_batch", "lettra", 3, script="anew"),
    Place("generation", "generation.announced", "lettra", script="anew"),
    Place("generation", "generation.switched", "invoicing", script="anew"),
    Place("generation", "generation.consumer_moved", "matching", script="anew"),
    # What matching makes of money, its records and acts.
    _reaction("consume.decided", "take"),
    _reaction("consume.written", "take", quick=("process",)),
    _reaction("consume.written", "take", 2),
    _reaction("consume.committed", "take"),
    _reaction("append.before", "confirm"),
    _reaction("append.written", "confirm", quick=("postgres",)),
    _reaction("append.committed", "confirm"),
    _reaction("append.written", "refuse"),
    _reaction("append.written", "undo"),
    _reaction("append.committed", "undo"),
    _reaction("append.written", "give"),
    _reaction("append.committed", "give", 2),
    _reaction("consume.decided", "send_back"),
    _reaction("consume.written", "send_back"),
    _reaction("consume.committed", "send_back"),
    _reaction("consume.written", "contest"),
    _reaction("consume.decided", "credit"),
    _reaction("consume.written", "credit"),
    _reaction("consume.committed", "credit"),
    _reaction("consume.written", "state"),
    _reaction("consume.committed", "state"),
    _reaction("consume.written", "look_again"),
    _reaction("consume.written", "look_again", 2),
    _reaction("consume.committed", "look_again"),
)


def is_whole() -> bool:
    """Whether the whole matrix is asked for (`make crash`), and not its quick part."""
    return os.environ.get("CRASH") == "whole"


def cells(*, whole: bool) -> Iterator[Cell]:
    """All cells, or the quick ones."""
    for victim in VICTIMS:
        for place in PLACES:
            cell = Cell(place, victim)
            if victim in place.victims and (whole or cell.is_quick):
                yield cell
