"""From an issued invoice's content to its document: every kind is valid by the rules of EN 16931 and of French law."""

from __future__ import annotations

import json
from decimal import Decimal
from hashlib import sha256

import pytest
from invoicing_examples import CUSTOMER_REGISTERED, invoice_event, issue_note
from lines_examples import BUYER, SELLER, issuing, line

from lettra_events.contracts.invoicing import CustomerChanged
from lettra_events.testing.given import given
from lettra_invoicing import handlers
from lettra_invoicing.decider import evolve
from lettra_invoicing.decider.printed import printed
from lettra_invoicing.domain import CONTACTS, DOCUMENT_CONTENTS

DEPOSIT = invoice_event(document_number="AC-000001", net="50.00", vat="10.00", gross="60.00", deposit=True)
SITE = "40483304800022"


def issuing_to(*lines, customer=None, history=(), **changes):
    """What comes of issuing an invoice with these lines to a customer as he is then."""
    known = CUSTOMER_REGISTERED.model_dump() | (customer or {})
    given_so = given(evolve, SELLER, CUSTOMER_REGISTERED, CustomerChanged(**known, changed=("x",)), *history)
    given_so.workspace.loaded(CONTACTS, [], [BUYER])
    return given_so.when(issuing(*(lines or [line("100")]), **changes))


def document(*lines, **changes):
    """The document of an invoice that is issued with these lines."""
    outcome = issuing_to(*lines, **changes)
    if outcome.error is not None:
        raise outcome.error
    return printed(json.loads(outcome.row(DOCUMENT_CONTENTS, "FR01", "FA-000001").content))


def test_an_invoice():
    found = document(line("100", "3", discount="10.00"), line("9.99", rate="5.5"), order_number="PO-7")
    assert (found.kind, found.number, found.order_number) == ("invoice", "FA-000001", "PO-7")
    assert (found.totals.gross, found.totals.due) == (Decimal("358.54"), Decimal("358.54"))
    assert (found.seller.siren, found.buyer.siren) == (SELLER.siren, CUSTOMER_REGISTERED.siren)
    assert found.buyer.electronic_address.value == CUSTOMER_REGISTERED.siren
    assert (found.late_penalty.rate, found.recovery_indemnity) == (Decimal("12.15"), 40)
    assert (found.credit_transfer.iban, found.payment_reference[:2]) == (SELLER.iban, "RF")


def test_a_deposit_invoice_needs_no_delivery():
    found = document(deposit=True, delivery_date=None)
    assert found.kind == "deposit_invoice"


def test_a_final_invoice_deducts_a_part_of_a_deposit_with_its_vat():
    """By hand: 30 of 60 with 10 VAT has 5.00 VAT."""
    found = document(history=[DEPOSIT], deposits=[{"document_number": "AC-000001", "amount": "30.00"}])
    (deposit,) = found.deposits
    assert (deposit.net, deposit.vat, deposit.gross) == (Decimal("25.00"), Decimal("5.00"), Decimal("30.00"))
    assert (found.kind, found.totals.due) == ("final_invoice", Decimal("90.00"))
    assert [each.amount for each in found.instalments] == [Decimal("90.00")]


def test_instalments_and_discount():
    asked = [{"due_date": f"2026-0{n}-15", "percent": "50"} for n in (1, 2)]
    found = document(due_date=None, instalments=asked, discount={"percent": "2", "until": "2026-01-13"})
    assert [each.amount for each in found.instalments] == [Decimal("60.00")] * 2
    assert found.early_payment_discount.percent == 2


@pytest.mark.parametrize(
    ("customer", "scheme", "value"),
    [
        ({"debtor_class": "public", "siret": SITE}, "0225", CUSTOMER_REGISTERED.siren),
        ({"debtor_class": "private", "siren": None}, "EM", "C-1@customers.invalid"),
        ({"siren": None, "vat_number": "DE136695976", "country": "DE"}, "9930", "DE136695976"),
        ({"siren": None, "country": "US"}, "EM", "C-1@customers.invalid"),
    ],
    ids=["public", "private", "German", "American"],
)
def test_buyers_of_every_class(customer, scheme, value):
    """Guard: no mail of a person is in a document (printed._electronic_address)."""
    found = document(customer=customer)
    address = found.buyer.electronic_address
    assert (address.scheme, address.value) == (scheme, value)
    assert (found.late_penalty is None) == (customer.get("debtor_class") == "private")


@pytest.mark.parametrize(
    ("lines", "customer", "words"),
    [
        ([line("100", unit="XXX")], None, "a unit that is known here"),
        ([line("100", rate="19")], None, "BR-FR-16"),
        ([line("100", rate="0", vat_category="E")], None, "exemption"),
        ([line("100")], {"debtor_class": "public"}, "buyer.siret"),
    ],
)
def test_what_could_not_be_printed_is_not_issued(lines, customer, words):
    """Guard: the document is made before the number is drawn for good (decider/issuing.issue_invoice)."""
    outcome = issuing_to(*lines, customer=customer).then_refused("document-incomplete", "lines")
    assert words in str(outcome.error)


def test_an_exempt_line_says_why():
    found = document(line("100", rate="0", vat_category="E", exemption_reason="CGI art. 261-4-4"))
    assert found.vat_breakdown[0].exemption_reason == "CGI art. 261-4-4"


class TestCreditNote:
    """A credit note with lines has a document of its own, of the invoice's parties."""

    @staticmethod
    def crediting(*lines, **changes):
        amounts = {"net": None, "vat": None, "gross": None}
        command = issue_note(lines=lines, operation_category="goods", **(amounts | changes))
        return lambda w: handlers.issue_credit_note(w, command)

    @staticmethod
    def history(*more):
        given_so = given(evolve, SELLER, CUSTOMER_REGISTERED, invoice_event(), *more)
        given_so.workspace.loaded(CONTACTS, [], [BUYER])
        return given_so

    def test_its_document(self):
        outcome = self.history().when(self.crediting(line("10.00", "2")))
        note = outcome.events[-1]
        assert (note.gross, note.vat) == (Decimal("24.00"), Decimal("4.00"))
        kept = outcome.row(DOCUMENT_CONTENTS, "FR01", "AV-000001").content
        assert note.document_digest == sha256(kept).hexdigest()
        found = printed(json.loads(kept))
        assert (found.kind, found.corrects.number, found.totals.gross) == (
            "credit_note",
            "FA-000001",
            Decimal("24.00"),
        )
        assert (found.late_penalty, found.instalments, found.buyer.name) == (None, (), "Dupont")

    def test_never_above_its_invoice(self):
        """Guard: the lines' sum is compared with what is left (decider/issuing.py)."""
        self.history().when(self.crediting(line("100.01"))).then_refused("credit-exceeds-invoice", "gross")

    def test_of_a_deposit_invoice(self):
        outcome = self.history(DEPOSIT).when(self.crediting(line("10.00"), corrects="AC-000001"))
        found = printed(json.loads(outcome.row(DOCUMENT_CONTENTS, "FR01", "AV-000001").content))
        assert found.corrects.is_deposit is True
