"""Remittance advices: taken once, and linked to the one payment that they mean."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from bank_files import Entry, Stmt
from hypothesis import given as for_all
from hypothesis import strategies as st
from pydantic import ValidationError

from lettra_events.contracts.payments import PaymentReceived, RemittanceAdviceLinked, RemittanceAdviceReceived
from lettra_payment_ingest.decider.advices import Pair, bears, read_message, unique_pairs
from lettra_payment_ingest.domain import AdviseByMessage, AdviseRemittance
from lettra_payment_ingest.handlers import advise, link_advice
from lettra_payment_ingest.remittances import read_remittances

ADVICE = AdviseRemittance.model_validate(
    {
        "customer_id": "C-1",
        "payment_date": "2026-03-02",
        "currency": "EUR",
        "total": "90.00",
        "lines": [
            {"document_number": "FA 1", "amount": "100.00"},
            {"document_number": "AV-1", "amount": "-10.00"},
        ],
    }
)


class TestTaken:
    def test_once(self, history):
        assert history.do(lambda w: advise(w, ADVICE)).result.created is True
        history.do(lambda w: advise(w, ADVICE)).then_nothing()
        (event,) = history.of(RemittanceAdviceReceived)
        assert [(line.document_number, line.amount) for line in event.lines] == [("FA 1", 100), ("AV-1", -10)]

    @pytest.mark.parametrize(
        "wrong", [{"total": "91.00"}, {"lines": []}, {"total": "0"}, {"payment_date": 1}]
    )
    def test_what_does_not_add_up_is_refused(self, wrong):
        with pytest.raises(ValidationError):
            AdviseRemittance.model_validate(ADVICE.model_dump(mode="json") | wrong)


class TestLinked:
    def link(self, history):
        advice = history.of(RemittanceAdviceReceived)[0].advice_id
        payment = history.of(PaymentReceived)[0].payment_id
        return history.do(lambda w: link_advice(w, Pair(advice, payment, False)))

    def test_to_its_payment_once(self, history):
        history.do(lambda w: advise(w, ADVICE))
        history.take(Stmt(2, "100", [Entry("90", "facture")]))
        assert self.link(history).result is True
        (event,) = history.of(RemittanceAdviceLinked)
        assert (event.customer_id, event.total, len(event.lines)) == ("C-1", 90, 2)
        assert self.link(history).then_nothing().result is False

    def test_not_to_one_of_another_amount(self, history):
        """Guard: `may_be_paid_by`, asked again under the locks."""
        history.do(lambda w: advise(w, ADVICE))
        history.take(Stmt(2, "100", [Entry("91", "facture")]))
        assert self.link(history).then_nothing().result is False

    def test_only_where_neither_side_may_mean_another(self):
        pairs = [Pair("a", "1", False), Pair("b", "2", False), Pair("c", "2", False), Pair("d", "3", False)]
        assert [(p.advice_id, p.payment_id) for p in unique_pairs(pairs)] == [("a", "1"), ("d", "3")]

    def test_a_reference_outweighs_an_amount(self):
        pairs = [Pair("a", "1", True), Pair("a", "2", False), Pair("b", "1", False), Pair("b", "2", False)]
        assert [(p.advice_id, p.payment_id) for p in unique_pairs(pairs)] == [("a", "1"), ("b", "2")]

    @for_all(
        st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), unique_by=lambda t: t[:2])
    )
    def test_no_payment_and_no_advice_is_linked_twice(self, drawn):
        found = unique_pairs(Pair(str(a), str(p), named) for a, p, named in drawn)
        assert len({p.advice_id for p in found}) == len({p.payment_id for p in found}) == len(found)

    def test_a_reference_is_found_however_it_is_written(self):
        assert bears(["VIR RF18 5390 0754 7034"], "rf18539007547034")
        assert not bears(["VIR"], None)


class TestMessages:
    def read(self, text: str, **more) -> AdviseRemittance:
        told = {"customer_id": "C-1", "received_on": "2026-03-02", "text": text}
        return read_message(AdviseByMessage.model_validate(told | more))

    def test_documents_and_total(self):
        found = self.read(
            "Bonjour,\n\nVeuillez trouver notre virement du 02/03/2026 :\n"
            "Facture FA-2026-000123    1 200,00 EUR\nAvoir AV-2026-000017   -50,00\nTotal : 1 150,00 EUR\n"
        )
        assert [(x.document_number, x.amount) for x in found.lines] == [
            ("FA-2026-000123", Decimal("1200.00")),
            ("AV-2026-000017", Decimal("-50.00")),
        ]
        assert (found.total, found.payment_date) == (Decimal("1150.00"), date(2026, 3, 2))

    def test_lines_that_do_not_sum_to_the_total_are_left_to_whoever_reads_the_text(self):
        found = self.read("FA-123456 100.00\nFA-123457 20.00\nTotal 119.00")
        assert (found.total, found.lines) == (119, ())

    def test_a_given_total_counts(self):
        assert self.read("we pay FA-123456 and FA-123457", total="12.00").total == 12

    def test_a_text_without_a_total_is_refused(self):
        with pytest.raises(ValueError, match="no total"):
            self.read("we pay soon")

    @for_all(st.text(max_size=300))
    def test_whatever_the_text_it_is_read_or_refused(self, text):
        try:
            found = self.read(text or "x")
        except ValueError:
            return
        assert found.total > 0


class TestFiles:
    HEAD = "customer_id,payment_date,currency,total,document_number,amount\n"

    def test_rows_of_one_payment_are_one_advice(self):
        rows = "C-1,2026-03-02,EUR,90.00,FA-1,100.00\nC-2,2026-03-02,EUR,5.00,FA-9,5.00\n"
        found = read_remittances((self.HEAD + rows + "C-1,2026-03-02,EUR,90.00,AV-1,-10.00\n").encode())
        assert found.errors == []
        assert [(a.customer_id, a.total, len(a.lines)) for a in found.commands] == [
            ("C-1", 90, 2),
            ("C-2", 5, 1),
        ]

    @pytest.mark.parametrize(
        ("rows", "line", "column"),
        [
            ("C-1,2026-02-30,EUR,90.00,FA-1,90.00\n", 2, "payment_date"),
            ("C-1,2026-03-02,EUR,90.00,FA-1,x\n", 2, "amount"),
            ("C-1,2026-03-02,EUR,90.00,FA-1,1.00\n", 2, "total"),
            ("C-1,2026-03-02,EUR,1.00,FA-1,1.00\nC-1,2026-03-02,EUR\n", 3, ""),
            ("C-1,2026-03-02,XXQ,90.00,FA-1,90.00\n", 2, "currency"),
            ("", 1, ""),
        ],
    )
    def test_what_is_wrong_is_told_with_line_and_column(self, rows, line, column):
        (error,) = read_remittances((self.HEAD + rows).encode()).errors
        assert (error["line"], error["column"]) == (line, column)

    @for_all(st.binary(max_size=300))
    def test_whatever_the_bytes_there_are_advices_or_errors(self, data):
        for head in (b"", self.HEAD.encode()):
            found = read_remittances(head + data)
            assert found.commands or found.errors
