"""What people decide: confirm, refuse, undo, settle by hand, refund, transfer, change the rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from receivables import DAY, Story, act, after, credit_note, customer, invoice, payment

from lettra_events.contracts.matching import (
    CashApplied,
    ItemWrittenOff,
    MatchProposed,
    PaymentTransferredIn,
    ProposedLine,
)
from lettra_events.service.rejection import Rejected
from lettra_matching.domain.commands import Allocate, ChangeRules, Refund, Transfer
from lettra_matching.handlers import acts

NAMED = {"counterparty_name": "BOULANGERIE MARTIN"}


def proposed() -> Story:
    """P1 designates nothing: what the law would settle is proposed."""
    return after(
        customer(), invoice("FA-1001", 100), invoice("FA-1002", 50), payment("P1", 70, None, **NAMED)
    )


def by_hand(*lines: tuple[str, int], why: str = "as he told me", **write_off: Any) -> Allocate:
    return Allocate(
        who="Anne",
        why=why,
        business_date=DAY,
        lines=tuple(
            ProposedLine(customer_id="C1", item_id=f"FR01:{number}", settled=Decimal(amount), **write_off)
            for number, amount in lines
        ),
    )


def refused(story: Story, decide: Any) -> Rejected:
    error = story.trying(decide).error
    assert isinstance(error, Rejected), error
    return error


def test_what_designates_nothing_is_proposed_and_holds_the_customer() -> None:
    story = proposed()
    assert story.held("C1") == ["C1 by P1"]
    found = story.last(MatchProposed)
    assert (found.rule, found.rules_version) == ("legal_imputation", 0)
    assert [(line.item_id, line.settled) for line in found.lines] == [("FR01:FA-1001", 70)]
    assert story.payment("P1").unapplied == 70


def test_a_confirmed_proposal_is_settled_by_the_person_who_confirmed_it() -> None:
    """Guard: acting.confirm."""
    story = proposed()
    assert story.doing(lambda w: acts.confirm(w, "P1", act())) == [
        "Anne confirms P1",
        "P1 releases C1",
        "P1 settles 70 of FA-1001, 30 open",
    ]
    applied = story.last(CashApplied)
    assert (applied.who, applied.rule) == ("Anne", "legal_imputation")
    assert story.held("C1") == []


def test_a_confirmed_proposal_is_gone() -> None:
    story = proposed()
    story.doing(lambda w: acts.confirm(w, "P1", act()))
    assert refused(story, lambda w: acts.confirm(w, "P1", act())).kind == "no-proposal"


def test_a_proposal_whose_item_is_paid_meanwhile_is_made_anew() -> None:
    """Guard: what moves of a customer's has its waiting payments looked at again (handlers.matching._keys_of)."""
    story = proposed()
    assert story.when(payment("P2", 60, "FA-1001"))[1:] == [
        "P2 settles 60 of FA-1001, 40 open",
        "P1 may settle 40 of FA-1001, 30 of FA-1002",
    ]
    assert story.when(payment("P3", 40, "FA-1001"))[3:] == [
        "P1's proposal is withdrawn",
        "P1 releases C1",
        "P1 leaves 70 on account of C1",
    ]


def test_a_proposal_that_no_longer_fits_is_refused_as_outdated() -> None:
    """Guard: acting._shares reads again what is open, under the lock of the ledger."""
    story = proposed()
    outcome = story.trying(lambda w: _confirm_after_another(w))
    assert isinstance(outcome.error, Rejected)
    assert (outcome.error.kind, outcome.error.status) == ("proposal-outdated", 409)


def _confirm_after_another(workspace: Any) -> Any:
    """The proposal was read, and the item is paid before it is confirmed: said without a second look."""
    workspace.append(
        ItemWrittenOff(
            customer_id="C1",
            entity_id="FR01",
            currency="EUR",
            date=DAY,
            item_id="FR01:FA-1001",
            write_off_type="bad_debt",
            amount=Decimal(60),
            open_after=Decimal(40),
            evidence="given up",
        )
    )
    return acts.confirm(workspace, "P1", act())


def test_a_refused_proposal_is_never_made_again() -> None:
    """Guard: `barred` (candidates.OverWorkspace)."""
    story = proposed()
    said = story.doing(lambda w: acts.refuse(w, "P1", act()))
    assert said[0] == "Anne refuses P1"
    assert not [one for one in said if "FA-1001" in one]
    for number in ("FA-1003", "FA-1004"):
        assert not [one for one in story.when(invoice(number, 7)) if "of FA-1001" in one]


