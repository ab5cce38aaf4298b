"""Scenes: how people really pay, each with customers of its own, played now and then while the company lives.

The weeks of the public sales know payers who say what they pay, or do not. What a person reviews, and what makes
receivables laborious, is written here: who means what stands beside what he writes.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from lettra_tools.demo.names import other_names
from lettra_tools.demo.scenes import naming, silent
from lettra_tools.demo.scenes.script import Cast, Script

SCENES = (*naming.SCENES, *silent.SCENES)
TIMES = 4
"""How often each scene is played in the company's whole life."""
LASTS = timedelta(weeks=9)
APART = timedelta(days=120)
NAMES = 150
__all__ = ["Cast", "play"]


def play(seed: int, first_day: date, last_day: date) -> Cast:
    """All scenes, spread over the life of the company: as often as there is room for, at most `TIMES`."""
    random = Random(f"scenes {seed}")  # noqa: S311 - figures of a demo, to be the same again
    cast, names = Cast(), other_names(NAMES, random)
    room = last_day - LASTS - first_day
    times = min(TIMES, 1 + room // APART) if room >= timedelta(0) else 0
    for time in range(times):
        for number, scene in enumerate(SCENES):
            begins = first_day + room * time / times + timedelta(days=1 + number % 12)
            scene(Script(cast, random, begins, names))
    return cast
