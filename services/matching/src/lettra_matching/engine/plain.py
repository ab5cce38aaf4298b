"""The engine over plain values, for whoever reads files: no type of this package is needed to use it.

`lettra match` finds `Desk` and `BadCell` by their entry points (group `lettra.matching`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from lettra_matching.engine.deciding import decide
from lettra_matching.engine.learning import learned
from lettra_matching.engine.memory import InMemory
from lettra_matching.engine.model import ZERO, Decision, Incoming, Item, Kind, KnownIban, Line, Payer
from lettra_matching.engine.ruleset import Rules
from lettra_matching.engine.text import canonical, is_nothing

Cells = Mapping[str, str]
_Paid = tuple[str, str, Decimal]
"""End-to-end reference, currency and amount of a payment."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_AMOUNT = re.compile(r"\d{1,15}(?:\.\d{1,5})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_ID_CHARS_MAX = 200
_DECIMALS = Decimal("0.01")


class BadCell(ValueError):
    """A cell that cannot be taken: its column, and why."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"{column}: {reason}")
        self.column = column
        self.reason = reason


class Desk:
    """Customers, open items and the rules: takes payments in order, each seeing what the ones before settled.

    What a payment teaches of who pays serves from the day after it. Nothing of a row that raises is kept.
    """

    def __init__(self, fee_tolerance: str = "0") -> None:
        self._rules = Rules(fee_tolerance=_amount({"fee tolerance": fee_tolerance}, "fee tolerance"))
        self._ledger = InMemory()
        self._customers: set[str] = set()
        self._items: set[str] = set()
        self._paid: dict[_Paid, list[Decision]] = {}

    def add_customer(self, cells: Cells) -> None:
        """A row of `customers.csv`; raises `BadCell`."""
        payer = _payer(cells)
        if payer.customer_id in self._customers:
            raise BadCell("customer_id", f"{payer.customer_id!r} stands in an earlier row")
        self._customers.add(payer.customer_id)
        self._ledger.put_payer(payer)

    def add_item(self, cells: Cells) -> None:
        """A row of `open_items.csv`; raises `BadCell`."""
        item = _item(cells)
        if item.item_id in self._items:
            raise BadCell("item_id", f"{item.item_id!r} stands in an earlier row")
        self._items.add(item.item_id)
        self._ledger.put_item(item)

    def match(self, row: Mapping[str, Any]) -> tuple[dict[str, str], ...]:
        """Decide on a booked credit, a row as `lettra bank parse --json` gives it: the rows of `allocations.csv`.

        What is applied is settled for the payments that follow.
        """
        return _allocations(str(row["entry_ref"]), self.decide(row))

    def decide(self, row: Mapping[str, Any]) -> Decision:
        """As `match`, with all that was decided."""
        payment = _incoming(row)
        decision = decide(payment, self._ledger, self._rules)
        self._ledger.apply(decision)
        self._ledger.learn(learned(payment, decision))
        if decision.outcome == "applied" and (paid := _paid(row)) is not None:
            self._paid.setdefault(paid, []).append(decision)
        return decision

    def give_back(self, row: Mapping[str, Any]) -> bool:
        """A booked debit that returns an earlier credit (a direct debit that was not paid, say): whether it was found.

        What that had settled is open again. A return bears the end-to-end reference and the amount of what it
        returns; where those say nothing, or two payments bear them, nothing is opened.
        """
        paid = _paid(row)
        decisions = self._paid.get(paid, []) if paid is not None else []
        if len(decisions) != 1:
            return False
        self._ledger.undo(decisions.pop())
        return True


def _paid(row: Mapping[str, Any]) -> _Paid | None:
    reference = canonical(row["end_to_end_id"] or "")
    if not reference or is_nothing(row["end_to_end_id"]):
        return None
    return reference, str(row["currency"]), Decimal(row["amount"])


def _payer(cells: Cells) -> Payer:
    return Payer(
        customer_id=_id(cells, "customer_id"),
        name=_filled(cells, "name"),
        siren=cells.get("siren") or None,
        vat_number=cells.get("vat_number") or None,
        ibans=tuple(KnownIban(iban) for iban in dict.fromkeys(cells.get("ibans", "").split())),
        group_id=cells.get("group_id") or None,
    )


def _item(cells: Cells) -> Item:
    kind = _filled(cells, "kind")
    if kind not in ("invoice", "credit_note"):
        raise BadCell("kind", f"{kind!r} is neither invoice nor credit_note")
    amount = _amount(cells, "amount")
    if amount <= 0:
        raise BadCell("amount", "what is open is more than zero")
    discount = _amount(cells, "discount_amount") if cells.get("discount_amount") else ZERO
    until = _day(cells, "discount_until") if cells.get("discount_until") else None
    if discount and until is None:
        raise BadCell("discount_until", "a discount says until when it is valid")
    return Item(
        customer_id=_id(cells, "customer_id"),
        item_id=_id(cells, "item_id"),
        entity_id=_id(cells, "entity_id"),
        kind=cast("Kind", kind),
        document_number=_id(cells, "document_number"),
        issue_date=_day(cells, "issue_date"),
        due_date=_day(cells, "due_date"),
        currency=_currency(cells, "currency"),
        amount=amount,
        open=amount,
        payment_reference=cells.get("payment_reference") or None,
        discount_amount=discount,
        discount_until=until,
    )


def _incoming(row: Mapping[str, Any]) -> Incoming:
    day = row["booking_date"] or row["value_date"]
    return Incoming(
        payment_id=str(row["entry_ref"]),
        entity_id=None,
        booking_date=date.fromisoformat(day),
        value_date=date.fromisoformat(row["value_date"]) if row["value_date"] else None,
        currency=str(row["currency"]),
        amount=Decimal(row["amount"]),
        counterparty_name=row["counterparty_name"],
        counterparty_iban=row["counterparty_iban"],
        structured_reference=row["structured_reference"],
        remittance=row["remittance"],
        end_to_end_id=row["end_to_end_id"],
    )


def _allocations(entry_ref: str, decision: Decision) -> tuple[dict[str, str], ...]:
    common = {
        "entry_ref": entry_ref,
        "outcome": decision.outcome,
        "rule": decision.rule,
        "confidence": str(decision.confidence),
        "solutions": str(decision.solutions),
    }
    if not decision.lines:
        return ({**common, "item_id": "", "amount": "", "write_off": ""},)
    return tuple({**common, **_settled(line)} for line in decision.lines)


def _settled(line: Line) -> dict[str, str]:
    write_off = _written(line.write_off) if line.write_off else ""
    return {"item_id": line.item.item_id, "amount": _written(line.settled), "write_off": write_off}


def _written(amount: Decimal) -> str:
    """With two decimals at least, and none lost."""
    rounded = amount.quantize(_DECIMALS)
    return f"{rounded if rounded == amount else amount:f}"


def _filled(cells: Cells, column: str) -> str:
    value = cells.get(column, "").strip()
    if not value:
        raise BadCell(column, "is empty")
    return value


def _id(cells: Cells, column: str) -> str:
    value = _filled(cells, column)
    if len(value) > _ID_CHARS_MAX:
        raise BadCell(column, f"is longer than {_ID_CHARS_MAX} characters")
    return value


def _day(cells: Cells, column: str) -> date:
    value = _filled(cells, column)
    try:
        if _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise BadCell(column, f"{value!r} is no date such as 2026-01-31")


def _amount(cells: Cells, column: str) -> Decimal:
    value = _filled(cells, column)
    try:
        if _AMOUNT.fullmatch(value) and value.isascii():
            return Decimal(value)
    except InvalidOperation:
        pass
    raise BadCell(column, f"{value!r} is no amount such as 1234.56, zero or more")


def _currency(cells: Cells, column: str) -> str:
    value = _filled(cells, column)
    if not _CURRENCY.fullmatch(value):
        raise BadCell(column, f"{value!r} is no currency such as EUR")
    return value
