"""A customer's facts in few words. All invented."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from lettra_risk_scoring.domain import Fact, History, fold
from lettra_risk_scoring.domain.facts import (
    AccountMoved,
    DraftsStated,
    InsolvencyStated,
    ItemDisputed,
    ItemKind,
    ItemOpened,
    ItemReduced,
    Means,
    PaymentReturned,
    PromiseBroken,
    ReductionUndone,
    StepTaken,
)

TODAY = date(2026, 6, 30)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def opened(
    item: str,
    amount: str | int = 100,
    *,
    issued: date,
    due: date,
    kind: ItemKind = "invoice",
    currency: str = "EUR",
    entity: str = "FR01",
    known: date | None = None,
) -> ItemOpened:
    return ItemOpened(known or issued, item, entity, kind, currency, Decimal(amount), issued, due)


def paid(
    item: str,
    amount: str | int = 100,
    *,
    on: date,
    movement: str = "P1:1",
    means: Means = "cash",
    known: date | None = None,
) -> ItemReduced:
    return ItemReduced(known or on, item, movement, on, Decimal(amount), means)


def undone(item: str, movement: str = "P1:1", *, known: date) -> ReductionUndone:
    return ReductionUndone(known, item, movement)


def disputed(item: str, amount: str | int = 100, *, known: date) -> ItemDisputed:
    return ItemDisputed(known, item, Decimal(amount))


def returned(payment: str, *, known: date) -> PaymentReturned:
    return PaymentReturned(known, payment)


def broken(promise: str, *, known: date) -> PromiseBroken:
    return PromiseBroken(known, promise)


def reminded(item: str, step: int, *, known: date) -> StepTaken:
    return StepTaken(known, item, step)


def on_account(change: str | int, *, known: date, currency: str = "EUR") -> AccountMoved:
    return AccountMoved(known, "FR01", currency, Decimal(change))


def drafts(amount: str | int, *, known: date) -> DraftsStated:
    return DraftsStated(known, "FR01", "EUR", Decimal(amount))


def insolvent(opened: bool, *, known: date) -> InsolvencyStated:
    return InsolvencyStated(known, opened)


def history(*facts: Fact, as_of: date = TODAY) -> History:
    return fold(facts, as_of)


def settled(item: str, late: int, *, due: date, amount: str | int = 100, currency: str = "EUR") -> list[Fact]:
    """An item of thirty days that was paid so many days after its due date (negative: before)."""
    return [
        opened(item, amount, issued=due - timedelta(days=30), due=due, currency=currency),
        paid(item, amount, on=due + timedelta(days=late)),
    ]


def regular(count: int, late: int, *, amount: str | int = 100) -> list[Fact]:
    """So many items, due ten days apart, each paid so many days late."""
    facts: list[Fact] = []
    for number in range(count):
        facts += settled(f"R{number}", late, due=ago(60 + 10 * number), amount=amount)
    return facts
