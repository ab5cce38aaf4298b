"""What the demo says must hold is not said where it does not: every check fails on what it guards against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from lettra_events.contracts import Event
from lettra_events.contracts.invoicing import NumberDrawn
from lettra_events.contracts.matching import (
    CashApplied,
    CashPutOnAccount,
    CashTakenFromAccount,
    CreditApplied,
    ItemOpened,
    ItemWrittenOff,
    MatchProposed,
    PaymentSentBack,
    PaymentTaken,
    PaymentUnmatched,
)
from lettra_events.contracts.payments import DebitBooked, PaymentReceived
from lettra_tools.demo.company import build_company
from lettra_tools.demo.model import Company, CreditNote, Habit, Invoice, Payment
from lettra_tools.demo.remittance import Document
from lettra_tools.demo.running import Told
from lettra_tools.demo.sources import invent_sales
from lettra_tools.demo.tally import Booked, Tally, differences, fold_bookings, fold_matching, owed_on
from lettra_tools.demo.truth import (
    Check,
    check_account,
    check_all_occur,
    check_announced,
    check_conservation,
    check_items,
    check_numbers,
    check_payments,
    outcomes,
)
from lettra_tools.reviewing import RULES

DAY = date(2024, 1, 5)
EUR: dict[str, Any] = {"currency": "EUR", "entity_id": "ORVELLE"}
PAPERS = {"100": Document("100001", None), "200": Document("200002", None)}
NUMBERS = {"credit:200": "AV2024-000001"}


def d(amount: str) -> Decimal:
    return Decimal(amount)


def invoice(key: str, gross: str) -> Invoice:
    return Invoice(key, "C1", DAY, DAY, d(gross), d("0"), d(gross), True, None, DAY)


def payment(ref: str, habit: Habit, amount: str, names: tuple[str, ...] = (), **settles: str) -> Payment:
    paid = {key.removeprefix("k"): d(sum_) for key, sum_ in settles.items()}
    return Payment(ref, DAY, d(amount), "PAYER", None, habit, names, paid)


@pytest.fixture
def company() -> Company:
    """An invoice overpaid, an invoice with a credit note paid in part, and money without a word."""
    return replace(
        build_company(invent_sales(1)[:5], 1),
        invoices=(invoice("100", "60.00"), invoice("200", "50.00")),
        credit_notes=(CreditNote("credit:200", "200", DAY, d("20.00"), d("0"), d("20.00")),),
        payments=(
            payment("P1", Habit.OVERPAID, "65.00", ("100",), k100="60.00"),
            payment("P2", Habit.PARTIAL, "10.00", ("200",), k200="10.00"),
            payment("P3", Habit.NOTHING, "7.00"),
        ),
        debits=(),
        opening_balance=d("100.00"),
    )


def item(number: str, kind: str, amount: str) -> ItemOpened:
    data = {"customer_id": "C1", "item_id": f"ORVELLE:{number}", "kind": kind, "document_number": number}
    return ItemOpened(**EUR, **data, issue_date=DAY, due_date=DAY, amount=d(amount))


def applied(payment_id: str, number: str, amount: str, left: str) -> CashApplied:
    data = {"customer_id": "C1", "payment_id": payment_id, "item_id": f"ORVELLE:{number}", "line": 1}
    words = {"rule": "document_number", "evidence": "it says so", "confidence": d("0.99"), "solutions": 1}
    return CashApplied(
        **EUR, **data, **words, rules_version=0, date=DAY, amount=d(amount), open_after=d(left)
    )


def taken(payment_id: str, amount: str) -> PaymentTaken:
    return PaymentTaken(**EUR, payment_id=payment_id, booking_date=DAY, amount=d(amount))


def story() -> list[Event]:
    """What matching should publish of this company."""
    account = {"customer_id": "C1", "payment_id": "p1", "amount": d("5.00"), "date": DAY}
    credit = {"credit_item_id": "ORVELLE:AV2024-000001", "item_id": "ORVELLE:200002", "amount": d("20.00")}
    credit |= {"date": DAY}
    return [
        item("100001", "invoice", "60.00"),
        item("200002", "invoice", "50.00"),
        item("AV2024-000001", "credit_note", "20.00"),
        CreditApplied(**EUR, **credit, customer_id="C1", open_after=d("30.00"), credit_open_after=d("0")),
        taken("p1", "65.00"),
        CashPutOnAccount(**EUR, **account | {"amount": d("65.00")}, evidence="too early"),
        CashTakenFromAccount(**EUR, **account | {"amount": d("65.00")}),
        applied("p1", "100001", "60.00", "0.00"),
        CashPutOnAccount(**EUR, **account, evidence="more than is open of 100001"),
        taken("p2", "10.00"),
        applied("p2", "200002", "10.00", "20.00"),
        taken("p3", "7.00"),
        PaymentUnmatched(**EUR, payment_id="p3", amount=d("7.00"), reason="nothing"),
    ]


def bookings(company: Company) -> Booked:
    return fold_bookings(
        PaymentReceived(
            **EUR,
            payment_id=each.ref.lower(),
            account=company.account,
            statement_id="S",
            entry_ref=each.ref,
            booking_date=DAY,
            amount=each.amount,
        )
        for each in company.payments
    )


def checks(company: Company, tally: Tally) -> dict[str, Check]:
    found = [
        *check_payments(outcomes(company, PAPERS, bookings(company), tally, 1)),
        check_items(company, PAPERS, NUMBERS, tally, outcomes(company, PAPERS, bookings(company), tally, 1)),
        check_conservation(tally, "EUR"),
    ]
    return {check.what: check for check in found}


def broken(company: Company, events: list[Event]) -> set[str]:
    """The first words of the checks that do not hold."""
    found = checks(company, fold_matching(events)).values()
    return {" ".join(check.what.split()[:3]) for check in found if not check.holds}


def test_a_true_story_holds(company: Company) -> None:
    assert broken(company, story()) == set()
    found = checks(company, fold_matching(story()))
    assert found["every payment that named its invoice is applied to it, the rest on account"].of == 2
    assert any("received 82.00 = applied 70.00 + on account 5.00 + unapplied 7.00" in what for what in found)


def written_off(payment_id: str, number: str, amount: str) -> ItemWrittenOff:
    data = {"customer_id": "C1", "payment_id": payment_id, "item_id": f"ORVELLE:{number}", "line": 1}
    words = {"write_off_type": "bank_fees", "evidence": "fees"}
    return ItemWrittenOff(**EUR, **data, **words, date=DAY, amount=d(amount), open_after=d("0"))


def replaced(place: int, *events: Event) -> list[Event]:
    return [*story()[:place], *events, *story()[place + 1 :]]


def wrong_stories() -> Iterator[tuple[str, list[Event], set[str]]]:
    other = applied("p2", "100001", "10.00", "0.00")
    yield (
        "wrong invoice",
        replaced(10, other),
        {"every payment that", "none applied wrong:", "every document is", "money in EUR"},
    )
    guess = applied("p3", "200002", "7.00", "13.00")
    yield "a guess", [*story(), guess], {"no payment that", "none applied wrong:", "every document is"}
    yield "a payment lost", story()[:-2], {"every payment that", "no payment that"}
    yield "rest forgotten", replaced(8), {"every payment that"}
    yield "credit forgotten", replaced(3), {"every document is"}
    more = applied("p1", "100001", "70.00", "0.00")
    wrong = {"every payment that", "none applied wrong:", "every document is", "money in EUR"}
    yield "more than there is", replaced(7, more), wrong
    fees = [*story()[:11], written_off("p2", "200002", "20.00"), *story()[11:]]
    yield "fees that were none", fees, {"every payment that", "none applied wrong:", "every document is"}


@pytest.mark.parametrize(
    ("events", "expected"), [pytest.param(e, x, id=name) for name, e, x in wrong_stories()]
)
def test_a_false_story_does_not(company: Company, events: list[Event], expected: set[str]) -> None:
    assert broken(company, events) == expected


def only_by_person(company: Company) -> Company:
    payments = (
        *company.payments[:2],
        replace(company.payments[2], only_by_person=True, silently={"200": d("7.00")}),
    )
    return replace(company, payments=payments)


def test_what_only_a_person_can_tell_is_not_to_be_applied_even_as_it_was_meant(company: Company) -> None:
    """Guard: `only_by_person` in check_payments: a lucky guess is a guess."""
    asked = only_by_person(company)
    assert broken(asked, story()) == set()
    lucky = [*story(), applied("p3", "200002", "7.00", "13.00")]
    assert broken(asked, lucky) == {"what fits something"}


def test_what_went_back_settles_nothing(company: Company) -> None:
    payments = (
        company.payments[0],
        replace(company.payments[1], settles={}, is_returned=True),
        company.payments[2],
    )
    back = replace(company, payments=payments)
    sent = PaymentSentBack(**EUR, payment_id="p2", amount=d("10.00"), return_id="r", reason="FOCR", date=DAY)
    assert broken(back, [*story()[:10], sent, *story()[11:]]) == set()
    assert broken(back, story()[:10] + story()[11:]) == {"every payment that", "money that went"}
    assert "money that went" in broken(back, story())


def proposed() -> MatchProposed:
    line = {"customer_id": "C1", "item_id": "ORVELLE:200002", "settled": d("7.00")}
    words = {"rule": "legal_imputation", "evidence": "the law", "confidence": d("0.3"), "solutions": 1}
    return MatchProposed(**EUR, **words, payment_id="p3", rules_version=0, lines=(line,))


def test_a_rule_that_never_decides_is_missed(company: Company) -> None:
    def missing(*events: Event) -> tuple[str, ...]:
        return check_all_occur(list(fold_matching([*story(), *events]).money.values())).broken

    assert missing() == ("structured reference", "remittance advice", "exact amount")
    rules = set(RULES) - {"legal_imputation"}
    money = list(fold_matching([*story(), proposed()]).money.values())
    money[0].rules = {str(n): rule for n, rule in enumerate(rules)}
    assert check_all_occur(money).broken == ("less", "held")
    money[0].less["bank_fees"] = d("1")
    money[1].applied.clear()
    assert check_all_occur(money).holds


def test_announced_money_is_held_and_booked_once(company: Company) -> None:
    coming = replace(company, payments=(replace(company.payments[0], announced_on=DAY),))
    booked = bookings(company)
    assert check_announced(company, Told(), booked).holds
    assert not check_announced(coming, Told(), booked).holds
    booked.announced_first = 1
    assert check_announced(coming, Told(announced=1, announced_held=1), booked).holds
    assert not check_announced(coming, Told(announced=1, announced_held=0), booked).holds


def test_what_is_owed_on_a_day_is_the_sum_of_what_moved_by_then() -> None:
    """110 invoiced, 20 credited, 70 of cash applied, 5 on account; a fee given up on the day after."""
    later = written_off("p2", "200002", "2.00").model_copy(update={"date": date(2024, 1, 6)})
    events = [*story(), later]
    assert owed_on(events, "ORVELLE", date(2024, 1, 4)) == 0
    assert owed_on(events, "ORVELLE", DAY) == d("15.00")
    assert owed_on(events, "ORVELLE", date(2024, 1, 6)) == d("13.00")
    assert owed_on(events, "OTHER", DAY) == 0


def test_what_is_broken_is_named(company: Company) -> None:
    found = checks(company, fold_matching(replaced(10, applied("p2", "100001", "10.00", "0.00"))))
    words = found["every payment that named its invoice is applied to it, the rest on account"].broken[0]
    assert "P2 of 10.00" in words
    assert "ORVELLE:200002" in words
    assert "ORVELLE:100001" in words


def test_the_api_is_held_to_the_events() -> None:
    tally = fold_matching(story())
    shown = [
        {
            "payment_id": key,
            "received": m.amount,
            "transferred_in": 0,
            "announced": 0,
            "applied": m.applied_in_all,
            "on_account": m.on_account,
            "unapplied": m.unapplied,
        }
        for key, m in tally.money.items()
    ]
    assert differences(tally, shown) == []
    assert differences(tally, shown[1:]) == ["payment p1 is not in the API"]
    assert differences(tally, [*shown, shown[0] | {"payment_id": "p9"}]) == ["payment p9 is in no event"]
    (found,) = differences(tally, [shown[0] | {"on_account": "5.01"}, *shown[1:]])
    assert found.startswith("payment p1: the API says")


def test_the_banks_balance_is_held_to_the_bookings(company: Company) -> None:
    booked = bookings(company)
    assert check_account(company, booked, d("182.00")).holds
    assert not check_account(company, booked, d("182.01")).holds
    spent = {
        "payment_id": "d",
        "account": company.account,
        "statement_id": "S",
        "entry_ref": "D",
        "booking_date": DAY,
    }
    booked.spent.update(fold_bookings([DebitBooked(**EUR, **spent, amount=d("2.00"))]).spent)
    assert check_account(company, booked, d("180.00")).holds


def drawn(number: int, series: str = "FA2024") -> NumberDrawn:
    name = f"{series}-{number:06d}"
    return NumberDrawn(
        entity_id="ORVELLE", series=series, number=number, document_number=name, issue_date=DAY
    )


def test_a_hole_in_a_series_is_found() -> None:
    whole = [drawn(1), drawn(1, "AV2024"), drawn(2)]
    names = [event.document_number for event in whole]
    assert check_numbers(whole, names).holds
    assert not check_numbers([drawn(1), drawn(3)], ["FA2024-000001", "FA2024-000003"]).holds
    assert not check_numbers(whole, names[:-1]).holds
