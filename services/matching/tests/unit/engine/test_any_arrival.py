"""Whatever arrives first, items or payments: the same balances, wherever the solution is unique."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from engine_world import IBAN, OTHER_IBAN, PAID, RULES, invoice, payer, payment
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lettra_matching.engine import Incoming, InMemory, Item, decide

PAYERS = [payer("C1", "Durand Matériaux", IBAN), payer("C2", "Ferrand Services", OTHER_IBAN)]
ITEMS = [
    invoice("FA-2026-001001", "101.01"),
    invoice("FA-2026-001002", "202.02"),
    invoice("FA-2026-001003", "303.03"),
    invoice("FA-2026-001004", "404.04"),
    invoice("FA-2026-001005", "55.10", "C2"),
    invoice("FA-2026-001006", "73.33", "C2"),
]
PAYMENTS = [
    payment("101.01", "FA-2026-001001", payment_id="P1", counterparty_iban=IBAN),
    payment("202.02", payment_id="P2", counterparty_iban=IBAN),
    payment("707.07", "FA-2026-001003 FA-2026-001004", payment_id="P3", counterparty_iban=IBAN),
    payment("128.43", "FA-2026-001005/1006", payment_id="P4"),
]
SETTLED_BY = {
    "P1": {"FA-2026-001001"},
    "P2": {"FA-2026-001002"},
    "P3": {"FA-2026-001003", "FA-2026-001004"},
    "P4": {"FA-2026-001005", "FA-2026-001006"},
}


def _arrive(order: list[Item | Incoming]) -> dict[str, set[str]]:
    """What each payment settles, each looked at when it comes and again whenever anything else has come."""
    memory, waiting = InMemory(PAYERS), list[Incoming]()
    settles: dict[str, set[str]] = {}
    for row in order:
        if isinstance(row, Item):
            memory.put_item(row)
        else:
            waiting.append(row)
        for incoming in list(waiting):
            decision = decide(incoming, memory, RULES)
            if decision.outcome == "applied":
                memory.apply(decision)
                settles.setdefault(incoming.payment_id, set()).update(
                    line.item.document_number for line in decision.lines
                )
                waiting.remove(incoming)
                if decision.rest:
                    waiting.append(replace(incoming, amount=decision.rest))
    return settles


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.permutations([*ITEMS, *PAYMENTS]))
def test_any_order_of_arrival_settles_the_same(order: list[Item | Incoming]) -> None:
    """Guard: numbers that are not known yet hold a payment back, and no further item fills their place."""
    assert _arrive(order) == SETTLED_BY


def test_an_item_that_is_issued_later_is_not_what_a_payment_was_too_much_for() -> None:
    """Guard: `was_issued` in `_more`; whether the later item is known already makes no difference."""
    first = invoice("FA-1003", "100.00")
    second = invoice(
        "FA-1004", "60.00", issue_date=PAID + timedelta(days=3), due_date=PAID + timedelta(days=33)
    )
    paid = payment("160.00", "FA-1003", counterparty_iban=IBAN)
    for items in ([first], [first, second]):
        decision = decide(paid, InMemory(PAYERS, items), RULES)
        assert (decision.outcome, decision.rest) == ("applied", Decimal("60.00"))
        assert [line.item.document_number for line in decision.lines] == ["FA-1003"]
