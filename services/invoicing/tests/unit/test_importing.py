"""Documents of an ERP: they keep their numbers, once; days close forward."""

from __future__ import annotations

from datetime import date

import pytest
from invoicing_examples import BASE, imported, imported_event, imported_note, invoice_event, note_event
from pydantic import ValidationError

from lettra_events.contracts.invoicing import CreditNoteIssued, InvoicingDayClosed
from lettra_events.testing.given import given
from lettra_invoicing import handlers
from lettra_invoicing.decider import evolve
from lettra_invoicing.domain import DOCUMENTS, SERIES

NOTE = CreditNoteIssued(
    entity_id="FR01",
    customer_id="C-1",
    document_number="2025/A7",
    issue_date="2025-12-10",
    corrects="2025/0815",
    currency="EUR",
    net="10.00",
    vat="2.00",
    gross="12.00",
    origin="imported",
)


def importing(**changes):
    return lambda w: handlers.import_document(w, imported(**changes))


def importing_note(**changes):
    return lambda w: handlers.import_document(w, imported_note(**changes))


class TestInvoice:
    def test_it_keeps_number_and_reference_and_draws_none(self):
        outcome = given(evolve, *BASE).when(importing()).then(imported_event())
        assert outcome.result is True
        assert outcome.row(DOCUMENTS, "FR01", "2025/0815").payment_reference == "RF18539007547034"
        assert outcome.row(SERIES, "FR01", "2025") is None

    def test_the_same_again_is_nothing(self):
        """Guard: import_document compares with what exists (decider/)."""
        outcome = given(evolve, *BASE, imported_event()).when(importing()).then_nothing()
        assert outcome.result is False

    def test_the_same_again_is_nothing_after_it_was_credited(self):
        """Guard: `credited` is left out of the comparison: it is not of the document (decider/)."""
        given(evolve, *BASE, imported_event(), NOTE).when(importing()).then_nothing()

    @pytest.mark.parametrize(
        "changes",
        [
            {"customer_id": "C-2"},
            {"due_date": "2026-01-02"},
            {"net": "99.00", "vat": "21.00"},
            {"payment_reference": None},
            {"currency": "USD"},
        ],
        ids=lambda c: next(iter(c)),
    )
    def test_with_other_data_is_refused(self, changes):
        """Guard: import_document refuses a number that exists (decider/)."""
        given(evolve, *BASE, imported_event()).when(importing(**changes)).then_refused(
            "document-exists", "document_number"
        )

    def test_the_number_of_one_issued_here_is_refused(self):
        """Guard: `origin` takes part in the comparison (decider/)."""
        same = {"document_number": "FA-000001", "issue_date": "2026-01-05", "due_date": "2026-02-05"}
        given(evolve, *BASE, invoice_event()).when(importing(**same, payment_reference=None)).then_refused(
            "document-exists", "document_number"
        )

    def test_another_entity_may_have_the_same_number(self):
        """Guard: DOCUMENTS is keyed by entity and number (domain/state/)."""
        other = BASE[0].model_copy(update={"entity_id": "FR02"})
        given(evolve, *BASE, other, imported_event()).when(importing(entity_id="FR02")).then(
            imported_event(entity_id="FR02")
        )

    def test_an_unknown_entity_or_customer_is_refused(self):
        """Guards: need_entity, need_customer (decider/)."""
        given(evolve, *BASE[1:]).when(importing()).then_refused("unknown-legal-entity", "entity_id")
        given(evolve, *BASE).when(importing(customer_id="C-9")).then_refused(
            "unknown-customer", "customer_id"
        )

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"due_date": None}, "due_date is missing"),
            ({"due_date": "2025-11-30"}, "is before issue_date"),
            ({"corrects": "X"}, "corrects is for credit notes"),
            ({"payment_reference": "RF19539007547034"}, "not a valid ISO 11649 reference"),
            ({"kind": "quote"}, "Input should be"),
        ],
        ids=["no due date", "due before", "corrects", "reference", "kind"],
    )
    def test_what_is_no_document(self, changes, words):
        """Guards: ImportDocument's validators (domain/commands/), CreditorReference (domain/values.py)."""
        with pytest.raises(ValidationError, match=words):
            imported(**changes)


class TestCreditNote:
    def test_it_keeps_its_number(self):
        given(evolve, *BASE, imported_event()).when(importing_note()).then(NOTE)

    def test_the_same_again_is_nothing(self):
        """Guard: what exists is compared before anything is credited again (decider/)."""
        given(evolve, *BASE, imported_event(), NOTE).when(importing_note()).then_nothing()

    def test_of_another_customer_is_refused(self):
        """Guard: import_document compares the customers (decider/)."""
        given(evolve, *BASE, imported_event()).when(importing_note(customer_id="C-2")).then_refused(
            "other-customer", "customer_id"
        )

    def test_of_an_unknown_invoice_or_of_a_credit_note_is_refused(self):
        """Guard: import_document needs the invoice (decider/)."""
        given(evolve, *BASE).when(importing_note()).then_refused("unknown-invoice", "corrects")
        given(evolve, *BASE, invoice_event(), note_event()).when(
            importing_note(corrects="AV-000001")
        ).then_refused("unknown-invoice", "corrects")

    def test_above_its_invoice_is_refused(self):
        """Guard: _check_credit serves imports as well (decider/)."""
        given(evolve, *BASE, imported_event()).when(
            importing_note(net="100.01", vat="20.00", gross="120.01")
        ).then_refused("credit-exceeds-invoice", "gross")

    def test_without_an_invoice_named(self):
        """Guard: ImportDocument (domain/commands/); CGI art. 289."""
        with pytest.raises(ValidationError, match="names its invoice"):
            imported_note(corrects=None)


class TestDays:
    @staticmethod
    def closing(day: str):
        return lambda w: handlers.close_day(w, date.fromisoformat(day))

    def test_a_day_closes_for_every_entity(self):
        outcome = given(evolve, *BASE).when(self.closing("2026-01-31"))
        outcome.then(InvoicingDayClosed(business_date="2026-01-31", entities=("FR01",)))
        assert outcome.result.created is True

    def test_again_is_nothing(self):
        """Guard: close_day compares with the calendar (decider/)."""
        closed = InvoicingDayClosed(business_date="2026-01-31", entities=("FR01",))
        outcome = given(evolve, *BASE, closed).when(self.closing("2026-01-31")).then_nothing()
        assert outcome.result.created is False

    def test_an_earlier_one_is_refused_and_a_later_one_is_not(self):
        """Guard: close_day compares with the calendar (decider/)."""
        closed = InvoicingDayClosed(business_date="2026-01-31", entities=("FR01",))
        history = given(evolve, *BASE, closed)
        history.when(self.closing("2026-01-30")).then_refused("day-already-closed", "business_date")
        history.when(self.closing("2062-02-01")).then_refused("day-too-far-ahead", "business_date")
        assert history.when(self.closing("2026-02-02")).error is None
