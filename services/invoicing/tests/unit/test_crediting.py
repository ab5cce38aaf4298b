"""Credit notes of a part of an invoice with lines: which lines they have, what these come to, and their document."""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256

import pytest
from invoicing_examples import issue_note
from lines_examples import accepting, contested, document_of, issued, line
from pydantic import ValidationError

from lettra_invoicing import handlers
from lettra_invoicing.domain import (
    CONTACTS,
    DOCUMENT_CONTENTS,
    REQUESTS,
    AcceptDispute,
    ApproveCreditNote,
    RequestCreditNote,
)

MIXED = line("50.00", "2", discount="10.00"), line("40.00", rate="10"), line("8.00", rate="5.5")
"""By hand: 90 + 18.00, 40 + 4.00, 8 + 0.44: gross 160.44."""


def lines_of(document):
    return [(each.vat_rate, each.quantity, each.price, each.net) for each in document.lines]


class TestAnAcceptedDispute:
    def test_of_a_part_takes_back_each_rate_in_proportion(self):
        """By hand, a quarter (40.11): 27.00 with 4.50 VAT, 11.00 with 1.00, 2.11 with 0.11."""
        history = issued(*MIXED)
        outcome = history.when(accepting(contested(history, "40.11")))
        note = outcome.events[-2]
        assert (note.net, note.vat, note.gross) == (Decimal("34.50"), Decimal("5.61"), Decimal("40.11"))
        found = document_of(history, "AV-000001")
        assert (found.kind, found.corrects.number) == ("credit_note", "FA-000001")
        assert lines_of(found) == [
            (Decimal("20"), 1, Decimal("22.50"), Decimal("22.50")),
            (Decimal("10"), 1, Decimal("10.00"), Decimal("10.00")),
            (Decimal("5.5"), 1, Decimal("2.00"), Decimal("2.00")),
        ]
        assert [share.amount for share in found.vat_breakdown] == [
            Decimal("4.50"),
            Decimal("1.00"),
            Decimal("0.11"),
        ]
        assert found.lines[0].name == "Avoir partiel sur la facture FA-000001"

    def test_of_all_of_it_has_the_lines_of_the_invoice(self):
        history = issued(*MIXED, order_number="PO-7")
        outcome = history.when(accepting(contested(history)))
        assert outcome.events[-1].credited == Decimal("160.44")
        found, invoice = document_of(history, "AV-000001"), document_of(history, "FA-000001")
        assert (found.lines, found.vat_breakdown) == (invoice.lines, invoice.vat_breakdown)
        assert (found.order_number, found.operation_category) == ("PO-7", "goods")

    def test_the_event_has_the_digest_of_what_is_kept(self):
        history = issued(*MIXED)
        note = history.when(accepting(contested(history, "40.11"))).events[-2]
        kept = history.workspace.get(DOCUMENT_CONTENTS, "FR01", "AV-000001").content
        assert note.document_digest == sha256(kept).hexdigest()

    @pytest.mark.parametrize(
        ("amount", "net", "vat"), [("0.03", "0.02", "0.01"), ("0.01", "0.01", "0"), ("0.02", "0.02", "0")]
    )
    def test_of_an_amount_that_is_no_base_and_its_rounded_vat(self, amount, net, vat):
        """0.03 at 20 % is neither 0.02 + 0.00 nor 0.03 + 0.01. Guards: vat_within, _vat_tolerance (documents)."""
        history = issued(line("100.00"))
        note = history.when(accepting(contested(history, amount))).events[-2]
        assert (note.net, note.vat, note.gross) == (Decimal(net), Decimal(vat), Decimal(amount))
        assert document_of(history, "AV-000001").totals.gross == Decimal(amount)

    def test_a_line_that_gives_back_is_taken_back_in_its_proportion(self):
        """By hand, a half of 120.00 - 11.00: 60.00 with 10.00 VAT less 5.50 with 0.50."""
        history = issued(line("100.00"), line("10.00", "-1", rate="10"))
        note = history.when(accepting(contested(history, "54.50"))).events[-2]
        assert (note.net, note.vat) == (Decimal("45.00"), Decimal("9.50"))
        assert [(rate, net) for rate, *_, net in lines_of(document_of(history, "AV-000001"))] == [
            (Decimal("20"), Decimal("50.00")),
            (Decimal("10"), Decimal("-5.00")),
        ]

    def test_net_and_vat_that_are_given_must_be_what_its_lines_come_to(self):
        """Guard: notes._note compares them; nothing is decided."""
        history = issued(*MIXED)
        dispute = contested(history, "40.11")
        outcome = history.when(accepting(dispute, net="40.11", vat="0"))
        assert (outcome.error.kind, outcome.error.field) == ("does-not-add-up", "net")
        assert "net 34.50 and VAT 5.61 EUR" in str(outcome.error)
        assert history.when(accepting(dispute, net="34.50", vat="5.61")).error is None

    def test_it_goes_where_the_invoice_went_if_the_contact_was_erased_since(self):
        """Guard: Billed.addressee (decider/crediting.py); an accepted dispute is not refused for it."""
        history = issued(*MIXED)
        history.workspace._rows[CONTACTS].clear()
        assert history.when(accepting(contested(history, "40.11"))).error is None
        assert document_of(history, "AV-000001").buyer.address.city == "Paris"

    def test_in_another_currency_it_says_its_vat_in_euros(self):
        """By hand: half of the invoice, so half of its 18.40 EUR."""
        history = issued(line("100.00"), currency="USD", vat_in_euros="18.40")
        history.when(accepting(contested(history, "60.00")))
        assert document_of(history, "AV-000001").totals.vat_in_euros == Decimal("9.20")


