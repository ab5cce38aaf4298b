"""What an issued invoice says of its payment: due date, instalments, discount, deposits, mentions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from invoicing_examples import (
    BASE,
    CUSTOMER_REGISTERED,
    ENTITY_REGISTERED,
    SIREN,
    invoice_event,
    issue,
    issue_note,
    note_event,
)
from pydantic import ValidationError

from lettra_events.contracts.invoicing import CustomerChanged, DepositDeducted, LegalEntityChanged
from lettra_events.testing.given import given
from lettra_invoicing import handlers
from lettra_invoicing.decider import evolve
from lettra_invoicing.domain import DOCUMENTS

DEPOSIT = invoice_event(document_number="AC-000001", net="50.00", vat="10.00", gross="60.00", deposit=True)


def issuing(**changes):
    return lambda w: handlers.issue_invoice(w, issue(**changes))


def issued(*more, **changes):
    """The invoice that is issued."""
    outcome = given(evolve, *BASE, *more).when(issuing(**changes))
    if outcome.error is not None:
        raise outcome.error
    return outcome.events[1]


def customer(**changes) -> CustomerChanged:
    return CustomerChanged(**(CUSTOMER_REGISTERED.model_dump() | changes), changed=tuple(changes))


class TestDue:
    def test_from_the_terms_that_are_given(self):
        invoice = issued(due_date=None, terms="EOM-45D")
        assert (invoice.due_date, invoice.terms) == (date(2026, 3, 17), "EOM-45D")

    def test_else_from_the_customers_terms(self):
        """Guard: terms._terms (decider/terms.py)."""
        assert issued(customer(terms="45D-EOM"), due_date=None).due_date == date(2026, 2, 28)
        assert issued(customer(terms="45D-EOM")).terms is None

    def test_else_in_thirty_days(self):
        invoice = issued(due_date=None)
        assert (invoice.due_date, invoice.terms) == (date(2026, 2, 4), "30D")

    def test_a_date_that_is_not_that_of_the_terms(self):
        given(evolve, *BASE).when(issuing(terms="30D")).then_refused("due-date-not-of-terms", "due_date")

    def test_beyond_the_law(self):
        given(evolve, *BASE).when(issuing(due_date="2026-03-07")).then_refused(
            "due-date-beyond-law", "due_date"
        )
        private = customer(siren=None, debtor_class="private")
        assert issued(private, due_date="2026-03-07").due_date == date(2026, 3, 7)

    def test_a_public_buyer_is_warned_of(self):
        """Guard: the warning is in the answer (handlers/documents.py)."""
        outcome = given(evolve, *BASE, customer(debtor_class="public")).when(issuing())
        assert "a public buyer has 30 days" in outcome.result.warnings[0]


class TestInstalments:
    def test_in_per_cent_rounding_is_in_the_last(self):
        parts = [("2026-01-15", "33.33"), ("2026-02-15", "33.33"), ("2026-03-01", "33.34")]
        asked = [{"due_date": day, "percent": percent} for day, percent in parts]
        invoice = issued(due_date=None, instalments=asked, net="100.01", vat="0.00", gross="100.01")
        assert [(each.number, each.amount) for each in invoice.instalments] == [
            (1, Decimal("33.33")),
            (2, Decimal("33.33")),
            (3, Decimal("33.35")),
        ]
        assert (invoice.due_date, invoice.terms) == (date(2026, 3, 1), None)
        assert sum(each.amount for each in invoice.owed()) == invoice.gross

    def test_in_amounts(self):
        asked = [{"due_date": "2026-01-15", "amount": "20"}, {"due_date": "2026-02-15", "amount": "100.00"}]
        assert [each.amount for each in issued(due_date=None, instalments=asked).owed()] == [20, 100]

    @pytest.mark.parametrize("amounts", [("20", "99.99"), ("20", "100.01"), ("19.999", "100.001")])
    def test_that_do_not_add_up(self, amounts):
        """Guard: terms.instalments (decider/terms.py)."""
        asked = [{"due_date": f"2026-0{n}-15", "amount": amount} for n, amount in enumerate(amounts, start=1)]
        error = given(evolve, *BASE).when(issuing(due_date=None, instalments=asked)).error
        assert error is not None
        assert error.kind in ("instalments-do-not-add-up", "too-many-decimals")

    @pytest.mark.parametrize(
        ("asked", "words"),
        [
            ([{"due_date": "2026-02-15", "percent": "50"}], "100 together"),
            ([{"due_date": "2026-02-15", "percent": "50", "amount": "1"}], "give one of them"),
            ([{"due_date": "2026-02-15"}], "give one of them"),
            ([{"due_date": "2026-01-01", "percent": "100"}], "one after the other"),
            ([{"due_date": d, "percent": "50"} for d in ("2026-02-15", "2026-02-15")], "one after the other"),
        ],
    )
    def test_what_are_no_instalments(self, asked, words):
        with pytest.raises(ValidationError, match=words):
            issue(due_date=None, instalments=asked)

    def test_the_last_one_is_within_the_law(self):
        asked = [{"due_date": "2026-02-15", "percent": "50"}, {"due_date": "2026-04-15", "percent": "50"}]
        given(evolve, *BASE).when(issuing(due_date=None, instalments=asked)).then_refused(
            "due-date-beyond-law", "due_date"
        )


class TestDiscount:
    def test_as_asked_for(self):
        invoice = issued(discount={"percent": "2", "until": "2026-01-13"})
        assert (invoice.discount_amount, invoice.discount_until) == (Decimal("2.40"), date(2026, 1, 13))

    def test_as_the_terms_have_it(self):
        invoice = issued(due_date=None, terms="30D 1.5%/8D")
        assert (invoice.discount_amount, invoice.discount_until) == (Decimal("1.80"), date(2026, 1, 13))

    def test_of_what_is_to_be_paid_and_never_all_of_it(self):
        """Guard: terms.discount (decider/terms.py)."""
        invoice = issued(
            DEPOSIT,
            deposits=[{"document_number": "AC-000001"}],
            discount={"percent": "2", "until": "2026-01-13"},
        )
        assert invoice.discount_amount == Decimal("1.20")
        given(evolve, *BASE).when(issuing(discount={"amount": "120", "until": "2026-01-13"})).then_refused(
            "discount-too-large", "discount"
        )

    def test_not_before_it_is_issued(self):
        with pytest.raises(ValidationError, match="is before issue_date"):
            issue(discount={"percent": "2", "until": "2026-01-04"})


class TestDeposits:
    @staticmethod
    def deducting(amount=None, number="AC-000001", **changes):
        return issuing(deposits=[{"document_number": number, "amount": amount}], **changes)

    def test_the_final_invoice_deducts_all_that_is_left(self):
        outcome = given(evolve, *BASE, DEPOSIT).when(self.deducting())
        invoice = outcome.events[1]
        assert invoice.deposits == (DepositDeducted(document_number="AC-000001", amount="60.00"),)
        assert [(each.number, each.amount) for each in invoice.owed()] == [(1, Decimal("60.00"))]
        assert outcome.row(DOCUMENTS, "FR01", "AC-000001").left == 0
        assert outcome.row(DOCUMENTS, "FR01", "FA-000001").payable == 60

    def test_never_more_than_is_left_of_it(self):
        """Guards: _deducted compares with what is left, credit notes included (decider/issuing.py)."""
        history = given(evolve, *BASE, DEPOSIT)
        history.when(self.deducting("60.01")).then_refused("deposit-exceeded", "deposits")
        credited = note_event(corrects="AC-000001")
        given(evolve, *BASE, DEPOSIT, credited).when(self.deducting("48.01")).then_refused(
            "deposit-exceeded", "deposits"
        )
        assert given(evolve, *BASE, DEPOSIT, credited).when(self.deducting("48")).error is None
        first = invoice_event(deposits=[{"document_number": "AC-000001", "amount": "60"}])
        given(evolve, *BASE, DEPOSIT, first).when(self.deducting()).then_refused(
            "deposit-exceeded", "deposits"
        )

    def test_a_credit_note_takes_no_more_than_final_invoices_left(self):
        """Guard: _check_credit (decider/issuing.py) by Document.left."""
        first = invoice_event(deposits=[{"document_number": "AC-000001", "amount": "50"}])
        note = issue_note(corrects="AC-000001")
        history = given(evolve, *BASE, DEPOSIT, first)
        history.when(lambda w: handlers.issue_credit_note(w, note)).then_refused(
            "credit-exceeds-invoice", "gross"
        )

    def test_what_is_no_deposit_of_this_customer(self):
        """Guards: _deducted (decider/issuing.py)."""
        plain = invoice_event(document_number="AC-000001")
        given(evolve, *BASE, plain).when(self.deducting()).then_refused("unknown-deposit", "deposits")
        given(evolve, *BASE).when(self.deducting()).then_refused("unknown-deposit", "deposits")
        other = DEPOSIT.model_copy(update={"customer_id": "C-2"})
        given(evolve, *BASE, other).when(self.deducting()).then_refused("other-customer", "deposits")
        foreign = DEPOSIT.model_copy(update={"currency": "USD"})
        given(evolve, *BASE, foreign).when(self.deducting()).then_refused("wrong-currency", "deposits")

    def test_deposits_of_more_than_the_invoice(self):
        """Guard: _deduct (decider/issuing.py)."""
        small = {"net": "50.00", "vat": "9.99", "gross": "59.99"}
        given(evolve, *BASE, DEPOSIT).when(self.deducting(**small)).then_refused(
            "deposits-exceed-invoice", "deposits"
        )

    def test_deposits_that_cover_it_leave_nothing_to_pay(self):
        full = {"net": "50.00", "vat": "10.00", "gross": "60.00"}
        outcome = given(evolve, *BASE, DEPOSIT).when(self.deducting(**full))
        assert outcome.events[1].owed() == ()

    def test_a_deposit_deducts_none_and_none_is_named_twice(self):
        with pytest.raises(ValidationError, match="deducts none"):
            issue(deposit=True, deposits=[{"document_number": "AC-000001"}])
        with pytest.raises(ValidationError, match="named twice"):
            issue(deposits=[{"document_number": "AC-000001", "amount": n} for n in (1, 2)])


class TestMentions:
    def test_of_a_company(self):
        mentions = issued(operation_category="services").mentions
        assert (mentions.seller_siren, mentions.seller_vat_number) == (SIREN, ENTITY_REGISTERED.vat_number)
        assert (mentions.buyer_siren, mentions.operation_category) == (CUSTOMER_REGISTERED.siren, "services")
        assert (mentions.penalty, mentions.penalty_rate, mentions.recovery_indemnity) == ("ecb+10", None, 40)

    def test_of_a_public_buyer_and_a_private_person(self):
        """Guards: contents.mentions (decider/contents.py), by the class of the debtor."""
        public = issued(customer(debtor_class="public"), due_date=None).mentions
        assert (public.penalty, public.recovery_indemnity) == ("ecb+8", 40)
        private = issued(customer(siren=None, debtor_class="private")).mentions
        assert (private.penalty, private.recovery_indemnity) == ("none", None)

    def test_of_a_contract(self):
        contract = LegalEntityChanged(
            **(ENTITY_REGISTERED.model_dump() | {"penalty_rate": "15.00"}), changed=("penalty_rate",)
        )
        mentions = issued(contract).mentions
        assert (mentions.penalty, mentions.penalty_rate) == ("contract", 15)
