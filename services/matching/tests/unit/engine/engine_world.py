"""Words for tests of the engine: a small world of customers and items, and payments into it. Amounts in EUR."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from lettra_matching.engine import Decision, Incoming, InMemory, Item, KnownIban, Payer, Rules, decide

ISSUED = date(2026, 1, 15)
DUE = date(2026, 2, 14)
PAID = date(2026, 3, 2)
RULES = Rules(fee_tolerance=Decimal("15.00"))
IBAN = "FR7630006000011234567890189"
OTHER_IBAN = "DE89370400440532013000"


def payer(customer: str = "C1", name: str = "Durand SARL", *ibans: str, **more: object) -> Payer:
    return Payer(customer, name, ibans=tuple(map(KnownIban, ibans)), **more)  # type: ignore[arg-type]


def invoice(number: str, amount: str, customer: str = "C1", **more: object) -> Item:
    return _item("invoice", number, amount, customer, more)


def credit_note(number: str, amount: str, customer: str = "C1", **more: object) -> Item:
    return _item("credit_note", number, amount, customer, more)


def _item(kind: str, number: str, amount: str, customer: str, more: dict[str, object]) -> Item:
    entity = str(more.pop("entity_id", "E1"))
    values: dict[str, object] = {
        "customer_id": customer,
        "item_id": f"{entity}:{number}",
        "entity_id": entity,
        "kind": kind,
        "document_number": number,
        "issue_date": ISSUED,
        "due_date": DUE,
        "currency": "EUR",
        "amount": Decimal(amount),
        "open": Decimal(amount),
    }
    return Item(**values | more)  # type: ignore[arg-type]


def payment(amount: str, text: str | None = None, **more: object) -> Incoming:
    values: dict[str, object] = {
        "payment_id": "P1",
        "entity_id": None,
        "booking_date": PAID,
        "value_date": PAID,
        "currency": "EUR",
        "amount": Decimal(amount),
        "remittance": text,
    }
    return Incoming(**values | more)  # type: ignore[arg-type]


class World:
    """Customers and items, and what becomes of payments; nothing is settled by looking."""

    def __init__(self, *rows: Payer | Item, rules: Rules = RULES) -> None:
        self.ledger = InMemory(
            [row for row in rows if isinstance(row, Payer)], [row for row in rows if isinstance(row, Item)]
        )
        self.rules = rules

    def decide(self, incoming: Incoming) -> Decision:
        return decide(incoming, self.ledger, self.rules)


def settled(decision: Decision) -> dict[str, str]:
    """What is settled of each document, as text."""
    return {line.item.document_number: str(line.settled) for line in decision.lines}


def applied(decision: Decision) -> dict[str, str]:
    """As `settled`; an AssertionError with the evidence where it is not applied."""
    assert decision.outcome == "applied", (decision.outcome, decision.evidence)
    return settled(decision)