def test_undoing_puts_everything_back_and_the_rules_never_do_it_again() -> None:
    """Cash, a credit note that was deducted, a discount, lettrage. Guards: undoing.undo, `barred`."""
    story = after(
        invoice("FA-1000", 5),
        credit_note("AV-0001", "FA-1000", 35),
        invoice("FA-1001", 100, discount=(2, date(2026, 3, 31))),
    )
    before = {number: story.item(number) for number in ("FA-1001", "AV-0001")}
    story.when(payment("P1", 68, "FA-1001, AV-0001"))
    assert (story.item("FA-1001").open, story.item("AV-0001").open) == (0, 0)
    said = story.doing(lambda w: acts.undo_match(w, "P1", act()))
    assert said[:6] == [
        "2 of FA-1001 is owed again: early_payment_discount",
        "P1 gives 68 of FA-1001 back",
        "AV-0001 gives 30 of FA-1001 back",
        "AV-0001 is open again with 30",
        "FA-1001 is open again with 100",
        "Anne undoes P1",
    ]
    moves = {"FA-1001": (f"{DAY} 0",), "AV-0001": (f"{DAY} -5",)}
    assert {number: story.item(number) for number in before} == {
        number: replace(row, moves=moves[number]) for number, row in before.items()
    }
    assert (story.payment("P1").applied, story.payment("P1").available) == (0, 68)
    assert not [one for one in story.when(invoice("FA-1009", 1)) if "P1 settles" in one]
    assert story.payment("P1").applied == 0


def test_undone_money_can_be_settled_by_hand_with_the_same_items() -> None:
    """What is barred is barred to the rules only."""
    story = after(invoice("FA-1001", 100), payment("P1", 100, "FA-1001"))
    story.doing(lambda w: acts.undo_match(w, "P1", act()))
    said = story.doing(lambda w: acts.allocate(w, "P1", by_hand(("FA-1001", 100))))
    assert said[-2:] == ["P1 settles 100 of FA-1001, 0 open", "FA-1001 is settled"]
    assert (story.last(CashApplied).rule, story.last(CashApplied).who) == ("by_hand", "Anne")


def test_an_undone_item_is_there_for_who_waited_for_it() -> None:
    """Guard: marks of what is open again (handlers.matching._keys_of)."""
    story = after(invoice("FA-1001", 100), payment("P1", 100, "FA-1001"), payment("P2", 100, "FA-1001"))
    assert story.payment("P2").on_account == 100
    said = story.doing(lambda w: acts.undo_match(w, "P1", act()))
    assert said[-3:] == [
        "P2 takes 100 back from C1",
        "P2 settles 100 of FA-1001, 0 open",
        "FA-1001 is settled",
    ]


def test_nothing_is_undone_of_a_payment_that_settles_nothing() -> None:
    story = after(payment("P1", 100, "MERCI"))
    assert refused(story, lambda w: acts.undo_match(w, "P1", act())).kind == "nothing-to-undo"
    assert refused(story, lambda w: acts.undo_match(w, "P9", act())).kind == "unknown-payment"


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        ([("FA-1001", 101)], "not-open"),
        ([("FA-9999", 1)], "not-open"),
        ([("FA-1001", 1), ("FA-1001", 1)], "not-open"),
        ([("FA-1001", 100), ("FA-1002", 50)], "not-enough-money"),
        ([("AV-0001", 30)], "not-enough-money"),
    ],
)
def test_by_hand_only_what_is_open_with_what_there_is(lines: list[tuple[str, int]], kind: str) -> None:
    """Guards: acting._shares, _settle_by_hand."""
    story = after(
        invoice("FA-1001", 100),
        invoice("FA-1002", 50),
        invoice("FA-1000", 5),
        credit_note("AV-0001", "FA-1000", 35),
        payment("P1", 120, "MERCI"),
    )
    error = refused(story, lambda w: acts.allocate(w, "P1", by_hand(*lines)))
    assert (error.kind, error.status) == (kind, 409)


