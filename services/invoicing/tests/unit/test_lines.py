"""Invoices with lines: what they come to, what must be known of the parties, and the content that is kept."""

from __future__ import annotations

import json
from decimal import Decimal
from hashlib import sha256

import pytest
from invoicing_examples import CUSTOMER_REGISTERED, ENTITY_REGISTERED, IBAN, MAIL, issue
from lines_examples import BUYER, NO_AMOUNTS, SELLER, issuing, line
from pydantic import ValidationError

from lettra_events.testing.given import given
from lettra_invoicing import handlers
from lettra_invoicing.decider import evolve
from lettra_invoicing.domain import CONTACTS, DOCUMENT_CONTENTS, Contact


def base(seller=SELLER, contact=BUYER):
    history = given(evolve, seller, CUSTOMER_REGISTERED)
    if contact is not None:
        history.workspace.loaded(CONTACTS, [], [contact])
    return history


class TestAmounts:
    def test_each_line_is_rounded_and_vat_once_a_rate(self):
        """By hand: 3 x 0.335 -> 1.01; 2 x 0.10 - 0.05 = 0.15; 20 % of 1.16 -> 0.23; 5.5 % of 9.99 -> 0.55."""
        lines = line("0.335", "3"), line("0.10", "2", discount="0.05"), line("9.99", rate="5.5")
        invoice = base().when(issuing(*lines)).events[1]
        assert (invoice.net, invoice.vat, invoice.gross) == (
            Decimal("11.15"),
            Decimal("0.78"),
            Decimal("11.93"),
        )

    def test_what_is_given_must_be_what_the_lines_come_to(self):
        """Guard: contents.amounts_of (decider/contents.py)."""
        given_amounts = {"net": "100.00", "vat": "20.01", "gross": "120.01"}
        base().when(issuing(line("100"), **given_amounts)).then_refused("lines-do-not-add-up", "gross")
        right = {"net": "100.00", "vat": "20.00", "gross": "120.00"}
        assert base().when(issuing(line("100"), **right)).error is None

    def test_nothing_to_pay(self):
        base().when(issuing(line("1"), line("1", "-1"))).then_refused("nothing-to-pay", "lines")

    def test_without_lines_amounts_are_needed(self):
        with pytest.raises(ValidationError, match="net is missing"):
            issue(net=None)
        with pytest.raises(ValidationError, match="operation_category is missing"):
            issue(lines=[line("1")], **NO_AMOUNTS)
        with pytest.raises(ValidationError, match="delivery_date is missing"):
            issue(lines=[line("1")], operation_category="goods", **NO_AMOUNTS)


class TestContent:
    def test_the_event_has_the_digest_of_what_is_kept(self):
        outcome = base().when(issuing(line("100"), order_number="PO-7"))
        kept = outcome.row(DOCUMENT_CONTENTS, "FR01", "FA-000001").content
        assert outcome.events[1].document_digest == sha256(kept).hexdigest()
        content = json.loads(kept)
        assert content["issued"]["document_number"] == "FA-000001"
        assert (content["seller"]["city"], content["seller"]["iban"]) == ("Quinson", IBAN)
        assert (content["buyer"]["name"], content["buyer"]["city"]) == ("Dupont", "Paris")
        assert (content["lines"][0]["net"], content["order_number"]) == ("100.00", "PO-7")

    def test_neither_event_nor_content_has_what_an_erasure_would_look_for(self):
        """Guards: _ADDRESS (decider/contents.py); the event has the digest alone."""
        outcome = base().when(issuing(line("100")))
        kept = outcome.row(DOCUMENT_CONTENTS, "FR01", "FA-000001").content.decode()
        for secret in (MAIL, "+33123456789", "Petit"):
            assert secret not in kept
        for secret in (MAIL, "Petit", "rue X"):
            assert not any(secret in event.model_dump_json() for event in outcome.events)

    def test_without_lines_nothing_is_kept(self):
        outcome = base().when(lambda w: handlers.issue_invoice(w, issue()))
        assert outcome.events[1].document_digest is None
        assert outcome.row(DOCUMENT_CONTENTS, "FR01", "FA-000001") is None


class TestParties:
    def test_a_seller_that_lacks_what_must_be_shown(self):
        """Guard: check_parties (decider/contents.py); no number is drawn for it."""
        outcome = base(seller=ENTITY_REGISTERED).when(issuing(line("1")))
        outcome.then_refused("incomplete-legal-entity", "entity_id")
        assert "street, postal_code, city" in str(outcome.error)

    def test_the_rate_of_late_interest_must_be_known(self):
        """Guard: check_parties (decider/contents.py); it is a rule's value now, data and not code."""
        base().when(issuing(line("1"), late_penalty_rate=None)).then_refused(
            "penalty-rate-unknown", "late_penalty_rate"
        )
        mentions = base().when(issuing(line("1"))).events[1].mentions
        assert (mentions.penalty, mentions.penalty_rate) == ("ecb+10", Decimal("12.15"))

    @pytest.mark.parametrize("contact", [None, Contact("contact:C-1", email=MAIL)])
    def test_a_buyer_without_an_address(self, contact):
        """Guard: check_parties (decider/contents.py)."""
        base(contact=contact).when(issuing(line("1"))).then_refused("customer-without-address", "customer_id")
