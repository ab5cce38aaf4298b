"""`python -m lettra_risk_scoring.benchmark`: how many customers a second the pure part judges, in memory, on one core.

Timed is the fold of a customer's facts and the whole judgement of them; the invention of the facts is not, nor is any
reading or writing: the service that will do these is not there yet. Customers, amounts and delays come from a seed.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from time import perf_counter, process_time

from lettra_risk_scoring.domain import Fact, fold
from lettra_risk_scoring.domain.facts import ItemDisputed, ItemOpened, ItemReduced, PromiseBroken, StepTaken
from lettra_risk_scoring.engine.assessing import assess
from lettra_risk_scoring.engine.model import Ready, read
from lettra_risk_scoring.engine.policy import DEFAULT

TODAY = date(2026, 6, 30)
TERM = timedelta(days=30)


def invented(chance: random.Random, items: int, still_open: int) -> list[Fact]:
    """A customer of so many items over a year, the last ones open; one in ten disputed, late ones reminded."""
    habit = chance.randint(-5, 40)
    facts: list[Fact] = []
    for number in range(items):
        issued = TODAY - timedelta(days=(items - number) * 330 // items)
        name, amount = f"FR01:FA-{number}", Decimal(chance.randint(5_000, 5_000_000)) / 100
        facts.append(ItemOpened(issued, name, "FR01", "invoice", "EUR", amount, issued, issued + TERM))
        late = habit + chance.randint(-10, 10)
        if number % 10 == 0:
            facts.append(ItemDisputed(issued, name, amount / 2))
        if late > 15:
            facts.append(StepTaken(issued + TERM + timedelta(days=15), name, 1))
        if number < items - still_open:
            paid = issued + TERM + timedelta(days=late)
            facts.append(ItemReduced(paid, name, f"cash P{number} 1", paid, amount, "cash"))
    if habit > 30:
        facts.append(PromiseBroken(TODAY - timedelta(days=40), "B1"))
    return facts


def measure(
    customers: int, items: int, still_open: int, model: Ready | None, seed: int = 1
) -> dict[str, float]:
    """Seconds by the clock and of the processor, customers a second, and the most memory that the process had."""
    chance = random.Random(seed)  # noqa: S311 - an invented company, no secret
    seconds, busy, points = 0.0, 0.0, 0
    for facts in _many(chance, customers, items, still_open):
        began, began_busy = perf_counter(), process_time()
        points += assess(fold(facts, TODAY), DEFAULT, model).score.points
        seconds += perf_counter() - began
        busy += process_time() - began_busy
    return {
        "customers": customers,
        "items_each": items,
        "open_each": still_open,
        "seconds": round(seconds, 2),
        "processor_seconds": round(busy, 2),
        "customers_per_s": round(customers / seconds),
        "mean_points": round(points / customers, 1),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _many(chance: random.Random, customers: int, items: int, still_open: int) -> Iterator[list[Fact]]:
    for number in range(customers):
        if number and number % 10_000 == 0:
            print(f"{number:,} of {customers:,} customers", file=sys.stderr, flush=True)
        yield invented(chance, items, still_open)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lettra_risk_scoring.benchmark", description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=20, help="of each customer, over a year")
    parser.add_argument("--open", type=int, default=5, help="of these, still open")
    parser.add_argument("--model", type=Path, help="a trained model; without it the scorecard alone")
    given = parser.parse_args()
    model = read(given.model.read_text(encoding="utf-8")) if given.model else None
    print(json.dumps(measure(given.customers, given.items, given.open, model)))


if __name__ == "__main__":
    main()
