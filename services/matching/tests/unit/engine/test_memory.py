"""Candidates in memory keep the contract, and change with what is decided and learned."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from candidates_contract import CandidatesContract
from engine_world import IBAN, PAID, RULES, applied, invoice, payer, payment

from lettra_matching.engine import Candidates, InMemory, Item, Payer, decide, learned, learned_from
from lettra_matching.engine.keys import iban_key


class TestInMemory(CandidatesContract):
    def made(self, payers: list[Payer], items: list[Item]) -> Candidates:
        return InMemory(payers, items)


def test_later_payments_see_what_earlier_ones_settled() -> None:
    memory = InMemory([payer("C1", "Durand", IBAN)], [invoice("FA-2026-000123", "100.00")])
    first = decide(payment("60.00", "FA-2026-000123", counterparty_iban=IBAN), memory, RULES)
    assert applied(first) == {"FA-2026-000123": "60.00"}
    memory.apply(first)
    assert applied(decide(payment("40.00", counterparty_iban=IBAN), memory, RULES)) == {
        "FA-2026-000123": "40.00"
    }


def test_a_match_teaches_the_iban_and_the_name_from_the_next_day_on() -> None:
    """Guard: `serves_from`; a decision does not depend on what came earlier on the same day."""
    memory = InMemory(
        [payer("C1", "Durand")], [invoice("FA-2026-000123", "100.00"), invoice("FA-2026-000124", "7.77")]
    )
    teaching = payment("100.00", "FA-2026-000123", counterparty_iban=IBAN, counterparty_name="DRD HOLDING")
    decision = decide(teaching, memory, RULES)
    memory.apply(decision)
    memory.learn(learned(teaching, decision))
    for who in ({"counterparty_iban": IBAN}, {"counterparty_name": "Drd Holding"}):
        same_day = payment("7.77", **who)
        assert decide(same_day, memory, RULES).outcome == "held"
        next_day = replace(same_day, booking_date=PAID + timedelta(days=1))
        assert applied(decide(next_day, memory, RULES)) == {"FA-2026-000124": "7.77"}


def test_what_was_found_by_who_pays_teaches_nothing() -> None:
    memory = InMemory([payer("C1", "Durand")], [invoice("FA-2026-000123", "100.00")])
    incoming = payment("100.00", counterparty_name="DURAND", counterparty_iban=IBAN)
    decision = decide(incoming, memory, RULES)
    assert decision.rule == "exact_amount"
    assert learned(incoming, decision) == ()


def test_what_a_person_confirms_teaches() -> None:
    lessons = learned_from(payment("1.00", counterparty_iban="fr76 3000"), ["C2", "C1"])
    assert [(lesson.customer_id, lesson.iban, lesson.serves_from) for lesson in lessons] == [
        ("C1", "FR763000", date(2026, 3, 3)),
        ("C2", "FR763000", date(2026, 3, 3)),
    ]


def test_learning_twice_changes_nothing() -> None:
    memory = InMemory([payer("C1", "Durand")], [])
    lessons = learned_from(payment("1.00", counterparty_iban=IBAN), ["C1"])
    memory.learn(lessons)
    before = memory.payers([iban_key(IBAN)])
    memory.learn(replace(lesson, serves_from=date(2030, 1, 1)) for lesson in lessons)
    assert memory.payers([iban_key(IBAN)]) == before


def test_proposals_settle_nothing() -> None:
    items = [invoice("FA-1", "100.00"), invoice("FA-2", "100.00")]
    memory = InMemory([payer("C1", "Durand", IBAN)], items)
    decision = decide(payment("100.00", counterparty_iban=IBAN), memory, RULES)
    assert decision.outcome == "proposed"
    memory.apply(decision)
    assert sum(item.open for item in memory.open_items(["C1"], None, "EUR")) == Decimal(200)
