"""Whatever is credited, deducted, contested and given up of an invoice, in any order: sums hold, nothing exceeds."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st
from invoicing_examples import BASE, invoice_event, issue, issue_note

from lettra_events.contracts.invoicing import (
    BadDebtWrittenOff,
    CreditNoteIssued,
    DisputeResolved,
    InvoiceIssued,
)
from lettra_events.testing.given import Given, Outcome, given
from lettra_invoicing import handlers
from lettra_invoicing.decider import evolve
from lettra_invoicing.domain import (
    DISPUTES,
    DOCUMENTS,
    AcceptDispute,
    ApproveCreditNote,
    CloseDispute,
    Decide,
    DepositAsked,
    OpenDispute,
    ProposeBadDebt,
    RequestCreditNote,
)
from lettra_invoicing.projections.settlements import SETTLEMENTS, Settlement

GROSS = Decimal("12.00")
ON = {"entity_id": "FR01", "document_number": "AC-000001"}
ASKED = ON | {"requested_on": "2026-01-05", "who": "j.lambert", "why": "agreed"}
DECIDED = {"decided_on": "2026-01-06", "who": "c.moreau", "why": "agreed"}
RESOLVED = {"resolved_on": "2026-01-06", "who": "m.roche", "why": "agreed"}
CONTESTED = {"owner": "m.roche", "due_date": "2026-01-30", "opened_on": "2026-01-05", "who": "j.lambert"}
REFUSALS = {
    "credit-exceeds-invoice",
    "deposit-exceeded",
    "amount-exceeds-invoice",
    "amount-exceeds-open",
    "dispute-closed",
    "request-decided",
}


def amounts(value: Decimal) -> dict[str, Decimal]:
    return {"net": value, "vat": Decimal(0), "gross": value}


@dataclass
class Story:
    """A deposit invoice of 12.00, and what people do to it; `paid`, `set_off` and `lost` are what matching has told."""

    history: Given = field(
        default_factory=lambda: given(
            evolve, *BASE, invoice_event(document_number="AC-000001", deposit=True, **amounts(GROSS))
        )
    )
    paid: Decimal = Decimal(0)
    set_off: Decimal = Decimal(0)
    lost: Decimal = Decimal(0)
    disputes: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    debts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.matching_tells()

    def matching_tells(self) -> None:
        open_ = GROSS - self.paid - self.set_off - self.lost
        row = Settlement(
            "C-1",
            "FR01:AC-000001",
            "FR01",
            "AC-000001",
            GROSS - open_,
            open_,
            credited=self.set_off,
            given_up=self.lost,
        )
        self.history.workspace.loaded(SETTLEMENTS, [], [row])

    def total(self, kind: type, amount: str) -> Decimal:
        """The sum of what the events say."""
        told = [each.event for each in self.history.workspace.staged if isinstance(each.event, kind)]
        return sum((getattr(event, amount) for event in told), Decimal(0))

    @property
    def credited(self) -> Decimal:
        return self.total(CreditNoteIssued, "gross")

    @property
    def given_up(self) -> Decimal:
        return self.total(BadDebtWrittenOff, "amount")

    @property
    def deducted(self) -> Decimal:
        issued = [
            each.event for each in self.history.workspace.staged if isinstance(each.event, InvoiceIssued)
        ]
        return sum((deposit.amount for event in issued for deposit in event.deposits), Decimal(0))

    @property
    def left(self) -> Decimal:
        return GROSS - self.credited - self.given_up - self.deducted

    def act(self, name: str, cents: int, which: int) -> None:
        getattr(self, name)(Decimal(cents) / 100, which)
        self.holds()

    def holds(self) -> None:
        """The row is what the events sum to, and none of them is more than there was."""
        row = self.history.workspace.get(DOCUMENTS, "FR01", "AC-000001")
        contested = [self.history.workspace.get(DISPUTES, each) for each in self.disputes]
        still = sum((each.amount for each in contested if each.outcome == "open"), Decimal(0))
        assert (row.credited, row.written_off, row.deducted, row.disputed) == (
            self.credited,
            self.given_up,
            self.deducted,
            still,
        )
        assert self.credited + self.given_up + self.deducted <= GROSS

    def does(self, decide, fits: bool) -> Outcome:
        """It is decided where it fits, else refused in a sentence; a refusal changes nothing."""
        before = len(self.history.workspace.staged)
        outcome = self.history.when(decide)
        if outcome.error is not None:
            assert getattr(outcome.error, "kind", outcome.error) in REFUSALS
            assert len(self.history.workspace.staged) == before
        assert (outcome.error is None) is fits, (outcome.error, fits)
        return outcome

    # -- what people do ----------------------------------------------------------------------------------------

    def credit(self, amount: Decimal, _which: int) -> None:
        command = issue_note(corrects="AC-000001", issue_date="2026-01-06", **amounts(amount))
        self.does(lambda w: handlers.issue_credit_note(w, command), amount <= self.left)

    def deduct(self, amount: Decimal, _which: int) -> None:
        asked = (DepositAsked(document_number="AC-000001", amount=amount),)
        command = issue(deposits=asked, **amounts(Decimal("100.00")))
        self.does(lambda w: handlers.issue_invoice(w, command), amount <= self.left)

    def contest(self, amount: Decimal, _which: int) -> None:
        row = self.history.workspace.get(DOCUMENTS, "FR01", "AC-000001")
        command = OpenDispute(**ON, **CONTESTED, reason="price", amount=amount)
        fits = amount <= self.left - row.disputed
        outcome = self.does(lambda w: handlers.open_dispute(w, command), fits)
        self.disputes += [outcome.result.dispute_id] if fits else []

    def accept(self, amount: Decimal, which: int) -> None:
        if self.disputes:
            dispute = self.history.workspace.get(DISPUTES, self.disputes[which % len(self.disputes)])
            command = AcceptDispute(**RESOLVED, series="AV", amount=amount)
            fits = dispute.outcome == "open" and amount <= min(dispute.amount, self.left)
            self.does(lambda w: handlers.accept_dispute(w, dispute.dispute_id, command), fits)

    def reject(self, _amount: Decimal, which: int) -> None:
        if self.disputes:
            dispute = self.history.workspace.get(DISPUTES, self.disputes[which % len(self.disputes)])
            command = CloseDispute(**RESOLVED)
            self.does(
                lambda w: handlers.close_dispute(w, dispute.dispute_id, command, "rejected"),
                dispute.outcome == "open",
            )

    def request(self, amount: Decimal, _which: int) -> None:
        command = RequestCreditNote(**ASKED, reason="price", amount=amount)
        fits = amount <= self.left
        outcome = self.does(lambda w: handlers.request_credit_note(w, command), fits)
        self.notes += [outcome.result.request_id] if fits else []

    def approve(self, _amount: Decimal, which: int) -> None:
        if self.notes:
            request_id = self.notes.pop(which % len(self.notes))
            amount = self.amount_of(request_id)
            command = ApproveCreditNote(**DECIDED, series="AV")
            self.does(lambda w: handlers.approve_credit_note(w, request_id, command), amount <= self.left)

    def amount_of(self, request_id: str) -> Decimal:
        events = [each.event for each in self.history.workspace.staged]
        return next(each.amount for each in events if getattr(each, "request_id", "") == request_id)

    def propose(self, amount: Decimal, _which: int) -> None:
        command = ProposeBadDebt(**ASKED, amount=amount)
        outcome = self.history.when(lambda w: handlers.propose_bad_debt(w, command))
        self.check_write_off(outcome, amount, self.given_up)
        self.debts += [outcome.result.request_id] if outcome.error is None else []

    def write_off(self, _amount: Decimal, which: int) -> None:
        if self.debts:
            request_id = self.debts.pop(which % len(self.debts))
            amount, before = self.amount_of(request_id), self.given_up
            outcome = self.history.when(
                lambda w: handlers.decide_bad_debt(w, request_id, Decide(**DECIDED), "approve")
            )
            self.check_write_off(outcome, amount, before)

    def lose(self, amount: Decimal, _which: int) -> None:
        """Propose it, and write it off at once."""
        before = len(self.debts)
        self.propose(amount, 0)
        if len(self.debts) > before:
            self.write_off(amount, before)

    def check_write_off(self, outcome: Outcome, amount: Decimal, before: Decimal) -> None:
        """Never more than is open; and what is open beyond every doubt can be given up. `before`: what was already."""
        if outcome.error is None:
            assert amount <= GROSS - self.paid - self.credited - before
            return
        assert outcome.error.kind in REFUSALS
        left = GROSS - self.credited - before - self.deducted
        assert amount > min(left, GROSS - self.paid - self.credited - before)

    # -- what matching tells -------------------------------------------------------------------------------------

    def pay(self, amount: Decimal, _which: int) -> None:
        self.paid += min(amount, GROSS - self.paid - self.set_off - self.lost)
        self.matching_tells()

    def give_back(self, amount: Decimal, _which: int) -> None:
        self.paid -= min(amount, self.paid)
        self.matching_tells()

    def catch_up(self, _amount: Decimal, _which: int) -> None:
        self.set_off = max(self.set_off, min(self.credited, GROSS - self.paid - self.lost))
        self.lost = max(self.lost, min(self.given_up, GROSS - self.paid - self.set_off))
        self.matching_tells()


ACTS = (
    *("credit", "deduct", "contest", "accept", "reject", "request", "approve", "propose", "write_off"),
    *("lose", "lose", "pay", "pay", "give_back", "catch_up"),
)
CENTS = st.one_of(st.integers(1, 300), st.integers(1, 1250))


@for_any(st.lists(st.tuples(st.sampled_from(ACTS), CENTS, st.integers(0, 5)), max_size=25))
@settings(max_examples=600)
def test_nothing_exceeds_and_sums_hold(acts):
    """Guards: Document.left, amount_of, _check_credit, _deducted, _check_open and `under_way` (decider/)."""
    story = Story()
    for act in acts:
        story.act(*act)
    assert story.total(DisputeResolved, "credited") <= story.credited
