"""Whatever is paid with whatever text: money is conserved, nothing crashes, and no order of candidates matters."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from engine_world import IBAN, OTHER_IBAN, PAID, RULES, credit_note, invoice, payer, payment
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lettra_matching.engine import Decision, InMemory, Item, Payer, decide, learned

AMOUNTS = st.sampled_from(["10.00", "25.50", "25.50", "100.00", "33.33", "66.67", "7.01"])
NUMBERS = [
    "FA-2026-000123",
    "FA-2026-000124",
    "FA-2025-000123",
    "2026/03/00125",
    "INV0000126",
    "000123",
    "AV-7",
]


@st.composite
def ledgers(draw: st.DrawFn) -> tuple[list[Payer], list[Item]]:
    payers = [
        payer("C1", "Durand Matériaux", IBAN, group_id="G"),
        payer("C2", "Durand Services", OTHER_IBAN, group_id="G", siren="552100554"),
        payer("C3", "Martin", IBAN),
    ]
    items = []
    for number in draw(st.lists(st.sampled_from(NUMBERS), unique=True, max_size=7)):
        make = credit_note if number.startswith("AV") else invoice
        customer, amount = draw(st.sampled_from(["C1", "C2", "C3"])), draw(AMOUNTS)
        issued = date(2026, 1, draw(st.integers(1, 5)))
        item = make(number, amount, customer, issue_date=issued, due_date=issued + timedelta(days=30))
        if draw(st.booleans()) and item.kind == "invoice":
            item = replace(item, discount_amount=Decimal("0.50"), discount_until=PAID)
        settled = draw(st.sampled_from([Decimal(0), Decimal("1.00"), item.open]))
        items.append(replace(item, open=item.open - settled))
    return payers, items


TEXTS = st.one_of(
    st.none(),
    st.text(max_size=80),
    st.lists(
        st.sampled_from(
            [*NUMBERS, "123", "124-126", "/124", "FACT", "A", "ET", "avoir", "DU 12/03/2026", "\n"]
        ),
        max_size=7,
    ).map(" ".join),
)
PAYMENTS = st.builds(
    lambda amount, text, **more: payment(amount, text, **more),
    st.sampled_from(["10.00", "25.50", "35.50", "126.00", "100.00", "99.50", "58.83", "300.00", "0.01"]),
    TEXTS,
    counterparty_iban=st.sampled_from([None, IBAN, OTHER_IBAN]),
    counterparty_name=st.sampled_from([None, "DURAND", "DURAND MATERIAUX", "MARTIN", "ZZZ"]),
    end_to_end_id=TEXTS,
    structured_reference=TEXTS,
)
MANY = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Shuffled:
    """The same answers in any order."""

    def __init__(self, ledger: InMemory, seed: int) -> None:
        self._ledger, self._random = ledger, random.Random(seed)

    def __getattr__(self, name: str) -> Any:
        def answer(*arguments: Any) -> Any:
            found = getattr(self._ledger, name)(*arguments)
            if isinstance(found, Mapping):
                pairs = self._shuffled(list(found.items()))
                return {
                    key: self._shuffled(value) if isinstance(value, list) else value for key, value in pairs
                }
            return self._shuffled(found)

        return answer

    def _shuffled(self, values: Sequence[Any]) -> list[Any]:
        return self._random.sample(list(values), len(values))


@MANY
@given(ledgers(), PAYMENTS, st.integers(0, 2**32))
def test_no_order_of_candidates_matters(
    ledger: tuple[list[Payer], list[Item]], incoming: Any, seed: int
) -> None:
    """Guard: every choice among candidates is made by a total order (`sorted` with ids)."""
    plain = InMemory(*ledger)
    assert decide(incoming, Shuffled(plain, seed), RULES) == decide(incoming, plain, RULES)


@MANY
@given(ledgers(), st.lists(PAYMENTS, max_size=6))
def test_money_is_conserved_and_nothing_is_settled_twice(
    ledger: tuple[list[Payer], list[Item]], incomings: list[Any]
) -> None:
    """Over any payments one after the other: cash and write-offs are what the items lost."""
    payers, items = ledger
    memory = InMemory(payers, items)
    settled = Decimal(0)
    for incoming in incomings:
        decision = decide(incoming, memory, RULES)
        _check(decision, incoming.amount)
        memory.apply(decision)
        memory.learn(learned(incoming, decision))
        if decision.outcome == "applied":
            settled += sum((line.settled for line in decision.lines), Decimal(0))
    left = memory.open_items(["C1", "C2", "C3"], None, "EUR")
    assert sum((item.open for item in left), Decimal(0)) == sum((i.open for i in items), Decimal(0)) - settled


def _check(decision: Decision, amount: Decimal) -> None:
    assert sum((line.cash for line in decision.lines), Decimal(0)) + decision.rest == amount
    assert all(0 < line.settled <= line.item.open for line in decision.lines)
    assert decision.outcome != "applied" or decision.solutions == 1
    assert all(words.strip() for words in decision.evidence)


@MANY
@given(
    st.text(max_size=300),
    st.text(alphabet="FA0123456789-/ ,.RFOI\n+;&", max_size=120),
    st.text(max_size=60),
    st.text(alphabet="FRDE0123456789 ", max_size=40),
)
def test_any_text_in_any_field(one: str, other: str, name: str, iban: str) -> None:
    """No crash, and no exception: what cannot be read says nothing."""
    memory = InMemory(
        [payer("C1", name or "?", iban, siren=iban)], [invoice(other or "1", "12.34"), invoice("FA-1", "5")]
    )
    for first, second in ((one, other), (other, one)):
        incoming = payment(
            "12.34",
            first,
            structured_reference=second,
            end_to_end_id=name,
            counterparty_name=one,
            counterparty_iban=iban,
        )
        _check(decide(incoming, memory, RULES), incoming.amount)
