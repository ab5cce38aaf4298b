"""What becomes of an issued invoice: disputes, credit notes by request, write-offs, statuses."""

from __future__ import annotations

from decimal import Decimal

import pytest
from invoicing_examples import BASE, invoice_event, issue, issue_note, note_event
from pydantic import ValidationError

from lettra_events.contracts.invoicing import (
    CreditNoteIssued,
    CreditNoteRequestApproved,
    CreditNoteRequestRefused,
    DisputeOpened,
    DisputeReassigned,
    DisputeResolved,
    LifecycleStatusReceived,
    OpeningItemTaken,
)
from lettra_events.testing.given import given
from lettra_invoicing import handlers
from lettra_invoicing.decider import evolve
from lettra_invoicing.domain import (
    DOCUMENTS,
    AcceptDispute,
    ApproveCreditNote,
    CloseDispute,
    Decide,
    OpenDispute,
    ReassignDispute,
    ReceiveStatus,
    RequestCreditNote,
)

ON = {"entity_id": "FR01", "document_number": "FA-000001"}
DISPUTE = ON | {
    "reason": "quantity",
    "owner": "m.roche",
    "due_date": "2026-01-30",
    "opened_on": "2026-01-15",
    "who": "j.lambert",
}
RESOLVED = {"resolved_on": "2026-01-20", "who": "m.roche", "why": "one pallet was missing"}
REQUEST = ON | {"requested_on": "2026-01-15", "who": "j.lambert", "why": "agreed by mail"}
DECIDED = {"decided_on": "2026-01-16", "who": "c.moreau", "why": "as agreed"}


def issued():
    """An invoice of 120 EUR, and its history by the commands alone."""
    return given(evolve, *BASE, invoice_event())


def after(history, *commands):
    """The history after some commands; what each of them answered."""
    return [history.when(command).result for command in commands]


def opening(**changes):
    return lambda w: handlers.open_dispute(w, OpenDispute(**(DISPUTE | changes)))


def document(history):
    return history.workspace.get(DOCUMENTS, "FR01", "FA-000001")


class TestDispute:
    def test_of_a_part(self):
        outcome = issued().when(opening(amount="40.00"))
        said = {name: value for name, value in DISPUTE.items() if name not in ON}
        outcome.then(
            DisputeOpened(
                **ON,
                **said,
                customer_id="C-1",
                dispute_id=outcome.result.dispute_id,
                amount="40.00",
                currency="EUR",
            )
        )
        assert outcome.row(DOCUMENTS, "FR01", "FA-000001").disputed == 40

    def test_without_an_amount_all_that_is_left(self):
        history = given(evolve, *BASE, invoice_event(), note_event())
        assert history.when(opening()).events[0].amount == Decimal("108.00")

    def test_no_part_is_contested_twice(self):
        """Guard: open_dispute takes off what is contested already (decider/following.py)."""
        history = issued()
        first, second = after(history, opening(amount="100"), opening(amount="20"))
        assert first.dispute_id != second.dispute_id
        assert history.when(opening(amount="0.01")).error.kind == "amount-exceeds-invoice"
        assert document(history).disputed == 120
        assert history.when(opening()).error.kind == "amount-exceeds-invoice"

    def test_of_what_is_no_invoice(self):
        given(evolve, *BASE).when(opening()).then_refused("unknown-invoice", "document_number")
        given(evolve, *BASE, invoice_event(), note_event()).when(
            opening(document_number="AV-000001")
        ).then_refused("unknown-invoice", "document_number")
        issued().when(opening(opened_on="2026-01-04")).then_refused("before-invoice", "opened_on")

    def test_reassigned(self):
        history = issued()
        (taken,) = after(history, opening(amount="40"))
        command = ReassignDispute(owner="a.petit", due_date="2026-02-06", who="m.roche", why="counts again")
        (*_, event) = history.when(lambda w: handlers.reassign_dispute(w, taken.dispute_id, command)).events
        assert isinstance(event, DisputeReassigned)
        assert (event.owner, event.customer_id) == ("a.petit", "C-1")
        before = len(history.workspace.staged)
        after(history, lambda w: handlers.reassign_dispute(w, taken.dispute_id, command))
        assert len(history.workspace.staged) == before

    @pytest.mark.parametrize("outcome", ["rejected", "withdrawn"])
    def test_rejected_or_withdrawn_all_of_it_is_owed(self, outcome):
        history = issued()
        (taken,) = after(history, opening(amount="40"))
        close = CloseDispute(**RESOLVED)
        closed = history.when(lambda w: handlers.close_dispute(w, taken.dispute_id, close, outcome))
        event = closed.events[-1]
        assert isinstance(event, DisputeResolved)
        assert (event.outcome, event.amount, event.credited, event.credit_note) == (outcome, 40, 0, None)
        assert document(history).disputed == 0
        again = history.when(lambda w: handlers.close_dispute(w, taken.dispute_id, close, outcome))
        assert again.error.kind == "dispute-closed"