class TestNamedLines:
    def test_of_a_dispute(self):
        """By hand: one of two at 50.00 less half the discount of 10.00; the third line whole."""
        history = issued(*MIXED)
        lines = [{"line": 1, "quantity": "1"}, {"line": 3}]
        outcome = history.when(accepting(contested(history), lines=lines))
        assert outcome.events[-1].credited == Decimal("45.00") + Decimal("9.00") + Decimal("8.44")
        assert lines_of(document_of(history, "AV-000001")) == [
            (Decimal("20"), 1, Decimal("50.00"), Decimal("45.00")),
            (Decimal("5.5"), 1, Decimal("8.00"), Decimal("8.00")),
        ]

    def test_never_more_than_is_contested(self):
        """Guard: amount_of in note_of_dispute (decider/notes.py)."""
        history = issued(*MIXED)
        dispute = contested(history, "53.99")
        outcome = history.when(accepting(dispute, lines=[{"line": 1, "quantity": "1"}]))
        assert outcome.error.kind == "amount-exceeds-invoice"

    @pytest.mark.parametrize(
        ("changes", "kind"),
        [
            ({"lines": [{"line": 4}]}, "unknown-line"),
            ({"lines": [{"line": 1, "quantity": "2.0001"}]}, "quantity-exceeds-line"),
            ({"lines": [{"line": 1, "quantity": "-1"}]}, "quantity-exceeds-line"),
            ({"lines": [{"line": 1, "quantity": "0"}]}, "quantity-exceeds-line"),
            ({"lines": [{"line": 2}], "amount": "43.99"}, "lines-do-not-add-up"),
        ],
    )
    def test_lines_that_are_not_the_invoices(self, changes, kind):
        """Guards: _part_of and named_lines (decider/crediting.py)."""
        history = issued(*MIXED)
        assert history.when(accepting(contested(history), **changes)).error.kind == kind

    def test_named_once(self):
        with pytest.raises(ValidationError, match="a line is named twice"):
            AcceptDispute(
                series="AV",
                resolved_on="2026-01-20",
                who="m.roche",
                why="x",
                lines=[{"line": 1, "quantity": "1"}, {"line": 1, "quantity": "1"}],
            )


ASKED = {"entity_id": "FR01", "document_number": "FA-000001", "reason": "price"}
ASKED |= {"requested_on": "2026-01-15", "who": "j.lambert", "why": "agreed by mail"}
DECIDED = {"series": "AV", "decided_on": "2026-01-16", "who": "c.moreau", "why": "as agreed"}


class TestARequest:
    def asking(self, **changes):
        return lambda w: handlers.request_credit_note(w, RequestCreditNote(**(ASKED | changes)))

    def approving(self, request_id):
        return lambda w: handlers.approve_credit_note(w, request_id, ApproveCreditNote(**DECIDED))

    def test_of_named_lines_is_for_what_they_come_to(self):
        history = issued(*MIXED)
        asked = history.when(self.asking(lines=[{"line": 1, "quantity": "1.5"}, {"line": 2}]))
        assert asked.events[-1].amount == Decimal("125.00")  # 75 - 7.50 + 13.50 VAT; 40 + 4
        row = history.workspace.get(REQUESTS, asked.result.request_id)
        assert row.lines == ("1 1.5", "2")
        outcome = history.when(self.approving(asked.result.request_id))
        assert outcome.events[-2].gross == Decimal("125.00")
        assert [each.quantity for each in document_of(history, "AV-000001").lines] == [Decimal("1.5"), 1]

    def test_of_an_amount_takes_back_each_rate_in_proportion(self):
        history = issued(*MIXED)
        asked = history.when(self.asking(amount="40.11"))
        note = history.when(self.approving(asked.result.request_id)).events[-2]
        assert (note.net, note.vat) == (Decimal("34.50"), Decimal("5.61"))
        assert document_of(history, "AV-000001").corrects.number == "FA-000001"

    def test_of_lines_that_are_not_left(self):
        """Guard: note_of_request looks again (decider/notes.py)."""
        history = issued(*MIXED)
        asked = history.when(self.asking(lines=[{"line": 1}]))
        history.when(lambda w: handlers.issue_credit_note(w, issue_note(net="50", vat="10", gross="60")))
        outcome = history.when(self.approving(asked.result.request_id))
        assert outcome.error.kind == "amount-exceeds-invoice"
