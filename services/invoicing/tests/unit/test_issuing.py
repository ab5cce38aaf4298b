"""Invoices and credit notes that are issued here: numbers, references, dates, amounts, and what is left to credit."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from invoicing_examples import (
    BASE,
    CUSTOMER_REGISTERED,
    ENTITY_REGISTERED,
    invoice_event,
    issue,
    issue_note,
    note_event,
)
from pydantic import ValidationError

from lettra_events.contracts.invoicing import NumberDrawn
from lettra_events.testing.given import given
from lettra_invoicing import handlers
from lettra_invoicing.decider import evolve
from lettra_invoicing.domain import DOCUMENTS, SERIES, creditor_reference


def issuing(**changes):
    return lambda w: handlers.issue_invoice(w, issue(**changes))


def crediting(**changes):
    return lambda w: handlers.issue_credit_note(w, issue_note(**changes))


def drawn(number: int, series: str = "FA", issue_date: str = "2026-01-05") -> NumberDrawn:
    return NumberDrawn(
        entity_id="FR01",
        series=series,
        number=number,
        document_number=f"{series}-{number:06d}",
        issue_date=issue_date,
    )


def remainder(reference: str) -> int:
    """ISO 7064 mod 97-10, as the standard words it: the first four behind the rest, letters from 10; 1 is valid."""
    moved = reference[4:] + reference[:4]
    digits = "".join(c if c.isdigit() else str(ord(c) - ord("A") + 10) for c in moved)
    rest = 0
    for digit in digits:
        rest = (rest * 10 + int(digit)) % 97
    return rest


class TestInvoice:
    def test_the_first_of_a_series_has_number_one(self):
        outcome = given(evolve, *BASE).when(issuing())
        (number, invoice) = outcome.events
        assert number == drawn(1)
        assert invoice == invoice_event(
            payment_reference=invoice.payment_reference, mentions=invoice.mentions
        )
        assert outcome.result.document_number == "FA-000001"

    def test_the_next_one_has_the_next_number(self):
        """Guard: draw_number counts on from the series' row (decider/)."""
        outcome = given(evolve, *BASE, drawn(41)).when(issuing())
        assert [outcome.events[0], outcome.events[1].document_number] == [drawn(42), "FA-000042"]
        assert outcome.row(SERIES, "FR01", "FA").last_number == 42

    def test_each_series_and_each_entity_counts_by_itself(self):
        """Guard: SERIES is keyed by entity and series (domain/state/)."""
        history = given(evolve, *BASE, drawn(41), replace_entity(drawn(7)))
        assert history.when(issuing(series="FB")).events[0] == drawn(1, "FB")

    def test_its_reference_is_valid_and_names_it(self):
        """Guard: creditor_reference (domain/values.py), by another computation than its own."""
        outcome = given(evolve, *BASE).when(issuing())
        reference = outcome.result.payment_reference
        assert (reference[:2], reference[4:], remainder(reference)) == ("RF", "FA000001", 1)
        assert outcome.events[1].payment_reference == reference

    def test_a_date_that_goes_back_is_refused(self):
        """Guard: draw_number compares with the series' last date (CGI ann. II art. 242 nonies A)."""
        history = given(evolve, *BASE, drawn(1, issue_date="2026-01-06"))
        history.when(issuing(issue_date="2026-01-05")).then_refused("issue-date-goes-back", "issue_date")
        assert history.when(issuing(issue_date="2026-01-06")).error is None

    def test_an_unknown_entity_is_refused(self):
        """Guard: need_entity (decider/)."""
        given(evolve, CUSTOMER_REGISTERED).when(issuing()).then_refused("unknown-legal-entity", "entity_id")

    def test_an_unknown_customer_is_refused(self):
        """Guard: need_customer (decider/)."""
        given(evolve, ENTITY_REGISTERED).when(issuing()).then_refused("unknown-customer", "customer_id")


def replace_entity(number: NumberDrawn) -> NumberDrawn:
    return number.model_copy(update={"entity_id": "FR02", "series": "FB"})


class TestCreditNote:
    def test_it_names_its_invoice_and_takes_from_it(self):
        """Guard: evolve adds the note to the invoice's `credited` (decider/)."""
        outcome = given(evolve, *BASE, invoice_event()).when(crediting())
        number, note = outcome.events
        assert number == drawn(1, "AV", "2026-01-10")
        assert (note.corrects, note.customer_id, note.gross) == ("FA-000001", "C-1", Decimal("12.00"))
        assert outcome.row(DOCUMENTS, "FR01", "FA-000001").credited == Decimal("12.00")

    def test_it_is_refused_above_its_invoice(self):
        """Guard: _check_credit compares with what is left (decider/)."""
        above = {"net": "100.01", "vat": "20.00", "gross": "120.01"}
        history = given(evolve, *BASE, invoice_event())
        history.when(crediting(**above)).then_refused("credit-exceeds-invoice", "gross")
        assert history.when(crediting(net="100", vat="20", gross="120")).error is None

    def test_it_is_refused_above_what_others_left(self):
        """Guard: _check_credit takes off what is credited already (decider/)."""
        before = note_event(net="100", vat="8.01", gross="108.01")
        history = given(evolve, *BASE, invoice_event(), drawn(1, "AV"), before)
        history.when(crediting()).then_refused("credit-exceeds-invoice", "gross")
        assert history.when(crediting(net="10", vat="1.99", gross="11.99")).error is None

    def test_another_currency_is_refused(self):
        """Guard: _check_credit compares the currencies (decider/)."""
        given(evolve, *BASE, invoice_event()).when(crediting(currency="USD")).then_refused(
            "wrong-currency", "currency"
        )

    def test_a_date_before_the_invoice_is_refused(self):
        """Guard: _check_credit compares the dates (decider/)."""
        history = given(evolve, *BASE, invoice_event())
        history.when(crediting(issue_date="2026-01-04")).then_refused("credit-before-invoice", "issue_date")
        assert history.when(crediting(issue_date="2026-01-05")).error is None

    def test_without_its_invoice_it_is_refused(self):
        """Guard: issue_credit_note needs the invoice (CGI art. 289)."""
        given(evolve, *BASE).when(crediting()).then_refused("unknown-invoice", "corrects")

    def test_it_does_not_correct_another_credit_note(self):
        """Guard: issue_credit_note looks at the kind (decider/)."""
        given(evolve, *BASE, invoice_event(), note_event()).when(
            crediting(corrects="AV-000001")
        ).then_refused("unknown-invoice", "corrects")

    def test_its_series_does_not_go_back_either(self):
        """Guard: draw_number serves credit notes as well (decider/)."""
        given(evolve, *BASE, invoice_event(), drawn(1, "AV", "2026-02-01")).when(crediting()).then_refused(
            "issue-date-goes-back", "issue_date"
        )