class TestAccepted:
    @staticmethod
    def accept(taken, **changes):
        command = AcceptDispute(**(RESOLVED | {"series": "AV"} | changes))
        return lambda w: handlers.accept_dispute(w, taken.dispute_id, command)

    def test_with_a_credit_note_of_what_is_contested(self):
        """VAT in proportion, by hand: 40 x 20 / 120 = 6.67. Guard: the note is in the same decision."""
        history = issued()
        (taken,) = after(history, opening(amount="40"))
        outcome = history.when(self.accept(taken))
        _drawn, note, resolved = outcome.events[-3:]
        assert isinstance(note, CreditNoteIssued)
        assert (note.gross, note.vat, note.net, note.corrects, note.reason) == (
            Decimal("40"),
            Decimal("6.67"),
            Decimal("33.33"),
            "FA-000001",
            "quantity",
        )
        assert (resolved.credit_note, resolved.credited, resolved.amount) == ("AV-000001", 40, 40)
        assert (document(history).disputed, document(history).credited) == (0, 40)

    def test_a_part_of_it(self):
        history = issued()
        (taken,) = after(history, opening(amount="40"))
        resolved = history.when(self.accept(taken, amount="12", net="10", vat="2")).events[-1]
        assert (resolved.credited, resolved.amount) == (12, 40)
        assert (document(history).disputed, document(history).credited) == (0, 12)

    def test_never_more_than_is_contested(self):
        """Guard: note_of_dispute (decider/following.py); nothing is decided, the dispute stays open."""
        history = issued()
        (taken,) = after(history, opening(amount="40"))
        before = len(history.workspace.staged)
        assert history.when(self.accept(taken, amount="40.01")).error.kind == "amount-exceeds-invoice"
        assert history.when(self.accept(taken, net="30", vat="9")).error.kind == "does-not-add-up"
        assert history.when(self.accept(taken, resolved_on="2026-01-14")).error.kind == "date-goes-back"
        assert len(history.workspace.staged) == before
        assert document(history).disputed == 40

    def test_of_a_document_whose_vat_is_not_known(self):
        item = {"item_id": "4711", "kind": "invoice", "number": 1, "issue_date": "2025-11-03"}
        item |= {"due_date": "2025-12-31", "currency": "EUR", "amount": "70", "original_amount": "120"}
        history = given(evolve, *BASE, OpeningItemTaken(customer_id="C-1", **ON, **item))
        (taken,) = after(history, opening(amount="40"))
        assert history.when(self.accept(taken)).error.kind == "vat-unknown"
        assert history.when(self.accept(taken, net="33.33", vat="6.67")).error is None


