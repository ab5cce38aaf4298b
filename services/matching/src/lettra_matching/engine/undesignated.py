"""What rules 5 to 7 share: which items they look at, and when what they found is left to a person after all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from lettra_matching.engine.case import Case
from lettra_matching.engine.model import Item, Line
from lettra_matching.engine.numbers import STRONG
from lettra_matching.engine.settling import Settlement, notes_of_others


def pools(case: Case) -> Iterator[tuple[Item, ...]]:
    """The items of who pays, then those of all for whom they may pay."""
    if case.own:
        yield case.own
    if case.family:
        yield case.family


def net(item: Item, case: Case) -> Decimal:
    """What it adds to a sum if a discount that is still valid is kept back."""
    return item.signed - item.discount_on(case.payment.day)


def settled(case: Case, items: Sequence[Item], discounted: bool, how: str) -> Settlement:
    """All of these items, with or without their discounts."""
    lines = []
    for item in sorted(items, key=lambda i: i.item_id):
        off = item.discount_on(case.payment.day) if discounted else Decimal(0)
        lines.append(
            Line(item, item.open, item.signed - off, off, "early_payment_discount" if off > 0 else None)
        )
    rest = case.payment.amount - sum(line.cash for line in lines)
    return Settlement(tuple(lines), rest, how)


def doubts(case: Case, settlement: Settlement) -> list[str]:
    """Why a person should look: the text names a document of ours that is not among what is settled."""
    settled_ids = frozenset(settlement.item_ids)
    others = [
        mentioned.written
        for mentioned in case.meant.mentioned
        if mentioned.strength >= STRONG
        and settled_ids.isdisjoint(n.item.item_id for n in mentioned.candidates)
    ]
    unknown = case.unknown_documents([line.item for line in settlement.lines])
    words = []
    if others:
        words.append(f"but the text names {', '.join(others[:8])}, which is another document")
    if unknown:
        words.append(f"but the text names {', '.join(unknown[:8])}, which is not known")
    foreign = notes_of_others(settlement.lines)
    if foreign:
        words.append(f"but {', '.join(foreign[:8])} is another customer's credit, and nobody names it")
    if case.is_cut:
        words.append("but the text is longer than what is read of it")
    return words
