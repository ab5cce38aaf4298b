"""What `lettra verify` says of each service at the end of the demo: the same checks, over everything that it keeps."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lettra_events.progress import Progress
from lettra_events.service.service import Service
from lettra_events.verify.finding import Unsound
from lettra_events.verify.history import Sound, verify_history, verify_tables
from lettra_tools.client import Advance
from lettra_tools.demo.screen import Screen
from lettra_tools.installed import load_services, service_point, settings_of


@dataclass(frozen=True)
class Verdict:
    """Whether a service's history, state and projections hold, in a sentence; it ends with the head to keep."""

    service: str
    sound: bool
    sentence: str


def verify_services(folder: Path, screen: Screen) -> list[Verdict]:
    """Ask every service of the folder's stack, one after the other."""
    services = load_services()
    with screen.bar("services verified", len(services)) as advance:
        return [_verify(service, folder, done, advance) for done, service in enumerate(services)]


def _verify(service: Service, folder: Path, done: int, advance: Advance) -> Verdict:
    def progress(what: str, _done: int, _total: int) -> None:
        advance(done, what)

    try:
        sound, rows = asyncio.run(_look(service, folder, progress))
    except Unsound as unsound:
        return Verdict(service.name, sound=False, sentence=str(unsound.finding))
    return Verdict(service.name, sound=True, sentence=_in_words(sound, rows))


async def _look(service: Service, folder: Path, progress: Progress) -> tuple[Sound, Mapping[str, int]]:
    settings = settings_of(service, folder)
    sound = await verify_history(service, settings, None, progress)
    return sound, await verify_tables(service, settings, service_point(service.name).value, progress)


def _in_words(sound: Sound, rows: Mapping[str, int]) -> str:
    counts = sound.counts
    return (
        f"{counts['entries']:,} entries alike in store, log and {counts['records']:,} records on Kafka;"
        f" {rows['state_rows']:,} rows of state and {rows['projection_rows']:,} of projections as their events make"
        f" them; head {sound.head}"
    )
