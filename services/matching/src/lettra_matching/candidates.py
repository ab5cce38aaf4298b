"""The engine's candidates over a workspace: rows that are missing are fetched in sets, under locks.

Also the way between the engine's values and the rows: `item_of`, `payer_of`, `incoming`, `rules_of`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from lettra_events.contracts.matching import PaymentTaken
from lettra_events.contracts.payments import AdviceLine as SaidLine
from lettra_events.decisions.workspace import Workspace
from lettra_matching.domain import OPEN_ITEMS, PAYERS, RULES, KnownPayer, OpenItem, Payment
from lettra_matching.domain.rules import DEFAULTS, changed_rules
from lettra_matching.engine.candidates import CROWD
from lettra_matching.engine.keys import item_keys, payer_keys
from lettra_matching.engine.model import AdviceLine, Incoming, Item, KnownAlias, KnownIban, Payer
from lettra_matching.engine.ruleset import Rules

ZERO = Decimal(0)


class OverWorkspace:
    """Implements the engine's `Candidates` for one payment.

    What a person said of it holds: items that were `barred` to it are not there, and money that was `assigned_to`
    a customer pays for no other one.
    """

    def __init__(
        self, workspace: Workspace, barred: Iterable[str] = (), assigned_to: str | None = None
    ) -> None:
        self._workspace = workspace
        self._barred = frozenset(barred)
        self._assigned_to = assigned_to

    def items_named(self, keys: Collection[str], entity_id: str | None) -> Mapping[str, Sequence[Item]]:
        marks = {in_entity(entity_id, key): key for key in keys}
        found = self._workspace.find_few(OPEN_ITEMS, "marks", marks, CROWD)
        named = {marks[mark]: self._items(rows) for mark, rows in found.items()}
        return {key: items for key, items in named.items() if items}

    def payers(self, keys: Collection[str]) -> Mapping[str, Sequence[Payer]]:
        found = self._workspace.find_few(PAYERS, "marks", keys, CROWD)
        allowed = {key: [payer_of(row) for row in rows if self._may_pay(row)] for key, rows in found.items()}
        return {key: payers for key, payers in allowed.items() if payers}

    def payers_of(self, customer_ids: Collection[str]) -> Mapping[str, Payer]:
        wanted = sorted(customer_ids)
        rows = self._workspace.get_many(PAYERS, [(customer,) for customer in wanted])
        return {row.customer_id: payer_of(row) for row in rows if row is not None}

    def group_members(self, group_ids: Collection[str]) -> Sequence[Payer]:
        rows = self._workspace.find(PAYERS, "group_id", *sorted(group_ids))
        return [payer_of(row) for row in rows if self._may_pay(row)]

    def open_items(
        self, customer_ids: Collection[str], entity_id: str | None, currency: str
    ) -> Sequence[Item]:
        rows = self._workspace.find(OPEN_ITEMS, "payable_by", *sorted(customer_ids))
        return [
            item
            for item in self._items(rows)
            if item.currency == currency and entity_id in (None, item.entity_id)
        ]

    def _items(self, rows: Iterable[OpenItem]) -> list[Item]:
        return [item_of(row) for row in rows if row.item_id not in self._barred and self._may_pay(row)]

    def _may_pay(self, row: OpenItem | KnownPayer) -> bool:
        return self._assigned_to in (None, row.customer_id)


def in_entity(entity_id: str | None, key: str) -> str:
    """A mark of an item: the engine's key within its legal entity."""
    return f"{entity_id}|{key}"


def item_marks(row: OpenItem) -> tuple[str, ...]:
    """By what a payment may name the item as it is now."""
    return tuple(in_entity(row.entity_id, key) for key in item_keys(item_of(row)))


def payer_marks(row: KnownPayer) -> tuple[str, ...]:
    """By what a payment may show that the customer pays; a name of nothing but signs is no mark."""
    return tuple(key for key in payer_keys(payer_of(row)) if not key.endswith(":"))


def item_of(row: OpenItem) -> Item:
    return Item(
        customer_id=row.customer_id,
        item_id=row.item_id,
        entity_id=row.entity_id,
        kind="invoice" if row.kind == "invoice" else "credit_note",
        document_number=row.document_number,
        issue_date=row.issue_date,
        due_date=row.due_date,
        currency=row.currency,
        amount=row.amount,
        open=row.open,
        disputed=row.disputed,
        payment_reference=row.payment_reference,
        discount_amount=row.discount_amount or ZERO,
        discount_until=row.discount_until,
    )


def payer_of(row: KnownPayer) -> Payer:
    always = tuple(KnownIban(iban) for iban in row.ibans)
    learned = tuple(KnownIban(iban, since) for since, iban in map(_dated, row.learned_ibans))
    return Payer(
        customer_id=row.customer_id,
        name=row.name,
        aliases=tuple(KnownAlias(name, since) for since, name in map(_dated, row.learned_aliases)),
        siren=row.siren,
        vat_number=row.vat_number,
        ibans=(*always, *learned),
        group_id=row.group_id,
    )


def _dated(text: str) -> tuple[date, str]:
    since, _payment, what = text.split(" ", 2)
    return date.fromisoformat(since), what


def incoming(payment: Payment) -> Incoming:
    """The payment as the engine sees it: what it has left, or what is announced."""
    return Incoming(
        payment_id=payment.payment_id,
        entity_id=payment.entity_id,
        booking_date=payment.booking_date,
        value_date=payment.value_date,
        currency=payment.currency,
        amount=payment.available or payment.announced,
        counterparty_name=payment.counterparty_name,
        counterparty_iban=payment.counterparty_iban,
        structured_reference=payment.structured_reference,
        remittance="\n".join(filter(None, (payment.remittance, payment.advice_text))) or None,
        end_to_end_id=payment.end_to_end_id,
        advice=tuple(map(_advice, payment.advice)),
        in_hand=bool(payment.barred),
    )


def incoming_of(taken: PaymentTaken) -> Incoming:
    """The payment as the engine sees it at first."""
    return Incoming(
        payment_id=taken.payment_id,
        entity_id=taken.entity_id,
        booking_date=taken.booking_date,
        value_date=taken.value_date,
        currency=taken.currency,
        amount=taken.amount,
        counterparty_name=taken.counterparty_name,
        counterparty_iban=taken.counterparty_iban,
        structured_reference=taken.structured_reference,
        remittance=taken.remittance,
        end_to_end_id=taken.end_to_end_id,
    )


def _advice(text: str) -> AdviceLine:
    line = SaidLine.model_validate_json(text)
    return AdviceLine(line.document_number, line.amount)


def rules_of(workspace: Workspace, entity_id: str) -> Rules:
    """The rules of the entity that are in force."""
    row = workspace.get(RULES, entity_id)
    if row is None:
        return DEFAULTS
    return changed_rules(row.version, dict(text.split("=", 1) for text in row.changes))
