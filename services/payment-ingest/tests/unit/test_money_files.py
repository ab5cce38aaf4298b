"""Cheques and payouts from CSV: what a file says, or what is wrong with it, with line and column."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lettra_payment_ingest.money_files import read_payments, read_payouts

ACCOUNT = "FR7630006000011234567890189"
PAYMENTS = "entity_id,currency,method,amount,received_on,reference,remittance\n"
PAYOUTS = "account,currency,provider,payout_reference,expected_date,reference,amount,fee\n"


def part(number: int, amount: str = "60", fee: str = "", payout: str = "PO-1") -> str:
    return f"{ACCOUNT},EUR,CARTES,{payout},2026-03-02,t-{number},{amount},{fee}\n"


class TestPayments:
    def test_each_row_is_one(self):
        rows = "FR01,EUR,cheque,120.00,2026-03-02,001,FA-1\nFR01,EUR,cash,5,2026-03-03,R-7,\n"
        found = read_payments((PAYMENTS + rows).encode())
        assert found.errors == []
        assert [(p.method, p.amount, p.reference, p.remittance) for p in found.commands] == [
            ("cheque", Decimal("120.00"), "001", "FA-1"),
            ("cash", Decimal(5), "R-7", None),
        ]
        assert found.lines == [2, 3]

    @pytest.mark.parametrize(
        ("row", "column"),
        [
            ("FR01,EUR,gold,1,2026-03-02,001,\n", "method"),
            ("FR01,EUR,cheque,-1,2026-03-02,001,\n", "amount"),
            ("FR01,EUR,cheque,1,02/03/2026,001,\n", "received_on"),
            ("FR01,EUR,cheque,1,2026-03-02,,\n", "reference"),
            ("FR/01,EUR,cheque,1,2026-03-02,001,\n", "entity_id"),
        ],
    )
    def test_what_is_wrong_is_told_with_line_and_column(self, row, column):
        good = "FR01,EUR,cheque,120.00,2026-03-02,001,\n"
        (error,) = read_payments((PAYMENTS + good + row).encode()).errors
        assert (error["line"], error["column"]) == (3, column)


class TestPayouts:
    def test_rows_of_one_credit_are_one_payout_less_its_fees(self):
        text = PAYOUTS + part(1, "60", "1.00") + part(9, "7", payout="PO-2") + part(2, "43", "0.50")
        found = read_payouts(text.encode())
        assert found.errors == []
        assert [(p.reference, p.gross, p.fees, p.net, len(p.payments)) for p in found.commands] == [
            ("PO-1", Decimal(103), Decimal("1.50"), Decimal("101.50"), 2),
            ("PO-2", Decimal(7), Decimal(0), Decimal(7), 1),
        ]
        assert found.commands[0].method == "card"

    def test_optional_columns_say_who_pays_and_how(self):
        head = PAYOUTS.replace("fee", "method,counterparty_name,remittance")
        row = f"{ACCOUNT},EUR,BNP,REMISE 12,2026-03-02,0012345,60,cheque,DUPONT SA,FA-1\n"
        (payout,) = read_payouts((head + row).encode()).commands
        (payment,) = payout.payments
        assert (payout.method, payout.fees) == ("cheque", 0)
        assert (payment.reference, payment.counterparty_name, payment.remittance) == (
            "0012345",
            "DUPONT SA",
            "FA-1",
        )

    @pytest.mark.parametrize(
        ("rows", "line", "column"),
        [
            (part(1) + part(2, "x"), 3, "amount"),
            (part(1) + part(2, fee="-1"), 3, "fee"),
            (part(1) + part(2, fee="x"), 3, "fee"),
            (part(1) + part(1), 2, "payout_reference"),
            (part(1, "1", "1"), 2, "payout_reference"),
            (part(1).replace(ACCOUNT, ACCOUNT[:-1] + "0"), 2, "account"),
            (part(1).replace("2026-03-02", "2026-02-30"), 2, "expected_date"),
            (part(1).replace("PO-1", ""), 2, "payout_reference"),
            ("".join(map(part, range(1_001))), 2, "payout_reference"),
            (part(1).replace(",60,", ","), 2, ""),
            ("", 1, ""),
        ],
    )
    def test_what_is_wrong_is_told_with_line_and_column(self, rows, line, column):
        found = read_payouts((PAYOUTS + rows).encode())
        assert [(e["line"], e["column"]) for e in found.errors] == [(line, column)], found.errors

    def test_a_header_that_lacks_or_adds_a_column_names_it(self):
        (error,) = read_payouts(PAYOUTS.replace("amount", "gross").encode()).errors
        assert (error["line"], error["column"]) == (1, "amount")
        assert "expected account, currency, provider" in error["reason"]