class TestWhatIsNoInvoice:
    """Guards: the types in domain/values.py and the validators in domain/commands/."""

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"gross": "120.01"}, "net 100.00 . vat 20.00 is not gross 120.01"),
            ({"gross": "120.001", "vat": "20.001"}, "vat 20.001 has more decimals than the currency EUR"),
            ({"net": "100.001", "vat": "19.999"}, "net 100.001 has more decimals than the currency EUR"),
            ({"currency": "JPY", "net": "0.5", "vat": "0.5", "gross": "1"}, "net 0.5 has more decimals"),
            ({"due_date": "2026-01-04"}, "due_date 2026-01-04 is before issue_date 2026-01-05"),
        ],
    )
    def test_values_that_do_not_fit_together(self, changes, words):
        with pytest.raises(ValidationError, match=words):
            issue(**changes)

    @pytest.mark.parametrize(
        "amount",
        [100.0, "1_00", " 100", "1e2", "100,00", "1\u2009000", "\uff11\uff10\uff10", "NaN", "", True],
    )
    def test_an_amount_that_is_not_written_as_one(self, amount):
        with pytest.raises(ValidationError) as error:
            issue(net=amount)
        assert {each["loc"] for each in error.value.errors()} == {("net",)}

    @pytest.mark.parametrize("changes", [{"net": "-1", "vat": "121"}, {"net": "0", "vat": "0", "gross": "0"}])
    def test_an_amount_below_zero_or_a_total_of_zero(self, changes):
        with pytest.raises(ValidationError, match="greater than"):
            issue(**changes)

    @pytest.mark.parametrize(
        "value", [0, 20304000, "20304000", "2026-1-5", "2026-01-05T00:00:00", "05/01/2026", "2026-02-30", ""]
    )
    def test_a_date_that_is_not_written_as_one(self, value):
        with pytest.raises(ValidationError) as error:
            issue(issue_date=value)
        assert [each["loc"] for each in error.value.errors()] == [("issue_date",)]

    @pytest.mark.parametrize("currency", ["eur", "EURO", "XYZ", ""])
    def test_a_currency_that_is_none(self, currency):
        with pytest.raises(ValidationError) as error:
            issue(currency=currency)
        assert [each["loc"] for each in error.value.errors()] == [("currency",)]

    @pytest.mark.parametrize("series", ["", "fa", "FA/1", "-FA", "X" * 21])
    def test_a_series_that_has_no_number_of_it(self, series):
        with pytest.raises(ValidationError):
            issue(series=series)


class TestReference:
    def test_numbers_of_any_length_up_to_the_limit(self):
        """Guard: a reference holds 21 characters beside its check digits (ISO 11649); longer ones have none."""
        for length in range(1, 22):
            reference = creditor_reference("A" * length)
            assert (remainder(reference), len(reference)) == (1, length + 4)
        assert creditor_reference("A" * 22) is None

    def test_known_ones(self):
        """Published examples of the standard."""
        assert creditor_reference("539007547034") == "RF18539007547034"
        assert creditor_reference("5390 0754 7034") == "RF18539007547034"

    def test_separators_do_not_count(self):
        assert creditor_reference("fa/2026-1") == creditor_reference("FA20261")
        assert creditor_reference("--") is None


def test_the_rows_of_documents_are_whole():
    """What the API shows is folded from the event alone."""
    outcome = given(evolve, *BASE, invoice_event()).when(crediting())
    invoice = outcome.row(DOCUMENTS, "FR01", "FA-000001")
    assert (invoice.kind, invoice.origin, invoice.gross) == ("invoice", "issued", Decimal(120))
    note = outcome.row(DOCUMENTS, "FR01", "AV-000001")
    assert replace(note, payment_reference=None) == replace(
        invoice,
        document_number="AV-000001",
        kind="credit_note",
        issue_date=note.issue_date,
        due_date=None,
        net=Decimal("10.00"),
        vat=Decimal("2.00"),
        gross=Decimal("12.00"),
        payable=Decimal("12.00"),
        credited=Decimal(0),
        corrects="FA-000001",
    )
