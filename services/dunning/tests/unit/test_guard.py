"""The guard: no step for what may be paid, promised, contested or not known; each reason in words that people read."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from dunning_stories import DUE, Story, given, invoice, money, on, policy, processed, promise

from lettra_dunning.decider.decisions import HoldsChanged
from lettra_dunning.domain.agreements import Agreement, Covered, Due
from lettra_dunning.domain.customers import Customer, Feed, Insolvency, ParkedKey

DAY = on(5)
PLAN = Agreement(
    "E1",
    "plan",
    "EUR",
    DUE,
    (Covered("FR01:FA-1", 100, 100),),
    (Due(1, on(30), 40), Due(2, on(60), 60)),  # type: ignore[arg-type]
)


def owing(changes: dict[str, Any]) -> Story:
    values = {"items": (invoice(),), **changes}
    return given(*values.pop("items"), **values)


HOLDS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    (
        "insolvency",
        {"insolvency": Insolvency("safeguard", on(1), told=True)},
        {},
        "insolvency proceedings (safeguard) since 2026-03-03",
    ),
    (
        "parked",
        {"parked": (ParkedKey("ar.matching.events", "ItemOpened: no such entity"),)},
        {},
        "events of the customer on ar.matching.events wait behind one that failed: ItemOpened: no such entity",
    ),
    ("day_not_processed", {}, {"entities": ["FR02"]}, "2026-03-07 of FR01 is not processed by matching"),
    (
        "day_not_processed",
        {},
        {"entities": ["FR02"], "held_back": frozenset({"FR01"})},
        "2026-03-07 of FR01 waits for a key that is parked in matching",
    ),
    (
        "feed_stale",
        {},
        {"through": date(2026, 3, 4)},
        "account FR01-EUR is known up to 2026-03-04, and the policy asks for 2026-03-05 at least",
    ),
    (
        "feed_stale",
        {},
        {"feeds": {"FR01": (Feed("FR01-EUR", "EUR", None),)}},
        "no statement of account FR01-EUR has come yet",
    ),
    ("feed_stale", {}, {"feeds": {}}, "no bank account of FR01 is read: a payment would not be seen"),
    (
        "money_on_account",
        {"money": (money(10),)},
        {},
        "10 EUR of payment P1 is on the customer's account and settles nothing yet",
    ),
    (
        "money_announced",
        {"money": (money(10, "announced"),)},
        {},
        "10 EUR of payment P1 is announced by the bank and not booked yet",
    ),
    (
        "money_may_be",
        {"money": (money(10, "may_be", reason="its account is known"),)},
        {},
        "10 EUR of payment P1 may be this customer's: its account is known",
    ),
    ("promise", {"agreements": (promise(day=on(9)),)}, {}, "payment is promised for 2026-03-11"),
    ("plan", {"agreements": (PLAN,)}, {}, "it is paid by a plan until 2026-05-01"),
    (
        "undelivered",
        {"items": (invoice(undelivered="mailbox unknown"),)},
        {},
        "the invoice could not be delivered: mailbox unknown",
    ),
    (
        "disputed",
        {"items": (invoice(disputed=100, dispute_told=100),)},
        {},
        "all of it, 100 EUR, is in dispute",
    ),
]


@pytest.mark.parametrize(("code", "customer", "day", "words"), HOLDS, ids=[hold[3][:40] for hold in HOLDS])
def test_no_step_is_taken_and_a_person_can_read_why(
    code: str, customer: dict[str, Any], day: dict[str, Any], words: str
) -> None:
    """Guard: guarding.Guard.reasons, each of its parts."""
    story = owing(customer)
    assert story.run(processed(DAY, **day)) == [f"FA-1 is held: {code}"]
    (held,) = story.last(HoldsChanged).held
    assert (held.step, [hold.text for hold in held.reasons]) == ("reminder_1", [words])
    assert story.why_not(processed(DAY, **day)) == [words]


@pytest.mark.parametrize(("code", "customer", "day", "words"), HOLDS, ids=[hold[3][:40] for hold in HOLDS])
def test_what_holds_no_longer_lets_the_step_go(
    code: str, customer: dict[str, Any], day: dict[str, Any], words: str
) -> None:
    del words
    free: dict[str, Any] = {"money": (), "agreements": (), "insolvency": None, "parked": ()}
    story = owing(customer)
    assert story.run(processed(DAY, **day)) == [f"FA-1 is held: {code}"]
    story.now(**free).owes(invoice())
    assert story.run(on(6)) == ["FA-1 is held no longer", "reminder_1 on 2026-03-09: FA-1 for 100 EUR"]


def test_a_hold_is_said_once_and_again_when_its_reasons_change() -> None:
    story = given(invoice(), money=(money(10),))
    assert story.runs(5, 8) == ["+5: FA-1 is held: money_on_account"]
    story.now(agreements=(promise(day=on(20)),))
    assert story.runs(9, 12) == ["+9: FA-1 is held: money_on_account, promise"]
    assert story.why_not(on(12)) == [
        "10 EUR of payment P1 is on the customer's account and settles nothing yet",
        "payment is promised for 2026-03-22",
    ]


def test_only_the_disputed_part_leaves_dunning() -> None:
    """Guard: Item.claimable."""
    story = given(invoice(open=100, disputed=99, dispute_told=99))
    assert story.run(DAY) == ["reminder_1 on 2026-03-09: FA-1 for 1 EUR"]


def test_what_is_held_is_not_named_beside_others_either() -> None:
    """Guard: Look.is_named."""
    story = given(
        invoice("FA-1"), invoice("FA-2", undelivered="bounced"), invoice("FA-3", level=20, due_date=on(1))
    )
    assert story.run(DAY)[-1] == "reminder_1 on 2026-03-09: FA-1, FA-3 for 200 EUR"
    held = given(invoice("FA-1"), invoice("FA-3", level=20, due_date=on(1), undelivered="bounced"))
    assert held.run(DAY) == ["reminder_1 on 2026-03-09: FA-1 for 100 EUR"]


def test_money_holds_all_that_the_payer_owes_or_what_it_can_settle_as_the_policy_says() -> None:
    items = (
        invoice("FA-1"),
        invoice("FA-2", entity="FR02"),
        invoice("FA-3", currency="USD"),
    )
    strict = given(*items, money=(money(10),))
    assert strict.run(DAY) == [
        "FA-1 is held: money_on_account; FA-2 is held: money_on_account; FA-3 is held: money_on_account"
    ]
    narrow = given(*items, money=(money(10),), by=policy({"money_holds": "ledger"}))
    assert narrow.run(DAY) == [
        "FA-1 is held: money_on_account",
        "reminder_1 on 2026-03-09: FA-2 for 100 EUR",
        "reminder_1 on 2026-03-09: FA-3 for 100 USD",
    ]


def test_a_stale_feed_holds_its_entity_and_currency_only() -> None:
    old, new = date(2026, 3, 2), DAY
    feeds = {
        "FR01": (Feed("A", "EUR", old), Feed("B", "USD", new)),
        "FR02": (Feed("C", "EUR", new), Feed("D", "GBP", old)),
    }
    items = (
        invoice("FA-1"),
        invoice("FA-2", currency="USD"),
        invoice("FA-3", entity="FR02"),
        invoice("FA-4", entity="FR02", currency="USD"),
    )
    # FR02 has no account in USD: its money may come to any, and one of them is behind.
    assert given(*items).run(processed(DAY, feeds=feeds)) == [
        "FA-1 is held: feed_stale; FA-4 is held: feed_stale",
        "reminder_1 on 2026-03-09: FA-3 for 100 EUR",
        "reminder_1 on 2026-03-09: FA-2 for 100 USD",
    ]


@pytest.mark.parametrize(
    ("day", "allowed", "through", "held"),
    [
        # 3 April 2026 is Good Friday and the 6th Easter Monday: banks are closed from the 3rd to the 6th.
        (date(2026, 4, 6), 0, date(2026, 4, 2), False),
        (date(2026, 4, 6), 0, date(2026, 4, 1), True),
        (date(2026, 4, 7), 1, date(2026, 4, 2), False),
        (date(2026, 4, 7), 0, date(2026, 4, 6), True),
        (date(2026, 4, 8), 1, date(2026, 4, 6), True),
        (date(2026, 4, 8), 2, date(2026, 4, 6), False),
    ],
)
def test_how_old_a_feed_may_be_is_counted_in_bank_days(
    day: date, allowed: int, through: date, held: bool
) -> None:
    story = given(invoice(), by=policy({"feed_days": allowed}))
    told = story.run(processed(day, through=through))
    assert (told == ["FA-1 is held: feed_stale"]) is held


def test_matching_stopped_for_a_day_holds_everybody_and_the_day_after_lets_them_go() -> None:
    story = given(invoice("FA-1"), invoice("FA-2", entity="FR02"))
    assert story.run(processed(on(5), entities=[])) == [
        "FA-1 is held: day_not_processed; FA-2 is held: day_not_processed"
    ]
    assert story.run(on(6)) == [
        "FA-1 is held no longer; FA-2 is held no longer",
        "reminder_1 on 2026-03-09: FA-1, FA-2 for 200 EUR",
    ]


def test_the_same_date_once_processed_lets_go_what_it_had_held() -> None:
    story = given(invoice("FA-1"), invoice("FA-2", entity="FR02", currency="USD"))
    assert story.run(processed(on(5), entities=["FR01"])) == [
        "FA-2 is held: day_not_processed",
        "reminder_1 on 2026-03-09: FA-1 for 100 EUR",
    ]
    assert story.run(processed(on(5))) == [
        "FA-2 is held no longer",
        "reminder_1 on 2026-03-09: FA-2 for 100 USD",
    ]


def test_a_paused_customer_is_held_with_the_reason_that_was_given() -> None:
    override = {"scope": "customer", "id": "C1", "who": "Anne", "why": "merger", "paused": "merger under way"}
    story = given(invoice(), by=policy(overrides=[override]))
    assert story.run(DAY) == ["FA-1 is held: paused"]
    assert story.why_not(DAY) == ["dunning is paused: merger under way"]


def test_the_guard_needs_no_step_to_be_asked() -> None:
    customer: Customer = given(invoice(), money=(money(5),)).customer
    assert customer.held == {}
    assert given(invoice(), money=(money(5),)).run(on(1)) == []
