"""Settled items in few words, and an invented company whose customers have habits of paying."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

from lettra_risk_scoring.training.files import SettledItem

START = date(2025, 1, 1)


def item(
    name: str,
    customer: str = "C1",
    *,
    issued: date,
    late: int | None = 0,
    amount: int = 100,
    disputed: bool = False,
) -> SettledItem:
    """An item of thirty days, paid so many days after its due date; None: not yet."""
    due = issued + timedelta(days=30)
    settled_on = None if late is None else due + timedelta(days=late)
    return SettledItem(customer, name, "EUR", Decimal(amount), issued, due, settled_on, disputed)


def company(months: int, seed: int = 7) -> list[SettledItem]:
    """Forty items a month of twenty customers: half of them pay in time, half about ten days late."""
    chance = random.Random(seed)
    items: list[SettledItem] = []
    for number in range(40 * months):
        customer = number % 20
        issued = START + timedelta(days=number * 30 // 40)
        late = chance.randint(-8, 2) if customer % 2 else chance.randint(0, 20)
        items.append(
            item(f"I{number:05}", f"C{customer:02}", issued=issued, late=late, amount=chance.randint(10, 999))
        )
    return items
