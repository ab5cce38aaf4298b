"""Undoing (délettrage): what a payment had settled is open again, and its money is its own again. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from lettra_events.contracts import Event
from lettra_events.contracts import matching as said
from lettra_matching.decider.settling import movement
from lettra_matching.domain import Allocation, OpenItem

Items = Mapping[str, OpenItem]
"""The items of the allocations, credit notes included, by id."""


def undo(allocations: Sequence[Allocation], items: Items, on: date) -> list[Event]:
    """Take the allocations back, the last first; what is settled no more says so behind them."""
    open_now = {item_id: item.open for item_id, item in items.items()}
    events = [
        event
        for allocation in sorted(allocations, key=lambda a: -a.line)
        for event in _take_back(allocation, items, open_now, on)
    ]
    return [*events, *_reopened(items, open_now, on)]


def _take_back(
    allocation: Allocation, items: Items, open_now: dict[str, Decimal], on: date
) -> Iterator[Event]:
    item = items[allocation.item_id]
    where = movement(item, on)
    if allocation.written_off > 0:
        assert allocation.write_off_type is not None, "a write-off is typed"
        open_now[item.item_id] += allocation.written_off
        yield said.WriteOffReversed(
            **where,
            write_off_type=allocation.write_off_type,
            amount=allocation.written_off,
            open_after=open_now[item.item_id],
            payment_id=allocation.payment_id,
            line=allocation.line,
        )
    if allocation.amount <= 0:
        return
    open_now[item.item_id] += allocation.amount
    if allocation.credit_item_id is None:
        yield said.CashUnapplied(
            **where,
            payment_id=allocation.payment_id,
            line=allocation.line,
            amount=allocation.amount,
            open_after=open_now[item.item_id],
        )
        return
    open_now[allocation.credit_item_id] += allocation.amount
    yield said.CreditUnapplied(
        **where,
        credit_item_id=allocation.credit_item_id,
        amount=allocation.amount,
        open_after=open_now[item.item_id],
        credit_open_after=open_now[allocation.credit_item_id],
        payment_id=allocation.payment_id,
        line=allocation.line,
    )


def _reopened(items: Items, open_now: Mapping[str, Decimal], on: date) -> Iterator[Event]:
    for item_id in sorted(items):
        item = items[item_id]
        if item.open == 0 and open_now[item_id] > 0:
            yield said.ItemReopened(**movement(item, on), open_after=open_now[item_id])