@pytest.mark.parametrize(
    ("line", "write_off"),
    [
        (("FA-1001", 100), {"write_off": 100, "write_off_type": "rounding"}),
        (("FA-1001", 100), {"write_off": 1}),
        (("AV-0001", 30), {"write_off": 1, "write_off_type": "rounding"}),
    ],
)
def test_a_write_off_by_hand_is_typed_and_a_part_of_an_invoice(
    line: tuple[str, int], write_off: dict[str, Any]
) -> None:
    """Guard: acting._wrong."""
    story = after(
        invoice("FA-1001", 100),
        invoice("FA-1000", 5),
        credit_note("AV-0001", "FA-1000", 35),
        payment("P1", 120, "MERCI"),
    )
    error = refused(story, lambda w: acts.allocate(w, "P1", by_hand(line, **write_off)))
    assert error.kind == "not-open"


def test_by_hand_a_short_payment_settles_with_a_write_off() -> None:
    story = after(invoice("FA-1001", 100), payment("P1", 97, "MERCI"))
    line = by_hand(("FA-1001", 100), write_off=3, write_off_type="bank_fees")
    assert story.doing(lambda w: acts.allocate(w, "P1", line)) == [
        "P1 settles 97 of FA-1001, 3 open",
        "3 of FA-1001 is given up: bank_fees",
        "FA-1001 is settled",
    ]


def overpaid() -> Story:
    return after(invoice("FA-1001", 100), payment("P1", 130, "FA-1001"))


def test_a_refund_takes_unapplied_cash_of_its_customer() -> None:
    """Guard: acting.refund."""
    story = overpaid()
    refund = Refund(who="Anne", why="he asked", business_date=DAY, amount=Decimal(20))
    assert story.doing(lambda w: acts.refund(w, "P1", refund)) == ["P1 gives 20 back to C1"]
    row = story.payment("P1")
    assert (row.applied, row.on_account, row.refunded) == (100, 10, 20)
    assert refused(story, lambda w: acts.refund(w, "P1", refund)).kind == "not-on-account"


def test_money_that_a_person_gave_to_another_customer_stays_there() -> None:
    """The rules may settle that one's items with it, and nobody else's. Guard: `assigned_to` (candidates)."""
    story = overpaid()
    give = Transfer(who="Anne", why="for C2", business_date=DAY, amount=Decimal(30), to_customer_id="C2")
    assert story.doing(lambda w: acts.transfer(w, "P1", give)) == [
        "P1 takes 30 back from C1",
        "P1 leaves 30 on account of C2",
    ]
    story.doing(lambda w: acts.undo_match(w, "P1", act()))
    assert not [one for one in story.when(invoice("FA-1005", 30)) if "P1 settles" in one]
    assert story.payment("P1").account_customer_id == "C2"


def test_money_of_another_entity_goes_on_there_as_a_payment_of_its_own() -> None:
    """It settles what is open there. Guards: acting._to_entity, the id of each transfer (acts.transfer)."""
    story = after(payment("P1", 130, "FA-1001"), invoice("FA-1001", 100, entity="FR02"))
    give = Transfer(who="Anne", why="theirs", business_date=DAY, amount=Decimal(60), to_entity_id="FR02")
    said = story.doing(lambda w: acts.transfer(w, "P1", give))
    other = story.last(PaymentTransferredIn).payment_id
    assert said[:2] == ["P1 gives 60 to FR02", "FR02 gets 60"]
    assert said[-1] == f"{other} settles 60 of FA-1001, 40 open"
    assert (story.payment("P1").unapplied, story.payment("P1").transferred_out) == (70, 60)
    story.doing(lambda w: acts.transfer(w, "P1", give))
    second = story.last(PaymentTransferredIn).payment_id
    assert second != other
    assert (story.payment(other).transferred_in, story.payment(second).transferred_in) == (60, 60)
    assert (story.payment(second).applied, story.payment(second).on_account) == (40, 20)
    own = Transfer(who="Anne", why="x", business_date=DAY, amount=Decimal(1), to_entity_id="FR01")
    assert refused(story, lambda w: acts.transfer(w, "P1", own)).kind == "same-entity"


