"""Late interest and the 40 EUR as claims: once, of whom the law allows, and never more than all periods come to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from lettra_dunning.decider.claiming import ClaimProposed, LateInvoice, decide_claim
from lettra_dunning.domain.interest import Debt, Penalty
from lettra_dunning.domain.rates import ECB, LEGAL, Change, Rates, RateTable

RATES = Rates(
    RateTable(ECB, (Change(date(2024, 6, 12), Decimal("4.25")),), known_until=date(2024, 9, 1)),
    RateTable(LEGAL),
)
DUE = date(2024, 8, 1)
DAY = date(2024, 8, 31)
PUBLIC = Penalty("ecb+8")


def part(amount: str = "1000", due: date = DUE, *paid: tuple[date, str], currency: str = "EUR") -> Debt:
    moves = tuple((day, -Decimal(text)) for day, text in paid)
    return Debt(due, currency, Decimal(amount), Penalty("ecb+10"), moves)


def late(*parts: Debt, **changes: object) -> LateInvoice:
    return LateInvoice(
        "FR01:FA-1", "C1", "FR01", **{"debtor_class": "company", "parts": parts or (part(),), **changes}
    )  # type: ignore[arg-type]


def claimed(one: LateInvoice, through: date = DAY) -> tuple[str, str] | None:
    claim = decide_claim(one, through, RATES)
    return claim and (str(claim.interest), str(claim.indemnity))


def after(one: LateInvoice, claim: ClaimProposed) -> LateInvoice:
    return replace(
        one,
        interest_claimed=one.interest_claimed + claim.interest,
        indemnity_claimed=one.indemnity_claimed or claim.indemnity > 0,
    )


def test_a_late_invoice_owes_its_interest_and_40_euros() -> None:
    """1,000 EUR, 30 days at 14.25 %: 11.71 EUR."""
    claim = decide_claim(late(), DAY, RATES)
    assert claim is not None
    assert (claim.interest, claim.indemnity, claim.indemnity_currency) == (Decimal("11.71"), 40, "EUR")
    assert (claim.currency, claim.through, len(claim.segments)) == ("EUR", DAY, 1)


def test_the_40_euros_are_claimed_once_and_interest_goes_on() -> None:
    """Guard: claiming, indemnity_claimed and interest_claimed."""
    one = late()
    claim = decide_claim(one, DAY, RATES)
    assert claim is not None
    one = after(one, claim)
    assert claimed(one, DAY) is None
    assert claimed(one, DAY + timedelta(days=30)) == ("11.71", "0")


def test_an_invoice_of_several_instalments_owes_40_euros_once() -> None:
    instalments = late(part("500"), part("500", DUE + timedelta(days=10)))
    assert claimed(instalments) == ("9.76", "40")


def test_what_is_paid_on_its_due_date_owes_nothing() -> None:
    assert claimed(late(part("1000", DUE, (DUE, "1000")))) is None
    assert claimed(late(), DUE) is None


def test_a_payment_one_day_late_owes_40_euros_and_the_interest_of_a_day() -> None:
    assert claimed(late(part("1000", DUE, (DUE + timedelta(days=1), "1000")))) == ("0.39", "40")


def test_a_private_person_owes_neither() -> None:
    """Guard: claiming.decide_claim."""
    assert claimed(late(debtor_class="private")) is None


def test_a_public_buyer_owes_both_at_its_own_rate() -> None:
    public = replace(part(), penalty=PUBLIC)
    assert claimed(late(public, debtor_class="public")) == ("10.07", "40")


def test_under_insolvency_there_are_no_40_euros_and_interest_ends_with_the_judgment() -> None:
    """Guard: claiming, insolvency_opened_on."""
    opened = date(2024, 8, 12)
    insolvent = late(replace(part(), stops_on=opened), insolvency_opened_on=opened)
    assert claimed(insolvent) == ("3.90", "0")


def test_while_a_part_is_in_dispute_nothing_is_claimed() -> None:
    assert claimed(late(disputed=Decimal(1))) is None


def test_in_another_currency_the_interest_is_in_it_and_the_indemnity_in_euros() -> None:
    claim = decide_claim(late(part("100000", currency="JPY")), DAY, RATES)
    assert claim is not None
    assert (claim.interest, claim.currency, claim.indemnity, claim.indemnity_currency) == (
        1171,
        "JPY",
        40,
        "EUR",
    )


def test_an_invoice_without_penalty_owes_the_40_euros_alone() -> None:
    assert claimed(late(replace(part(), penalty=Penalty("none")))) == ("0.00", "40")


@settings(deadline=None, max_examples=100)
@for_all(
    st.decimals(Decimal(1), Decimal(100_000), places=2),
    st.lists(st.dates(DUE, date(2024, 12, 31)), min_size=1, max_size=6),
)
def test_claims_of_many_periods_come_to_the_claim_of_all_of_them(amount: Decimal, days: list[date]) -> None:
    """Guard: rounding is of the whole, never of each claim."""
    days.sort()
    one = late(part(str(amount)))
    claims = []
    for day in days:
        claim = decide_claim(one, day, RATES)
        if claim is not None:
            claims.append(claim)
            one = after(one, claim)
    whole = decide_claim(late(part(str(amount))), days[-1], RATES)
    assert sum(claim.interest for claim in claims) == (whole.interest if whole else 0)
    assert sum(claim.indemnity for claim in claims) == (40 if days[-1] > DUE else 0)
