"""Terms of payment: both ways to count to the end of a month, and what the law allows whom.

Expected dates are worked out by hand from a calendar.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from invoicing_examples import register_customer
from pydantic import ValidationError

from lettra_events.service.rejection import Rejected
from lettra_invoicing.domain.terms import Terms, check_allowed, read_terms


class TestDue:
    @pytest.mark.parametrize(
        ("terms", "issued", "due"),
        [
            ("30D", "2026-01-31", "2026-03-02"),
            ("0D", "2026-01-31", "2026-01-31"),
            ("45D-EOM", "2026-01-05", "2026-02-28"),
            ("EOM-45D", "2026-01-05", "2026-03-17"),
            ("45D-EOM", "2026-01-17", "2026-03-31"),
            ("EOM-45D", "2026-01-17", "2026-03-17"),
            ("45D-EOM", "2024-01-15", "2024-02-29"),
            ("EOM-45D", "2026-12-31", "2027-02-14"),
            ("30D-EOM", "2026-11-30", "2026-12-31"),
        ],
    )
    def test_both_computations(self, terms, issued, due):
        """Guard: Terms.due tells 45 days before from 45 days behind the end of the month."""
        assert read_terms(terms).due(date.fromisoformat(issued)) == date.fromisoformat(due)


class TestWritten:
    def test_a_discount(self):
        assert read_terms("30D 2%/8D") == Terms(30, "net", Decimal(2), 8)
        assert read_terms("EOM-45D 1.50%/10D").discount_percent == Decimal("1.5")

    @pytest.mark.parametrize(
        "text", ["", "30", "30d", "30 D", "EOM", "EOM-D", "30D-EOM 2%", "400D", "30D 0%/8D"]
    )
    def test_what_are_no_terms(self, text):
        with pytest.raises(ValueError, match="are no terms"):
            read_terms(text)

    @for_all(
        st.integers(0, 366),
        st.sampled_from(["{}D", "{}D-EOM", "EOM-{}D"]),
        st.none() | st.tuples(st.decimals("0.01", "99.99", places=2), st.integers(1, 366)),
    )
    def test_what_is_read_is_written_the_same(self, days, shape, discount):
        text = shape.format(days) + (f" {discount[0]}%/{discount[1]}D" if discount else "")
        assert read_terms(read_terms(text).written) == read_terms(text)


def allowed(debtor_class: str, issued: str, due: str, terms: str | None = None) -> str | None:
    return check_allowed(
        debtor_class, terms and read_terms(terms), date.fromisoformat(issued), date.fromisoformat(due)
    )


class TestLaw:
    """Guard: check_allowed (domain/terms.py); C. com. art. L441-10."""

    def test_sixty_days_net_and_no_more(self):
        assert allowed("company", "2026-01-05", "2026-03-06") is None
        with pytest.raises(Rejected, match="2026-03-06 at the latest") as refused:
            allowed("company", "2026-01-05", "2026-03-07")
        assert (refused.value.kind, refused.value.field) == ("due-date-beyond-law", "due_date")

    def test_forty_five_days_end_of_month_may_be_later_than_sixty_days(self):
        assert allowed("company", "2026-01-17", "2026-03-31", "45D-EOM") is None
        with pytest.raises(Rejected):
            allowed("company", "2026-01-17", "2026-03-31")
        with pytest.raises(Rejected):
            allowed("company", "2026-01-17", "2026-03-31", "60D-EOM")

    def test_a_public_buyer_is_warned_of_beyond_thirty_days(self):
        assert allowed("public", "2026-01-05", "2026-02-04") is None
        assert "30 days" in (allowed("public", "2026-01-05", "2026-02-05") or "")
        with pytest.raises(Rejected):
            allowed("public", "2026-01-05", "2026-03-07")

    def test_a_private_person_may_have_longer(self):
        assert allowed("private", "2026-01-05", "2026-12-31") is None

    def test_terms_that_no_invoice_could_have_are_not_agreed_on(self):
        with pytest.raises(ValidationError, match="the law allows 60 days net"):
            register_customer(terms="61D")
        with pytest.raises(ValidationError, match="45 days end of month"):
            register_customer(terms="60D-EOM")
        assert register_customer(terms="90D", siren=None, debtor_class="private").terms == "90D"
