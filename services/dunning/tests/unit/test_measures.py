"""The figures that are dunning's, by hand: what reminders led to, and how promises were kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from dunning_stories import promise

from lettra_dunning.domain.measures import (
    Heard,
    Sent,
    median_delay,
    promises_kept,
    reminders_before_payment,
    response_rate,
)

FIRST = date(2026, 3, 2)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def sent(number: int, *items: str, customer: str = "C1") -> Sent:
    return Sent(customer, "EUR", day(number), items)


def test_the_response_rate_counts_who_was_heard_of_within_seven_days() -> None:
    """Of four messages: answered after 7 days, after 8, never, and by somebody else. Guard: the bounds of the week."""
    messages = [
        sent(0, "A"),
        sent(0, "B", customer="C2"),
        sent(0, "C", customer="C3"),
        sent(1, "D", customer="C4"),
    ]
    heard = [Heard("C1", day(7)), Heard("C2", day(8)), Heard("C4", day(0)), Heard("C9", day(1))]
    assert response_rate(messages, heard, day(30)) == Fraction(1, 4)


def test_a_message_whose_week_is_not_over_does_not_count_yet() -> None:
    messages = [sent(0, "A"), sent(10, "B")]
    heard = [Heard("C1", day(10))]
    assert response_rate(messages, heard, day(16)) == 0
    assert response_rate(messages, heard, day(17)) == Fraction(1, 2)
    assert response_rate(messages, heard, day(6)) is None


def test_the_median_delay_is_from_the_last_message_that_named_the_item() -> None:
    """A: 3 days after the second message; B: 10; C: 4; D was paid without one; E before it. The median of 3, 4, 10."""
    messages = [sent(0, "A", "B", "C"), sent(20, "A", "E")]
    settled = {"A": day(23), "B": day(10), "C": day(4), "D": day(5), "E": day(19)}
    assert median_delay(messages, settled) == 4
    assert median_delay(messages, {"A": day(23), "C": day(4)}) == Fraction(7, 2)
    assert median_delay(messages, {"D": day(5)}) is None


def test_reminders_before_payment_are_the_mean_over_all_that_was_settled() -> None:
    """A had 2, B 1, D none: one on average."""
    messages = [sent(0, "A", "B"), sent(20, "A", "B")]
    assert reminders_before_payment(messages, {"A": day(23), "B": day(10), "D": day(5)}) == 1
    assert reminders_before_payment(messages, {}) is None


def test_promises_kept_by_count_and_by_amount() -> None:
    """Kept 60 and 40, broken 100 of which 50 came: two of three, 150 of 200. Open ones and plans do not count."""
    agreements = [
        replace(promise(amount=60), state="kept", settled=Decimal(60)),
        replace(promise(amount=40), state="kept", settled=Decimal(40)),
        replace(promise(amount=100), state="broken", settled=Decimal(50)),
        promise(amount=70),
        replace(promise(amount=70), state="withdrawn"),
        replace(promise(amount=70), state="kept", settled=Decimal(70), kind="plan"),
        replace(promise(amount=70), state="kept", settled=Decimal(70), currency="USD"),
    ]
    figures = promises_kept(agreements, "EUR")
    assert (figures.judged, figures.kept, figures.agreed, figures.settled) == (3, 2, 200, 150)
    assert (figures.by_count, figures.by_amount) == (Fraction(2, 3), Fraction(3, 4))


def test_of_nothing_there_is_no_share() -> None:
    figures = promises_kept([], "EUR")
    assert (figures.by_count, figures.by_amount) == (None, None)