class TestCreditNoteRequest:
    @staticmethod
    def requesting(**changes):
        command = RequestCreditNote(**(REQUEST | {"reason": "price", "amount": "12.00"} | changes))
        return lambda w: handlers.request_credit_note(w, command)

    @staticmethod
    def approving(taken, **changes):
        command = ApproveCreditNote(**(DECIDED | {"series": "AV"} | changes))
        return lambda w: handlers.approve_credit_note(w, taken.request_id, command)

    def test_approved_by_another_person(self):
        history = issued()
        (taken,) = after(history, self.requesting())
        outcome = history.when(self.approving(taken))
        _drawn, note, approved = outcome.events[-3:]
        assert (note.gross, note.vat, note.reason) == (Decimal("12.00"), Decimal("2.00"), "price")
        assert isinstance(approved, CreditNoteRequestApproved)
        assert (approved.credit_note, approved.who) == ("AV-000001", "c.moreau")

    @pytest.mark.parametrize("who", ["j.lambert", "J.Lambert"])
    def test_who_asked_does_not_approve(self, who):
        """Guard: need_open_request (decider/following.py)."""
        history = issued()
        (taken,) = after(history, self.requesting())
        outcome = history.when(self.approving(taken, who=who))
        assert (outcome.error.kind, outcome.error.field) == ("own-request", "who")
        refuse = Decide(**(DECIDED | {"who": who}))
        outcome = history.when(lambda w: handlers.refuse_credit_note(w, taken.request_id, refuse))
        assert outcome.error.kind == "own-request"

    def test_refused_and_decided_once(self):
        history = issued()
        (taken,) = after(history, self.requesting())
        refused = history.when(lambda w: handlers.refuse_credit_note(w, taken.request_id, Decide(**DECIDED)))
        assert isinstance(refused.events[-1], CreditNoteRequestRefused)
        assert history.when(self.approving(taken)).error.kind == "request-decided"
        assert document(history).credited == 0

    def test_what_is_left_may_be_less_by_then(self):
        """Guard: note_of_request looks again (decider/following.py)."""
        history = issued()
        (taken,) = after(history, self.requesting(amount="120"))
        after(history, lambda w: handlers.issue_credit_note(w, issue_note()))
        assert history.when(self.approving(taken)).error.kind == "amount-exceeds-invoice"

    def test_it_is_not_approved_as_a_write_off(self):
        """Guard: the kind is compared (decider.need_open_request)."""
        history = issued()
        (taken,) = after(history, self.requesting())
        command = Decide(**DECIDED)
        outcome = history.when(lambda w: handlers.decide_bad_debt(w, taken.request_id, command, "approve"))
        assert outcome.error.kind == "unknown-request"


class TestStatus:
    @staticmethod
    def receiving(status: int, source: str, **changes):
        said = ON | {"occurred_at": "2026-01-06T09:30:00+01:00", "reference": "m-1"} | changes
        return lambda w: handlers.receive_status(w, ReceiveStatus(**said, status=status, source=source))

    def test_one_that_came_in(self):
        outcome = issued().when(self.receiving(210, "buyer", reason="QTE_ERR"))
        outcome.then(
            LifecycleStatusReceived(
                **ON,
                customer_id="C-1",
                status=210,
                source="buyer",
                occurred_at="2026-01-06T08:30:00Z",
                reference="m-1",
                reason="QTE_ERR",
            )
        )
        assert outcome.row(DOCUMENTS, "FR01", "FA-000001").status == 210

    def test_the_same_message_twice_is_once(self):
        """Guard: receive_status compares by the reference (decider/following.py)."""
        history = issued()
        after(history, self.receiving(200, "platform"))
        before = len(history.workspace.staged)
        assert history.when(self.receiving(200, "platform")).result.created is False
        assert len(history.workspace.staged) == before
        assert history.when(self.receiving(213, "platform")).error.kind == "status-exists"

    def test_the_last_that_occurred_stands_in_whatever_order_they_come(self):
        """Guard: _with_status (decider/evolving_following.py)."""
        history = issued()
        late = {"occurred_at": "2026-01-08T00:00:00Z", "reference": "m-2"}
        after(history, self.receiving(205, "buyer", **late), self.receiving(200, "platform"))
        assert document(history).status == 205

    @pytest.mark.parametrize(
        ("status", "source"),
        [
            (200, "issuer"),
            (210, "issuer"),
            (213, "issuer"),
            (212, "platform"),
            (210, "platform"),
            (204, "platform"),
        ],
    )
    def test_none_is_declared_by_whom_it_does_not_come_from(self, status, source):
        """Guard: ReceiveStatus (domain/commands/following.py): 200, 210 and 213 are received, never declared."""
        with pytest.raises(ValidationError, match=f"status {status} comes from the"):
            self.receiving(status, source)(None)

    @pytest.mark.parametrize(
        "changes", [{"occurred_at": "2026-01-06T09:30:00"}, {"occurred_at": 1}, {"status": 209}]
    )
    def test_what_is_no_status(self, changes):
        said = ON | {
            "occurred_at": "2026-01-06T09:30:00Z",
            "reference": "m-1",
            "status": 200,
            "source": "platform",
        }
        with pytest.raises(ValidationError, match=r"offset|is none of"):
            ReceiveStatus(**(said | changes))


def test_an_invoice_that_is_all_disputed_can_still_be_issued_anew():
    """What follows an invoice is no part of how another one is decided."""
    history = issued()
    after(history, opening())
    assert history.when(lambda w: handlers.issue_invoice(w, issue(series="FB"))).error is None
