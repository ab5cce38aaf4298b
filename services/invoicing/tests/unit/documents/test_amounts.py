"""How amounts are rounded and added up; every expected value is worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from document_examples import FINAL_INVOICE, document

from lettra_invoicing.documents.amounts import add_up, line_net, rounded, vat_breakdown
from lettra_invoicing.documents.parts import Line


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("0.005", "EUR", "0.01"),
        ("0.0049", "EUR", "0.00"),
        ("-0.005", "EUR", "-0.01"),
        ("-0.004", "EUR", "0.00"),
        ("2.5", "JPY", "3"),
    ],
)
def test_half_a_unit_is_rounded_away_from_zero(amount: str, currency: str, expected: str) -> None:
    assert str(rounded(Decimal(amount), currency)) == expected


def test_a_line_is_rounded_before_its_discount() -> None:
    """3 x 99.995 = 299.985, rounded 299.99, less 10.00."""
    assert line_net(Decimal(3), Decimal("99.995"), Decimal("10.00"), "EUR") == Decimal("289.99")


def test_the_largest_line_is_exact() -> None:
    """99,999,999.9999 x 9,999,999,999.99999: 27 digits, none of them lost."""
    product = line_net(Decimal("99999999.9999"), Decimal("9999999999.99999"), Decimal(0), "EUR")
    assert product == Decimal("999999999998999000.00")


def _line(net: str, rate: str) -> Line:
    return Line(
        name="Article",
        quantity=Decimal(1),
        unit="C62",
        price=Decimal(net),
        vat_category="S",
        vat_rate=Decimal(rate),
        net=Decimal(net),
    )


def test_vat_is_rounded_once_for_all_lines_of_a_rate() -> None:
    """Three lines of 0.13 at 5.5 %: each alone would come to 0.01, together 0.39 x 5.5 % = 0.02145, so 0.02."""
    shares = vat_breakdown([_line("0.13", "5.5")] * 3 + [_line("10.00", "20")], "EUR")
    assert [(share.rate, share.base, share.amount) for share in shares] == [
        (Decimal("5.5"), Decimal("0.39"), Decimal("0.02")),
        (Decimal(20), Decimal("10.00"), Decimal("2.00")),
    ]


def test_totals_deduct_the_deposits() -> None:
    final = document(FINAL_INVOICE)
    totals = add_up(final.vat_breakdown, final.deposits)
    assert (totals.gross, totals.prepaid, totals.due) == (Decimal(1200), Decimal(360), Decimal(840))
    assert totals == final.totals
