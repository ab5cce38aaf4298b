"""What other services' events tell: folded, the ledger's own figures come out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from lettra_events.contracts import Event
from lettra_events.contracts.invoicing import InsolvencyClosed, InsolvencyOpened
from lettra_events.contracts.matching import (
    CashApplied,
    CashPutOnAccount,
    CashRefunded,
    CashTakenFromAccount,
    CashUnapplied,
    CreditApplied,
    CreditUnapplied,
    HoldPlaced,
    ItemDisputed,
    ItemOpened,
    ItemWrittenOff,
    WriteOffReversed,
)
from lettra_risk_scoring.domain import History, fold
from lettra_risk_scoring.domain.telling import facts_of

DAY = date(2026, 5, 4)
HERE: dict[str, Any] = {"customer_id": "C1", "entity_id": "FR01", "currency": "EUR"}
MOVED: dict[str, Any] = {**HERE, "date": DAY}
WHY: dict[str, Any] = {
    "rule": "by_hand",
    "evidence": "",
    "confidence": Decimal(1),
    "solutions": 1,
    "rules_version": 0,
}


def item(name: str, amount: int, kind: Any = "invoice") -> ItemOpened:
    return ItemOpened(
        **HERE,
        item_id=name,
        kind=kind,
        document_number=name,
        issue_date=date(2026, 4, 1),
        due_date=date(2026, 5, 1),
        amount=Decimal(amount),
    )


def cash(name: str, amount: int, after: int, line: int = 1) -> CashApplied:
    return CashApplied(
        **MOVED,
        **WHY,
        item_id=name,
        payment_id="P1",
        line=line,
        amount=Decimal(amount),
        open_after=Decimal(after),
    )


def cash_back(name: str, amount: int, after: int, line: int = 1) -> CashUnapplied:
    return CashUnapplied(
        **MOVED, item_id=name, payment_id="P1", line=line, amount=Decimal(amount), open_after=Decimal(after)
    )


def told(*events: Event) -> History:
    return fold((fact for event in events for fact in facts_of(event, DAY)), DAY)


def open_of(history: History) -> dict[str, Decimal]:
    return {name: item.open for name, item in history.items.items()}


def test_cash_settles_and_its_undoing_opens_again() -> None:
    events = [item("I1", 100), cash("I1", 60, 40), cash("I1", 40, 0, line=2)]
    assert (open_of(told(*events)), told(*events).items["I1"].days_late) == ({"I1": 0}, 3)
    assert open_of(told(*events, cash_back("I1", 60, 60))) == {"I1": 60}


def test_a_credit_note_is_taken_from_both_sides_and_put_back() -> None:
    line: dict[str, Any] = {"payment_id": "P1", "line": 1, "credit_item_id": "A1", "item_id": "I1"}
    applied = CreditApplied(
        **MOVED, **line, amount=Decimal(30), open_after=Decimal(70), credit_open_after=Decimal(0)
    )
    back = CreditUnapplied(
        **MOVED, **line, amount=Decimal(30), open_after=Decimal(100), credit_open_after=Decimal(30)
    )
    events = [item("I1", 100), item("A1", 30, "credit_note"), applied]
    assert open_of(told(*events)) == {"I1": 70, "A1": 0}
    assert open_of(told(*events, back)) == {"I1": 100, "A1": 30}


def test_a_note_that_is_set_off_piece_by_piece() -> None:
    def applied(amount: int, after: int, left: int) -> CreditApplied:
        return CreditApplied(
            **MOVED,
            credit_item_id="A1",
            item_id="I1",
            amount=Decimal(amount),
            open_after=Decimal(after),
            credit_open_after=Decimal(left),
        )

    events = [item("I1", 100), item("A1", 30, "credit_note"), applied(10, 90, 20), applied(10, 80, 10)]
    assert open_of(told(*events)) == {"I1": 80, "A1": 10}


def test_a_write_off_is_no_payment_and_goes_with_its_payment() -> None:
    line: dict[str, Any] = {"item_id": "I1", "write_off_type": "bank_fees", "payment_id": "P1", "line": 1}
    fees = ItemWrittenOff(**MOVED, **line, amount=Decimal(5), open_after=Decimal(0), evidence="fees")
    back = WriteOffReversed(**MOVED, **line, amount=Decimal(5), open_after=Decimal(5))
    events = [item("I1", 100), cash("I1", 95, 5), fees]
    assert open_of(told(*events)) == {"I1": 0}
    assert open_of(told(*events, back, cash_back("I1", 95, 100))) == {"I1": 100}


def test_bad_debt_may_be_given_up_again_after_its_item_was_reopened() -> None:
    def bad(amount: int) -> ItemWrittenOff:
        return ItemWrittenOff(
            **MOVED,
            item_id="I1",
            write_off_type="bad_debt",
            amount=Decimal(amount),
            open_after=Decimal(0),
            evidence="insolvency",
        )

    events = [item("I1", 100), cash("I1", 60, 40), bad(40), cash_back("I1", 60, 60), bad(60)]
    history = told(*events)
    assert (open_of(history), history.items["I1"].is_paid) == ({"I1": 0}, False)


def test_disputes_insolvency_and_money_on_account() -> None:
    who: dict[str, Any] = {"who": "a.martin", "why": "published"}
    opened = InsolvencyOpened(customer_id="C1", proceeding="recovery", opened_on=DAY, **who)
    money: dict[str, Any] = {**MOVED, "payment_id": "P1"}
    history = told(
        item("I1", 100),
        ItemDisputed(**HERE, item_id="I1", disputed=Decimal(25)),
        opened,
        CashPutOnAccount(**money, amount=Decimal(50), evidence=""),
        CashTakenFromAccount(**money, amount=Decimal(20)),
        CashRefunded(**money, amount=Decimal(10), **who),
    )
    assert history.items["I1"].undisputed == 75
    assert history.insolvent
    assert history.on_account == {("FR01", "EUR"): 20}
    assert not told(opened, InsolvencyClosed(customer_id="C1", closed_on=DAY, **who)).insolvent


def test_what_tells_nothing_of_how_a_customer_pays_gives_no_fact() -> None:
    hold = HoldPlaced(**HERE, payment_id="P1", amount=Decimal(5), reason="may be its money")
    assert list(facts_of(hold, DAY)) == []
