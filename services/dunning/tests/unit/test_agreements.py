"""Promises to pay and payment plans: what they hold, when they are kept or broken, and what follows."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from dunning_stories import DUE, Story, given, invoice, money, on, processed
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from lettra_dunning.decider.agreeing import AgreeOnPlan, MakePromise, agree_on_plan, make_promise, withdraw
from lettra_dunning.decider.decisions import AgreementJudged
from lettra_dunning.decider.evolving import evolve
from lettra_dunning.domain.agreements import Agreement, Covered, Due, equal_dues
from lettra_dunning.domain.customers import Insolvency
from lettra_dunning.domain.policy import Promising
from lettra_events.money import Money, exponent_of
from lettra_events.service.rejection import Rejected

PROMISING = Promising(grace_days=2, days_max=45)
PROMISED = date(2026, 3, 16)
"""A Monday, fourteen days after the due date; two bank days of grace end on Wednesday, +16."""


def promises(
    story: Story, *items: str, amount: int | None = None, day: date = PROMISED, made: int = 6
) -> Story:
    command = MakePromise(
        "A1",
        tuple(f"FR01:{item}" for item in items or ("FA-1",)),
        day,
        "Anne",
        on(made),
        None if amount is None else Decimal(amount),
    )
    story.customer = evolve(story.customer, make_promise(story.customer, command, PROMISING))
    return story


def plans(story: Story, *instalments: tuple[int, int], items: tuple[str, ...] = ("FA-1",)) -> Story:
    command = AgreeOnPlan(
        "E1",
        tuple(f"FR01:{item}" for item in items),
        tuple((on(days), Decimal(amount)) for days, amount in instalments),
        "Anne",
        on(6),
    )
    story.customer = evolve(story.customer, agree_on_plan(story.customer, command))
    return story


def reminded() -> Story:
    story = given(invoice())
    story.run(on(5))
    return story


def test_while_a_promise_is_open_no_step_is_taken() -> None:
    assert promises(reminded()).runs(6, 15) == ["+15: FA-1 is held: promise"]


def test_a_promise_is_kept_once_all_of_it_is_settled() -> None:
    story = promises(reminded()).owes()
    assert story.run(on(10)) == ["promise A1 is kept: 100 came"]
    assert story.runs(11, 60) == []


def test_a_broken_promise_escalates_at_once() -> None:
    """Guard: Item.escalated; the second reminder was planned for +15, and the third step, a call, is for +22."""
    story = given(invoice(level=30))
    promises(story, day=date(2026, 3, 12), made=8)
    assert story.runs(9, 20) == [
        "+14: promise A1 is broken: 0 came",
        "+14: call on 2026-03-17: FA-1 for 100 EUR",
    ]
    assert story.customer.items[0].escalated is None


def test_a_broken_promise_still_waits_for_the_interval() -> None:
    story = given(invoice())
    story.run(on(15))
    promises(story, day=on(15), made=15)
    assert story.runs(16, 30) == [
        "+16: FA-1 is held: promise",
        "+17: promise A1 is broken: 0 came",
        "+17: FA-1 is held no longer",
        "+22: reminder_2 on 2026-03-25: FA-1 for 100 EUR",
        "+25: call on 2026-03-30: FA-1 for 100 EUR",
    ]


def test_the_days_of_grace_are_bank_days() -> None:
    """Promised for Thursday, 2 April 2026: banks are open again on Tuesday, the 7th; two of them end on the 8th."""
    story = promises(given(invoice(level=60)), day=date(2026, 4, 2))
    assert story.run(date(2026, 4, 7)) == []
    assert story.run(date(2026, 4, 8)) == ["promise A1 is broken: 0 came"]


def test_a_part_of_it_is_not_enough_and_is_told() -> None:
    story = promises(given(invoice(level=60))).owes(invoice(open=40))
    assert story.run(on(16)) == ["promise A1 is broken: 60 came"]
    assert (
        story.last(AgreementJudged).text == "promise to pay of 2026-03-08: 60 of 100 EUR came by 2026-03-18"
    )


def test_a_promise_of_a_part_is_kept_by_that_part() -> None:
    story = promises(given(invoice(level=60)), amount=60).owes(invoice(open=40))
    assert story.run(on(8)) == ["promise A1 is kept: 60 came"]


def test_a_promise_of_a_part_is_for_the_oldest_due_first() -> None:
    story = given(invoice("FA-2", 50, due_date=on(3)), invoice("FA-1", 100))
    promises(story, "FA-2", "FA-1", amount=120)
    (made,) = story.customer.agreements
    assert [(one.item_id, one.amount) for one in made.covered] == [("FR01:FA-1", 100), ("FR01:FA-2", 20)]


def test_what_is_paid_of_one_item_does_not_make_up_for_another() -> None:
    story = given(invoice("FA-1", 100, level=60), invoice("FA-2", 100, level=60))
    promises(story, "FA-1", "FA-2", amount=150)
    story.owes(invoice("FA-1", 50, level=60))
    assert story.run(on(16)) == ["promise A1 is broken: 100 came"]


@pytest.mark.parametrize(
    ("changes", "day"),
    [
        ({"money": (money(100),)}, {}),
        ({"money": (money(100, "may_be"),)}, {}),
        ({}, {"entities": ["FR02"]}),
        ({}, {"through": date(2026, 3, 12)}),
    ],
)
def test_nothing_is_called_broken_while_the_money_may_be_there(
    changes: dict[str, Any], day: dict[str, Any]
) -> None:
    """Guard: judging._may_be_there."""
    story = promises(given(invoice(level=60))).now(**changes)
    assert story.run(processed(on(16), **day)) == []
    assert story.now(money=()).run(processed(on(17))) == ["promise A1 is broken: 0 came"]


def test_a_kept_promise_whose_money_was_sent_back_is_open_again_or_broken() -> None:
    """Guard: judging; what matching undid puts back what followed from it."""
    early = promises(given(invoice(level=60))).owes()
    early.run(on(10))
    early.owes(invoice(level=60))
    assert early.run(on(11)) == ["promise A1 is open: 0 came"]
    late = promises(given(invoice(level=60))).owes()
    late.run(on(10))
    late.owes(invoice(level=60))
    assert late.run(on(20)) == ["promise A1 is broken: 0 came"]


def test_a_plan_holds_while_its_instalments_come() -> None:
    story = plans(given(invoice(level=20)), (10, 40), (40, 30), (70, 30))
    story.owes(invoice(open=60))
    assert story.runs(10, 41) == ["+15: FA-1 is held: plan"]
    story.owes(invoice(open=30))
    assert story.runs(42, 69) == []
    assert story.owes().run(on(71)) == ["plan E1 is kept: 100 came", "FA-1 is held no longer"]


def test_a_plan_is_broken_by_the_first_instalment_that_does_not_come() -> None:
    """The whole of it is owed at once (déchéance du terme)."""
    story = plans(given(invoice(level=20)), (10, 40), (40, 30), (70, 30))
    story.owes(invoice(open=70))
    assert story.runs(10, 14) == [
        "+14: plan E1 is broken: 30 came",
        "+14: reminder_2 on 2026-03-17: FA-1 for 70 EUR",
    ]


def test_what_an_agreement_does_not_cover_is_dunned() -> None:
    story = given(invoice("FA-1"), invoice("FA-2"))
    promises(story, "FA-1", made=4)
    assert story.run(on(5)) == ["FA-1 is held: promise", "reminder_1 on 2026-03-09: FA-2 for 100 EUR"]


def test_a_withdrawn_promise_holds_nothing_and_is_not_judged() -> None:
    story = promises(given(invoice(level=20)))
    gone = withdraw(story.customer, "A1", "Anne", "misheard")
    story.customer = evolve(story.customer, gone)
    assert story.runs(14, 20) == ["+15: reminder_2 on 2026-03-18: FA-1 for 100 EUR"]
    with pytest.raises(Rejected, match="agreement A1 is withdrawn"):
        withdraw(story.customer, "A1", "Anne", "again")
    with pytest.raises(Rejected, match="no agreement A2"):
        withdraw(story.customer, "A2", "Anne", "misheard")


REFUSED: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("promise-date", "on", {"on": on(5)}, {}),
    ("promise-date", "on", {"on": on(52)}, {}),
    ("promise-amount", "amount", {"amount": Decimal(101)}, {}),
    ("promise-amount", "amount", {"amount": Decimal(0)}, {}),
    ("too-many-decimals", "amount", {"amount": Decimal("0.001")}, {}),
    ("unknown-item", "items.1", {"items": ("FR01:FA-1", "FR01:FA-9")}, {}),
    ("items", "items", {"items": ()}, {}),
    ("items", "items", {"items": ("FR01:FA-1", "FR01:FA-2")}, {}),
    ("nothing-owed", "items.0", {"items": ("FR01:FA-3",)}, {}),
    ("insolvent", "", {}, {"insolvency": Insolvency("recovery", on(1))}),
]


@pytest.mark.parametrize(("kind", "field", "command", "customer"), REFUSED)
def test_a_promise_that_cannot_be_is_refused(
    kind: str, field: str, command: dict[str, Any], customer: dict[str, Any]
) -> None:
    items = (invoice("FA-1"), invoice("FA-2", currency="USD"), invoice("FA-3", disputed=100))
    values = {
        "agreement_id": "A1",
        "items": ("FR01:FA-1",),
        "on": on(20),
        "who": "Anne",
        "business_date": on(6),
    }
    with pytest.raises(Rejected) as caught:
        make_promise(given(*items, **customer).customer, MakePromise(**{**values, **command}), PROMISING)
    assert (caught.value.kind, caught.value.field or "") == (kind, field)


def test_an_item_is_under_one_agreement_at_a_time() -> None:
    story = promises(given(invoice()))
    with pytest.raises(Rejected, match="FR01:FA-1 is under A1"):
        plans(story, (10, 50), (20, 50))


@pytest.mark.parametrize(
    ("kind", "instalments"),
    [
        ("plan-amount", [(10, 40), (20, 59)]),
        ("plan-amount", [(10, 140), (20, -40)]),
        ("plan-instalments", [(10, 100)]),
        ("plan-dates", [(20, 50), (10, 50)]),
        ("plan-dates", [(10, 50), (10, 50)]),
        ("plan-dates", [(5, 50), (10, 50)]),
        ("plan-dates", [(10, 50), (2000, 50)]),
    ],
)
def test_a_plan_that_cannot_be_is_refused(kind: str, instalments: list[tuple[int, int]]) -> None:
    with pytest.raises(Rejected) as caught:
        plans(given(invoice()), *instalments)
    assert caught.value.kind == kind


totals = st.decimals(Decimal("0.60"), Decimal(1_000_000), places=2)


@settings(deadline=None)
@for_all(totals, st.integers(1, 60), st.sampled_from(["EUR", "JPY"]), st.integers(1, 90))
def test_the_instalments_of_a_plan_sum_to_its_total(
    total: Decimal, count: int, currency: str, every: int
) -> None:
    """Guard: equal_dues; no instalment is without a coin, none differs from another by more than one."""
    amount = Money.of(round(total, exponent_of(currency)) + count, currency)
    dues = equal_dues(amount, count, DUE, every)
    assert sum(due.amount for due in dues) == amount.amount
    assert [due.number for due in dues] == list(range(1, count + 1))
    unit = Decimal(1).scaleb(-exponent_of(currency))
    assert max(due.amount for due in dues) - min(due.amount for due in dues) <= unit
    assert all(Money.of(due.amount, currency).is_whole for due in dues)
    assert dues[-1].on == DUE + timedelta(days=every * (count - 1))


@settings(deadline=None)
@for_all(st.lists(st.integers(1, 1000), min_size=2, max_size=10), st.integers(-3, 3))
def test_no_plan_exists_whose_instalments_do_not_sum_to_what_it_covers(amounts: list[int], off: int) -> None:
    """Guard: Agreement.__post_init__."""
    dues = tuple(Due(n, on(n), Decimal(amount)) for n, amount in enumerate(amounts, start=1))
    covered = (Covered("FR01:FA-1", Decimal(20_000), Decimal(sum(amounts) + off)),)
    if off == 0:
        assert Agreement("E1", "plan", "EUR", DUE, covered, dues).amount == sum(amounts)
    else:
        with pytest.raises(ValueError, match="the payments come to"):
            Agreement("E1", "plan", "EUR", DUE, covered, dues)


def test_a_plan_of_more_payments_than_coins_is_refused() -> None:
    with pytest.raises(ValueError, match="too little for 3 payments"):
        equal_dues(Money.of("0.02", "EUR"), 3, DUE, 30)
    with pytest.raises(ValueError, match="1 to 60 payments"):
        equal_dues(Money.of(100, "EUR"), 61, DUE, 30)


def test_a_promise_over_the_end_of_a_leap_february() -> None:
    """Promised for Thursday, 29 February 2024: two bank days later it is Monday, 4 March."""
    story = given(invoice(due_date=date(2024, 2, 1), level=60))
    made = MakePromise("A1", ("FR01:FA-1",), date(2024, 2, 29), "Anne", date(2024, 2, 20))
    story.customer = evolve(story.customer, make_promise(story.customer, made, PROMISING))
    assert story.run(date(2024, 3, 3)) == []
    assert story.run(date(2024, 3, 4)) == ["promise A1 is broken: 0 came"]
