"""Bad debt is written off with approval, and never more of an invoice than matching says is open of it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from invoicing_examples import BASE, invoice_event, issue_note

from lettra_events.contracts.invoicing import (
    BadDebtProposed,
    BadDebtRefused,
    BadDebtWrittenOff,
    Instalment,
    OpeningItemTaken,
)
from lettra_events.testing.given import Given, given
from lettra_invoicing import handlers
from lettra_invoicing.decider import evolve
from lettra_invoicing.domain import DOCUMENTS, Decide, ProposeBadDebt
from lettra_invoicing.projections.settlements import SETTLEMENTS, Settlement

ON = {"entity_id": "FR01", "document_number": "FA-000001"}
PROPOSED = ON | {"requested_on": "2026-01-15", "who": "j.lambert", "why": "in liquidation"}
DECIDED = {"decided_on": "2026-01-16", "who": "c.moreau", "why": "as proposed"}


def matching_says(
    history: Given, open_: str, item: str = "FR01:FA-000001", credited: str = "0", given_up: str = "0"
) -> None:
    """What matching has told by now of an item of the invoice of 120.00."""
    amounts = 120 - Decimal(open_), Decimal(open_), Decimal(credited), Decimal(given_up)
    row = Settlement("C-1", item, "FR01", "FA-000001", *amounts)
    history.workspace.loaded(SETTLEMENTS, [], [row])


def issued(open_: str = "120.00") -> Given:
    history = given(evolve, *BASE, invoice_event())
    matching_says(history, open_)
    return history


def proposing(**changes):
    return lambda w: handlers.propose_bad_debt(w, ProposeBadDebt(**(PROPOSED | changes)))


def deciding(taken, decision="approve", **changes):
    command = Decide(**(DECIDED | changes))
    return lambda w: handlers.decide_bad_debt(w, taken.request_id, command, decision)


def given_up(history: Given, amount: str) -> None:
    taken = history.when(proposing(amount=amount)).result
    assert history.when(deciding(taken)).error is None


def document(history):
    return history.workspace.get(DOCUMENTS, "FR01", "FA-000001")


class TestApproval:
    def test_written_off_by_another_person(self):
        """Guard: the event has what the decision was taken on, which only a projection tells."""
        history = issued("100.00")
        proposed = history.when(proposing(amount="70.00"))
        assert isinstance(proposed.events[-1], BadDebtProposed)
        written = history.when(deciding(proposed.result)).events[-1]
        assert isinstance(written, BadDebtWrittenOff)
        assert (written.amount, written.proposed_by, written.who) == (70, "j.lambert", "c.moreau")
        assert written.open_before == 100
        assert (document(history).written_off, document(history).left) == (70, 50)

    def test_who_proposed_does_not_approve(self):
        """Guard: need_open_request (decider/following.py)."""
        history = issued()
        taken = history.when(proposing()).result
        assert history.when(deciding(taken, who="j.lambert")).error.kind == "own-request"

    def test_refused_it_is_owed_as_before(self):
        history = issued()
        taken = history.when(proposing()).result
        assert isinstance(history.when(deciding(taken, "refuse")).events[-1], BadDebtRefused)
        assert document(history).written_off == 0


class TestNeverMoreThanIsOpen:
    def test_what_was_paid_cannot_be_given_up(self):
        """Guard: _check_open in propose_bad_debt (decider/bad_debts.py); what is open is said."""
        outcome = issued("70.00").when(proposing(amount="70.01"))
        assert (outcome.error.kind, outcome.error.field) == ("amount-exceeds-open", "amount")
        assert "70.01 EUR: of FA-000001, 70.00 EUR is open" in str(outcome.error)

    def test_without_an_amount_all_that_is_open(self):
        assert issued("70.00").when(proposing()).events[-1].amount == Decimal("70.00")

    def test_what_is_settled_cannot_be_given_up(self):
        outcome = issued("0").when(proposing())
        assert outcome.error.kind == "amount-exceeds-open"
        assert "0 EUR is open" in str(outcome.error)

    def test_what_was_paid_between_proposal_and_approval(self):
        """Guard: _check_open in write_off (decider/bad_debts.py); nothing is decided."""
        history = issued()
        taken = history.when(proposing(amount="100")).result
        matching_says(history, "99.99")
        before = len(history.workspace.staged)
        outcome = history.when(deciding(taken))
        assert outcome.error.kind == "amount-exceeds-open"
        assert "99.99 EUR is open" in str(outcome.error)
        assert len(history.workspace.staged) == before

    def test_what_was_given_up_and_matching_has_not_said_yet(self):
        """Guard: `under_way` has what was written off (bad_debts._open_of); 120 less 50 paid less 60 given up."""
        history = issued("70.00")
        given_up(history, "60.00")
        outcome = history.when(proposing(amount="10.01"))
        assert "10.00 EUR is open" in str(outcome.error)
        matching_says(history, "10.00", given_up="60.00")
        outcome = history.when(proposing(amount="10.01"))
        assert "10.00 EUR is open" in str(outcome.error)
        assert history.when(proposing(amount="10.00")).error is None

    def test_what_was_credited_and_matching_has_not_said_yet(self):
        """Guard: `under_way` has what was credited (bad_debts._open_of), until matching has set it off."""
        history = issued("70.00")
        history.when(lambda w: handlers.issue_credit_note(w, issue_note()))
        assert "58.00 EUR is open" in str(history.when(proposing(amount="58.01")).error)
        matching_says(history, "58.00", credited="12.00")
        assert "58.00 EUR is open" in str(history.when(proposing(amount="58.01")).error)
        assert history.when(proposing(amount="58.00")).error is None

    def test_credit_notes_and_write_offs_together_never_exceed_the_invoice(self):
        """Guard: Document.left (domain/state/documents.py)."""
        history = issued()
        given_up(history, "110")
        outcome = history.when(lambda w: handlers.issue_credit_note(w, issue_note()))
        assert outcome.error.kind == "credit-exceeds-invoice"

    def test_nothing_before_matching_has_said_what_is_open(self):
        """Guard: _open_of (decider/bad_debts.py)."""
        outcome = given(evolve, *BASE, invoice_event()).when(proposing(amount="1"))
        assert (outcome.error.kind, outcome.error.status) == ("open-not-known", 409)
        assert "GET /documents/FR01/FA-000001" in str(outcome.error)

    def test_of_an_invoice_in_instalments_all_of_them(self):
        """Guard: every item of the document is looked up, and each must be known (handlers/following._owed)."""
        parts = [Instalment(number=n, due_date=f"2026-0{n}-15", amount="60.00") for n in (1, 2)]
        history = given(evolve, *BASE, invoice_event(instalments=parts))
        matching_says(history, "10.00", "FR01:FA-000001#1")
        assert history.when(proposing()).error.kind == "open-not-known"
        matching_says(history, "60.00", "FR01:FA-000001#2")
        assert history.when(proposing()).events[-1].amount == Decimal("70.00")

    @pytest.mark.parametrize("count", [1, 2])
    def test_of_an_opening_balance_what_was_open_then(self, count):
        """120 of 70 open: the first item has the document's name, the next a number."""
        said = {"kind": "invoice", "issue_date": "2025-11-03", "due_date": "2025-12-31", "currency": "EUR"}
        items = [
            OpeningItemTaken(
                **ON, **said, customer_id="C-1", item_id=f"A{n}", number=n, amount="70", original_amount="120"
            )
            for n in range(1, count + 1)
        ]
        history = given(evolve, *BASE, *items)
        for item in ("FR01:FA-000001", "FR01:FA-000001#2")[:count]:
            matching_says(history, "70.00", item)
        assert history.when(proposing(requested_on="2026-01-15")).events[-1].amount == 70 * count
