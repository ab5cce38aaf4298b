"""How an amount settles items: exactly, less a discount, less credit notes, within a tolerance, in part, and more.

Each function gives the lines and the rest of one way, or None where the amount does not fit it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lettra_matching.engine.model import ZERO, Item, Line, WriteOff
from lettra_matching.engine.ruleset import Rules
from lettra_matching.engine.subsets import sums_to

DISCOUNTS_MAX = 10
CREDIT_NOTES_MAX = 12


@dataclass(frozen=True, slots=True)
class Settlement:
    """Lines, what is left of the money, and in words how the amount came about."""

    lines: tuple[Line, ...]
    rest: Decimal
    how: str

    @property
    def item_ids(self) -> tuple[str, ...]:
        return tuple(sorted(line.item.item_id for line in self.lines))


def total_of(items: Sequence[Item]) -> Decimal:
    """What is open of the items, credit notes taken away."""
    return sum((item.signed for item in items), ZERO)


def exactly(items: Sequence[Item], amount: Decimal) -> Settlement | None:
    """All of it settles all of them."""
    if not items or total_of(items) != amount:
        return None
    return Settlement(_whole(items), ZERO, f"{_what(items)} {amount}, exactly what was paid")


def less_discount(items: Sequence[Item], amount: Decimal, day: date, rules: Rules) -> Settlement | None:
    """A discount that is still valid was kept back, on all items that have one or on the only subset that fits.

    Customers compute it themselves: on all items, it may differ within the tolerance for rounding.
    """
    kept_back = total_of(items) - amount
    offered = sorted((item for item in items if item.discount_on(day) > 0), key=lambda i: (i.open, i.item_id))
    if kept_back <= 0 or not offered or len(offered) > DISCOUNTS_MAX:
        return None
    taken = {item.item_id: item.discount_on(day) for item in offered}
    differs = kept_back - sum(taken.values(), ZERO)
    if abs(differs) <= min(rules.rounding_tolerance, taken[offered[-1].item_id] / 2):
        taken[offered[-1].item_id] += differs
    else:
        sums = sums_to(list(taken.values()), kept_back)
        if sums.count != 1:
            return None
        taken = {offered[position].item_id: taken[offered[position].item_id] for position in sums.found[0]}
    how = f"{_what(items)} {total_of(items)}, less the early-payment discount of {kept_back} valid on {day}"
    return Settlement(_whole(items, taken, "early_payment_discount"), ZERO, how)


def less_disputed(items: Sequence[Item], amount: Decimal) -> Settlement | None:
    """All but what is disputed was paid; that stays open."""
    disputed = [item for item in items if item.kind == "invoice" and item.disputed > 0]
    kept_back = sum((item.open - item.expected for item in disputed), ZERO)
    if not kept_back or total_of(items) - kept_back != amount:
        return None
    paid = {item.item_id: item.expected for item in disputed}
    lines = []
    for item in sorted(items, key=lambda i: i.item_id):
        settled = paid.get(item.item_id, item.open)
        if settled > 0:
            lines.append(Line(item, settled, settled if item.kind == "invoice" else -settled))
    how = f"{_what(items)} {total_of(items)}, less the {kept_back} that are disputed"
    return Settlement(tuple(lines), ZERO, how)


def less_credit_notes(
    items: Sequence[Item], amount: Decimal, notes: Sequence[Item], *, several: bool
) -> Settlement | None:
    """The customer deducted an open credit note that the text does not name, or `several`; only one choice fits."""
    deducted = total_of(items) - amount
    if deducted <= 0 or not notes:
        return None
    chosen = _adding_up(notes, deducted, several)
    if not chosen:
        return None
    named = ", ".join(note.document_number for note in chosen)
    return Settlement(
        _whole([*items, *chosen]), ZERO, f"{_what(items)} {total_of(items)}, less credit note {named}"
    )


def _adding_up(notes: Sequence[Item], deducted: Decimal, several: bool) -> list[Item]:
    """The one note of this amount, else the only choice of few notes; nothing where there are several answers."""
    alone = [note for note in notes if note.open == deducted]
    if alone or not several or len(notes) > CREDIT_NOTES_MAX:
        return alone if len(alone) == 1 else []
    sums = sums_to([note.open for note in notes], deducted)
    return [notes[position] for position in sums.found[0]] if sums.count == 1 else []


def within_rounding(items: Sequence[Item], amount: Decimal, rules: Rules) -> Settlement | None:
    """A few cents too little are written off, a few too much stay on account."""
    missing = total_of(items) - amount
    if (
        not items
        or missing == 0
        or abs(missing) > rules.rounding_tolerance
        or total_of(items) <= abs(missing)
    ):
        return None
    how = f"{_what(items)} {total_of(items)}: {abs(missing)} of rounding"
    if missing < 0:
        return Settlement(_whole(items), -missing, how)
    return _written_off(items, missing, "rounding", how)


def less_fees(items: Sequence[Item], amount: Decimal, rules: Rules) -> Settlement | None:
    """Banks on the way kept their fees."""
    missing = total_of(items) - amount
    if not items or not 0 < missing <= rules.fee_tolerance or amount <= missing:
        return None
    how = f"{_what(items)} {total_of(items)}: {missing} of bank fees, within the tolerance of {rules.fee_tolerance}"
    return _written_off(items, missing, "bank_fees", how)


def less_discount_and_fees(
    items: Sequence[Item], amount: Decimal, day: date, rules: Rules
) -> Settlement | None:
    """Every discount that is still valid was kept back, and banks on the way kept their fees: each within its rule."""
    taken = {item.item_id: item.discount_on(day) for item in items if item.discount_on(day) > 0}
    total = total_of(items)
    fees = total - sum(taken.values(), ZERO) - amount
    if not taken or not 0 < fees <= rules.fee_tolerance or amount <= fees:
        return None
    bearer = max(items, key=lambda i: (i.kind == "invoice", i.item_id not in taken, i.signed, i.item_id))
    if bearer.signed - taken.get(bearer.item_id, ZERO) <= fees:
        return None
    lines = tuple(
        _with_fees(line, fees) if line.item == bearer else line
        for line in _whole(items, taken, "early_payment_discount")
    )
    discount = total - amount - fees
    how = (
        f"{_what(items)} {total}, less the early-payment discount of {discount} valid on {day} and {fees} of bank"
        f" fees, within the tolerance of {rules.fee_tolerance}"
    )
    return Settlement(lines, ZERO, how)


def notes_of_others(lines: Sequence[Line], named: Collection[str] = ()) -> list[str]:
    """The credit notes, but for those of these ids, of which more is deducted than their customers' own invoices take:
    one customer's credit is not another's money.
    """
    left: dict[str, Decimal] = {}
    for line in lines:
        left[line.item.customer_id] = left.get(line.item.customer_id, ZERO) + line.cash
    return [
        line.item.document_number
        for line in lines
        if line.item.kind == "credit_note"
        and line.item.item_id not in named
        and left[line.item.customer_id] < 0
    ]


def _with_fees(line: Line, fees: Decimal) -> Line:
    """Less money for the line, by what banks kept."""
    off, cash = line.write_off + fees, line.cash - fees
    if line.write_off > 0:
        return Line(line.item, line.settled, cash, off, line.write_off_type, fees)
    return Line(line.item, line.settled, cash, off, "bank_fees")


def in_part(item: Item, amount: Decimal) -> Settlement | None:
    """Less than is open of the one item."""
    if item.kind != "invoice" or not 0 < amount < item.open:
        return None
    line = Line(item, amount, amount)
    return Settlement((line,), ZERO, f"{amount} is a part of the {item.open} open of {item.document_number}")


def and_more(items: Sequence[Item], amount: Decimal) -> Settlement | None:
    """All items are settled, and the rest stays on account."""
    rest = amount - total_of(items)
    if not items or rest <= 0 or total_of(items) < 0:
        return None
    return Settlement(_whole(items), rest, f"{_what(items)} {total_of(items)}; {rest} more was paid")


def as_far_as_it_goes(items: Sequence[Item], amount: Decimal) -> Settlement | None:
    """The invoices in this order, the last one in part."""
    lines, left = [], amount
    for item in items:
        paid = min(left, item.open)
        if item.kind == "invoice" and paid > 0:
            lines.append(Line(item, paid, paid))
            left -= paid
    return Settlement(tuple(lines), left, f"{amount} in the order of {_listed(items)}") if lines else None


def _whole(
    items: Sequence[Item], taken: dict[str, Decimal] | None = None, kind: WriteOff | None = None
) -> tuple[Line, ...]:
    lines = []
    for item in sorted(items, key=lambda i: i.item_id):
        off = (taken or {}).get(item.item_id, ZERO)
        cash = item.signed - off
        lines.append(Line(item, item.open, cash, off, kind if off > 0 else None))
    return tuple(lines)


def _written_off(items: Sequence[Item], missing: Decimal, kind: WriteOff, how: str) -> Settlement | None:
    """On the largest invoice, which must be larger."""
    bearer = max(items, key=lambda item: (item.signed, item.item_id))
    if bearer.signed <= missing:
        return None
    return Settlement(_whole(items, {bearer.item_id: missing}, kind), ZERO, how)


def _what(items: Sequence[Item]) -> str:
    return f"open of {_listed(items)}:"


def _listed(items: Sequence[Item]) -> str:
    numbers = [item.document_number for item in sorted(items, key=lambda i: i.item_id)]
    return ", ".join(numbers[:8]) + (f" and {len(numbers) - 8} more" if len(numbers) > 8 else "")