def test_changed_rules_are_versioned_and_stand_in_each_decision() -> None:
    """Guards: acting.change_rules, candidates.rules_of."""
    story = after(invoice("FA-1001", 100), invoice("FA-1002", 100), invoice("FA-1003", 100, entity="FR02"))
    story.when(payment("P1", 90, "FA-1001"))
    assert story.item("FA-1001").open == 10
    change = ChangeRules(who="Anne", why="agreed with the bank", rules={"fee_tolerance": "15.00"})
    assert story.doing(lambda w: acts.change_rules(w, "FR01", change)) == ["FR01 has rules 1"]
    assert story.doing(lambda w: acts.change_rules(w, "FR01", change)) == []
    assert story.when(payment("P2", 90, "FA-1002"))[1:] == [
        "P2 settles 90 of FA-1002, 10 open",
        "10 of FA-1002 is given up: bank_fees",
        "FA-1002 is settled",
    ]
    assert story.last(CashApplied).rules_version == 1
    story.when(payment("P3", 90, "FA-1003", entity="FR02"))
    assert story.last(CashApplied).rules_version == 0


@pytest.mark.parametrize(
    "rules",
    [
        {"nonsense": "1"},
        {"fee_tolerance": "-1"},
        {"fee_tolerance": "much"},
        {"on": "guessing"},
        {"subset_items_max": "31"},
        {"name_margin": "2"},
    ],
)
def test_rules_that_cannot_be_are_refused(rules: dict[str, str]) -> None:
    """Guard: domain.rules.changed_rules."""
    change = ChangeRules(who="Anne", why="why not", rules=rules)
    error = refused(after(), lambda w: acts.change_rules(w, "FR01", change))
    assert (error.kind, error.field) == ("invalid-rules", "rules")
    assert next(iter(rules)) in str(error) or "30 items" in str(error)


def test_an_act_moves_money_on_its_own_business_date() -> None:
    """And never before what it undoes. Guard: concluding.effective_date, `moved_on`."""
    story = after(invoice("FA-1001", 100), payment("P1", 100, "FA-1001", booked=DAY + timedelta(4)))
    said = story.trying(lambda w: acts.undo_match(w, "P1", act(day=DAY)))
    assert {event.date for event in said.events if hasattr(event, "date")} == {DAY + timedelta(4)}
    later = story.trying(lambda w: acts.undo_match(w, "P1", act(day=DAY + timedelta(9))))
    assert {event.date for event in later.events if hasattr(event, "date")} == {DAY + timedelta(9)}


def test_what_a_person_reopened_is_not_settled_before_that_day() -> None:
    """Else it would be settled twice as of a day between. Guard: `reopened_on` (concluding.effective_date)."""
    story = after(invoice("FA-1001", 100), payment("P1", 100, "FA-1001"))
    story.doing(lambda w: acts.undo_match(w, "P1", act(day=DAY + timedelta(9))))
    story.when(payment("P2", 100, "FA-1001", booked=DAY + timedelta(1)))
    assert story.last(CashApplied).payment_id == "P2"
    assert story.last(CashApplied).date == DAY + timedelta(9)


def test_money_that_a_person_freed_is_not_used_before_that_day() -> None:
    """Else it would be there twice as of a day between. Guard: `moved_on` (concluding.effective_date)."""
    iban = "DE89370400440532013000"
    story = after(
        customer(ibans=(iban,)), invoice("FA-1001", 50), payment("P1", 50, None, counterparty_iban=iban)
    )
    assert story.payment("P1").applied == 50
    story.doing(lambda w: acts.undo_match(w, "P1", act(day=DAY + timedelta(9))))
    story.when(invoice("FA-1002", 50))
    story.doing(lambda w: acts.confirm(w, "P1", act(day=DAY)))
    assert (story.payment("P1").applied, story.last(CashApplied).item_id) == (50, "FR01:FA-1002")
    assert story.last(CashApplied).date == DAY + timedelta(9)


def test_what_would_be_applied_of_money_that_a_person_took_away_is_only_proposed() -> None:
    """Who undid a match wants to look first. Guard: `in_hand` (engine/deciding.py)."""
    iban = "DE89370400440532013000"
    story = after(
        customer(ibans=(iban,)), invoice("FA-1001", 50), payment("P1", 50, None, counterparty_iban=iban)
    )
    story.doing(lambda w: acts.undo_match(w, "P1", act()))
    said = story.when(invoice("FA-1002", 50))
    assert story.payment("P1").applied == 0
    assert [line for line in said if "may settle" in line] == ["P1 may settle 50 of FA-1002"]
    assert story.payment("P1").held_for == ("C1",)
