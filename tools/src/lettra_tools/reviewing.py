"""What matching proposes to a person, in the lines in which it is read: of `lettra review`, and of the demo."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from lettra_tools.client import Service

LINES_MAX = 6
TEXT_CHARS_MAX = 140
ITEMS_OF_A_PAGE = 500
RULES = {
    "structured_reference": 1,
    "remittance_advice": 2,
    "document_number": 3,
    "exact_amount": 5,
    "natural_group": 6,
    "unique_sum": 7,
    "legal_imputation": 9,
}
"""The rules that settle something, by their number in docs/matching.md; 4 and 8 are parts of others."""
LESS = {
    "early_payment_discount": "an early-payment discount",
    "bank_fees": "bank fees",
    "rounding": "rounding",
}
Ask = Callable[[str], Mapping[str, Any]]


class Ledgers:
    """The ledgers of the customers whose items are proposed, each asked for once."""

    def __init__(self, matching: Service) -> None:
        self._matching = matching
        self._known: dict[str, Mapping[str, Any]] = {}

    def __call__(self, customer_id: str) -> Mapping[str, Any]:
        """The customer's name, and the first page of what is open."""
        if customer_id not in self._known:
            path = f"/customers/{customer_id}/ledger"
            self._known[customer_id] = self._matching.get(path, limit=ITEMS_OF_A_PAGE)
        return self._known[customer_id]


def proposal_lines(proposal: Mapping[str, Any], ledger_of: Ask) -> Iterator[str]:
    """One proposal: the payment, what it would settle, why, and how sure that is."""
    text = " ".join((proposal["remittance"] or "").split())[:TEXT_CHARS_MAX]
    who = proposal["counterparty_name"] or "no name"
    amount = f"{Decimal(proposal['unapplied']):,.2f} {proposal['currency']}"
    yield f"{proposal['payment_id']}"
    yield (
        f"  paid      {proposal['booking_date']}  {amount}  by {who}: {text!r}"
        if text
        else (f"  paid      {proposal['booking_date']}  {amount}  by {who}, without a text")
    )
    for number, line in enumerate(proposal["lines"][:LINES_MAX]):
        yield f"  {'settles' if number == 0 else '':<9} {_settles(line, ledger_of)}"
    if len(proposal["lines"]) > LINES_MAX:
        yield f"            and {len(proposal['lines']) - LINES_MAX} more items"
    for number, words in enumerate(proposal["evidence"].split("; ")):
        yield f"  {'because' if number == 0 else '':<9} {words}"
    yield f"  sure      {_how_sure(proposal)}"


def _settles(line: Mapping[str, Any], ledger_of: Ask) -> str:
    ledger = ledger_of(line["customer_id"])
    item = next((each for each in ledger["items"] if each["item_id"] == line["item_id"]), None)
    number = line["item_id"].partition(":")[2]
    settled, off = Decimal(line["settled"]), Decimal(line["write_off"])
    words = f"{settled:,.2f} of {number}"
    if item is not None:
        words += f" ({Decimal(item['open']):,.2f} open, due {item['due_date']})"
    if off > 0:
        words += f", of it {off:,.2f} as {LESS.get(line['write_off_type'], line['write_off_type'])}"
    return f"{words}, {ledger['name'] or 'no name'} ({line['customer_id']})"


def _how_sure(proposal: Mapping[str, Any]) -> str:
    rule = proposal["rule"]
    fits = f", {proposal['solutions']} answers fit" if proposal["solutions"] > 1 else ""
    number = f"rule {RULES[rule]}, " if rule in RULES else ""
    return (
        f"{proposal['confidence']} of 1: {number}{rule.replace('_', ' ')}{fits}"
        f"; rules of version {proposal['rules_version']}"
    )
