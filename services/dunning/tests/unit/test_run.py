"""A dunning run, day by day: which step, for which items, when it goes out, and what follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from dunning_stories import DUE, PARIS, Story, credit_note, given, invoice, on, policy, processed

from lettra_dunning.decider.decisions import (
    CallTaskOpened,
    FormalNoticeRequested,
    HandedOver,
    MessageRequested,
)
from lettra_dunning.domain.calendar import Place
from lettra_dunning.domain.customers import Insolvency
from lettra_dunning.domain.default_policy import CALL, FIRST, NOTICE, SECOND


def test_an_unpaid_invoice_goes_through_every_step_once() -> None:
    story = given(invoice())
    assert story.runs(-20, 200) == [
        "+-7: pre_due on 2026-02-24: FA-1 for 100 EUR",
        "+5: reminder_1 on 2026-03-09: FA-1 for 100 EUR",
        "+15: reminder_2 on 2026-03-18: FA-1 for 100 EUR",
        "+22: call on 2026-03-25: FA-1 for 100 EUR",
        "+30: formal_notice on 2026-04-02: FA-1 for 100 EUR",
        "+60: handover on 2026-05-04: FA-1 for 100 EUR",
    ]
    kinds = [type(one) for one in story.decided]
    assert kinds == [
        *(MessageRequested, MessageRequested, MessageRequested),
        *(CallTaskOpened, FormalNoticeRequested, HandedOver),
    ]


def test_nothing_is_asked_for_what_is_paid() -> None:
    story = given(invoice(open=100))
    story.runs(-7, 10)
    assert story.owes().runs(11, 90) == []


def test_a_run_for_the_same_date_decides_nothing_new() -> None:
    """Guard: the interval counts from the day on which the last message goes out."""
    story = given(
        invoice("FA-1"), invoice("FA-2", entity="FR02", disputed=100), invoice("FA-3", currency="USD")
    )
    assert story.run(on(5)) == [
        "sales are told of dispute: FA-2, 100 EUR",
        "FA-2 is held: disputed",
        "reminder_1 on 2026-03-09: FA-1 for 100 EUR",
        "reminder_1 on 2026-03-09: FA-3 for 100 USD",
    ]
    assert story.run(on(5)) == []
    assert story.run(on(4)) == []


def test_one_message_names_all_that_is_late_and_the_open_credits() -> None:
    story = given(
        invoice("FA-1", 100),
        invoice("FA-2", 200, due_date=on(3)),
        invoice("FA-3", 400, due_date=on(60)),
        invoice("FA-4", 50, disputed=20),
        credit_note("AV-1", 30),
    )
    told = story.run(on(5))
    assert told[-1] == "reminder_1 on 2026-03-09: FA-1, FA-2, FA-4 for 300 EUR"
    message = story.last(MessageRequested)
    assert [(line.document_number, line.claimed, line.step) for line in message.lines] == [
        ("FA-1", 100, "reminder_1"),
        ("FA-2", 200, None),
        ("FA-4", 30, "reminder_1"),
    ]
    assert [(credit.document_number, credit.open) for credit in message.credits] == [("AV-1", 30)]
    assert (message.claimed, message.net) == (330, 300)
    assert (message.channel, message.template, message.tone) == ("preferred", "unpaid_invoices", "courteous")


def test_a_message_says_what_follows_and_no_earlier_than_when() -> None:
    story = given(invoice())
    story.run(on(5))
    follows = story.last(MessageRequested).follows
    assert (follows.kind, follows.not_before) == ("reminder", on(15))
    # Late to the first one: the interval counts, not the date by which it was planned.
    late = given(invoice())
    late.run(on(40))
    assert late.last(MessageRequested).follows.not_before == date(2026, 4, 13) + (on(7) - on(0))


def test_an_old_invoice_begins_at_the_first_reminder_and_goes_on_at_the_interval() -> None:
    """Guard: one stage at a time; nobody's first message is a formal notice."""
    assert given(invoice()).runs(100, 125) == [
        "+100: reminder_1 on 2026-06-11: FA-1 for 100 EUR",
        "+107: reminder_2 on 2026-06-18: FA-1 for 100 EUR",
        "+112: call on 2026-06-23: FA-1 for 100 EUR",
        "+119: formal_notice on 2026-06-30: FA-1 for 100 EUR",
    ]


def test_an_opening_item_goes_on_behind_the_reminders_that_it_had() -> None:
    assert given(invoice(reminders_before=1)).run(on(100)) == ["reminder_2 on 2026-06-11: FA-1 for 100 EUR"]
    assert given(invoice(reminders_before=9)).run(on(100)) == ["call on 2026-06-11: FA-1 for 100 EUR"]


def test_the_furthest_step_leads_and_softer_ones_go_with_it() -> None:
    story = given(invoice("FA-1", level=30), invoice("FA-2", due_date=on(20)))
    assert story.run(on(30)) == ["call on 2026-04-02: FA-1, FA-2 for 200 EUR"]
    assert [item.level for item in story.customer.items] == [40, 20]


def test_an_item_under_a_harder_step_does_not_harden_the_others() -> None:
    """Guard: each line has its own step; a formal notice names no invoice that had no reminder as its own."""
    story = given(invoice("FA-1", level=40), invoice("FA-2", due_date=on(28)))
    story.run(on(30))
    notice = story.last(FormalNoticeRequested)
    assert [(line.document_number, line.step) for line in notice.lines] == [
        ("FA-1", "formal_notice"),
        ("FA-2", None),
    ]
    assert [item.level for item in story.customer.items] == [50, 0]


def test_what_is_handed_over_is_asked_for_no_more_and_the_rest_is() -> None:
    story = given(invoice("FA-1", level=50), invoice("FA-2", due_date=on(50)))
    assert story.run(on(60)) == ["handover on 2026-05-04: FA-1 for 100 EUR"]
    assert story.run(on(80)) == ["reminder_1 on 2026-05-22: FA-1, FA-2 for 200 EUR"]


def test_two_currencies_have_a_message_each_and_intervals_of_their_own() -> None:
    story = given(invoice("FA-1", 100), invoice("FA-2", 70, currency="USD", due_date=on(4)))
    assert story.runs(5, 14) == [
        "+5: reminder_1 on 2026-03-09: FA-1 for 100 EUR",
        "+9: reminder_1 on 2026-03-12: FA-2 for 70 USD",
    ]


def test_the_cap_counts_messages_in_all_currencies() -> None:
    """Guard: asking.may, the frequency cap; the currency that waited longest is first."""
    rules = {"frequency_cap": {"messages": 1, "days": 10}}
    items = [invoice("FA-1", 100), invoice("FA-2", 70, currency="USD")]
    told = given(*items, by=policy(rules)).runs(5, 16)
    assert told == [
        "+5: reminder_1 on 2026-03-09: FA-1 for 100 EUR",
        "+16: reminder_1 on 2026-03-19: FA-2 for 70 USD",
    ]


def test_an_item_whose_harder_step_must_wait_is_named_without_it() -> None:
    """Guard: asking._line; the cap keeps the second reminder back, and a call is not that reminder."""
    early_call = {**CALL, "level": 25, "offset_days": 8}
    rules = {
        "steps": [FIRST, early_call, {**SECOND, "then": "stop"}],
        "frequency_cap": {"messages": 1, "days": 30},
    }
    story = given(invoice("FA-1", level=25), invoice("FA-2", due_date=on(4)), by=policy(rules))
    assert story.run(on(9)) == ["reminder_1 on 2026-03-12: FA-1, FA-2 for 200 EUR"]
    assert story.run(on(20)) == ["call on 2026-03-23: FA-1, FA-2 for 200 EUR"]
    assert [item.level for item in story.customer.items] == [25, 25]


def test_the_cap_holds_no_call() -> None:
    rules = {"frequency_cap": {"messages": 1, "days": 100}}
    assert given(invoice(level=30), by=policy(rules)).run(on(30)) == ["call on 2026-04-02: FA-1 for 100 EUR"]


def test_a_reminder_before_the_due_date_never_goes_out_after_it() -> None:
    """Guard: stepping.next_step; decided on Friday for Monday, of what is due on Sunday."""
    friday, sunday = date(2026, 3, 6), date(2026, 3, 8)
    assert given(invoice(due_date=sunday)).run(friday) == []
    assert given(invoice(due_date=date(2026, 3, 9))).run(friday) == [
        "pre_due on 2026-03-09: FA-1 for 100 EUR"
    ]


def test_on_the_due_date_itself_nothing_is_late() -> None:
    eager = policy({"steps": [{**FIRST, "offset_days": 1, "then": "stop"}]})
    story = given(invoice(), by=eager)
    assert story.run(DUE) == []
    assert story.run(on(1)) == ["reminder_1 on 2026-03-04: FA-1 for 100 EUR"]


def test_what_was_decided_on_friday_goes_out_on_monday_in_summer_time() -> None:
    """The clock goes forward on Sunday, 29 March 2026: half past eight is then 06:30 UTC, no more 07:30."""
    story = given(invoice(due_date=date(2026, 3, 22)))
    story.run(date(2026, 3, 27))
    assert story.last(MessageRequested).goes_out == datetime(2026, 3, 30, 6, 30, tzinfo=UTC)
    story = given(invoice(due_date=date(2026, 3, 21)))
    story.run(date(2026, 3, 26))
    assert story.last(MessageRequested).goes_out == datetime(2026, 3, 27, 7, 30, tzinfo=UTC)


def test_at_the_end_of_the_year_a_message_waits_for_the_second_of_january() -> None:
    story = given(invoice(due_date=date(2025, 12, 26)))
    assert story.run(date(2025, 12, 31)) == ["reminder_1 on 2026-01-02: FA-1 for 100 EUR"]


def test_the_twenty_ninth_of_february_is_a_day_like_any() -> None:
    story = given(invoice(due_date=date(2024, 2, 24)))
    assert story.run(date(2024, 2, 28)) == []
    assert story.run(date(2024, 2, 29)) == ["reminder_1 on 2024-03-01: FA-1 for 100 EUR"]


def test_the_day_is_the_customers_own() -> None:
    """In Tokyo it is the next morning when Paris still sleeps, and a holiday there is none in France."""
    story = given(invoice(due_date=date(2026, 2, 5)), place=Place("JP", "Asia/Tokyo"))
    assert story.run(date(2026, 2, 10)) == ["reminder_1 on 2026-02-12: FA-1 for 100 EUR"]
    assert story.last(MessageRequested).goes_out == datetime(2026, 2, 11, 23, 30, tzinfo=UTC)


def test_a_policy_changed_in_mid_case_goes_on_where_the_item_has_come_to() -> None:
    """Guard: levels; what was had under another version is not had again, and nothing goes back."""
    story = given(invoice())
    assert story.runs(5, 15) == [
        "+5: reminder_1 on 2026-03-09: FA-1 for 100 EUR",
        "+15: reminder_2 on 2026-03-18: FA-1 for 100 EUR",
    ]
    early_call = {**CALL, "name": "first_call", "level": 25, "offset_days": 8}
    late_notice = {**NOTICE, "offset_days": 45, "then": "stop"}
    story.policy = policy(
        {"steps": [FIRST, early_call, {**SECOND, "offset_days": 20}, late_notice]}, version=2
    )
    assert story.runs(16, 100) == ["+45: formal_notice on 2026-04-17: FA-1 for 100 EUR"]
    assert story.last(FormalNoticeRequested).inputs.policy_version == 2


def test_a_policy_that_no_longer_stops_goes_on() -> None:
    short = policy({"steps": [{**FIRST, "then": "stop"}]})
    story = given(invoice(), by=short)
    assert story.runs(5, 100) == ["+5: reminder_1 on 2026-03-09: FA-1 for 100 EUR"]
    assert story.last(MessageRequested).follows is None
    story.policy = policy(version=2)
    assert story.run(on(101)) == ["reminder_2 on 2026-06-12: FA-1 for 100 EUR"]


def test_another_segment_takes_up_where_the_first_has_left() -> None:
    story = given(invoice())
    story.run(on(5))
    assert story.now(segment="key_account").runs(6, 24) == [
        "+12: call on 2026-03-16: FA-1 for 100 EUR",
        "+20: reminder_2 on 2026-03-23: FA-1 for 100 EUR",
        "+21: sales are told of silence: FA-1, 100 EUR",
    ]


def test_a_segment_that_the_policy_lacks_is_the_default_one() -> None:
    assert given(invoice(), segment="unheard_of").run(on(5)) == ["reminder_1 on 2026-03-09: FA-1 for 100 EUR"]


def test_without_a_segment_the_law_says_which_one_it_is() -> None:
    """Guard: Looking._segment, and of a private person nothing is claimed whatever the segment says."""
    public = given(invoice(), debtor_class="public")
    assert public.runs(5, 10) == ["+10: reminder_1 on 2026-03-13: FA-1 for 100 EUR"]
    private = given(invoice(level=40), debtor_class="private")
    assert private.run(on(30)) == ["formal_notice on 2026-04-02: FA-1 for 100 EUR"]
    assert private.last(FormalNoticeRequested).channel == "letter"
    mistaken = given(invoice(level=40), debtor_class="private", segment="standard")
    mistaken.run(on(30))
    assert mistaken.last(FormalNoticeRequested).claims is False
    company = given(invoice(level=40))
    company.run(on(30))
    assert company.last(FormalNoticeRequested).claims is True


def test_open_credits_that_cover_all_of_it_hold_the_step() -> None:
    story = given(invoice("FA-1", 100), credit_note("AV-1", 100))
    assert story.run(on(5)) == ["FA-1 is held: credits"]
    story.owes(invoice("FA-1", 100), credit_note("AV-1", 40))
    assert story.run(on(6)) == ["FA-1 is held no longer", "reminder_1 on 2026-03-09: FA-1 for 60 EUR"]


def test_credits_cover_what_a_step_names_and_not_what_is_late_beside_it() -> None:
    """Guard: looking.less_than_credits; a reminder before the due date asks for what is due soon alone."""
    story = given(
        invoice("FA-1", 1000, level=60), invoice("FA-2", 100, due_date=on(12)), credit_note("AV-1", 500)
    )
    assert story.run(on(5)) == ["FA-2 is held: credits"]
    assert story.why_not(on(5), "FR01:FA-2") == [
        "open credit notes of 500 EUR cover the 100 EUR to be asked for"
    ]


STATEMENTS = policy(
    {"statement": {"day_of_month": 31, "template": "statement_of_account", "minimum_interval_days": 7}}
)


def statements(story: Story, first: date, last: date) -> list[str]:
    days = (last - first).days
    runs = (story.run(first + (on(1) - on(0)) * day) for day in range(days + 1))
    return [told for run in runs for told in run]


def test_a_statement_goes_out_once_a_month_and_says_all_that_is_open() -> None:
    """On the 31st, which February lacks, and less than the interval after no message."""
    story = given(invoice("FA-1", 100, due_date=date(2027, 1, 1)), credit_note("AV-1", 30), by=STATEMENTS)
    assert statements(story, date(2026, 1, 1), date(2026, 4, 15)) == [
        "statement on 2026-02-02: FA-1 for 70 EUR",
        "statement on 2026-03-02: FA-1 for 70 EUR",
        "statement on 2026-04-01: FA-1 for 70 EUR",
    ]


def test_who_is_late_gets_no_statement_before_the_last_step_is_done() -> None:
    """Guard: stating.state_account; it would put the next step off."""
    late = given(invoice("FA-1", due_date=date(2026, 3, 30)), by=STATEMENTS)
    assert late.run(date(2026, 3, 31)) == []
    over = given(invoice("FA-1", due_date=date(2026, 3, 30), level=60), by=STATEMENTS)
    assert over.run(date(2026, 3, 31)) == ["statement on 2026-04-01: FA-1 for 100 EUR"]


def test_a_statement_waits_for_what_is_held_but_not_for_a_dispute() -> None:
    held = given(invoice("FA-1", due_date=date(2026, 4, 30), undelivered="bounced"), by=STATEMENTS)
    assert held.run(date(2026, 3, 31)) == []
    disputed = given(invoice("FA-1", due_date=date(2026, 4, 30), disputed=40), by=STATEMENTS)
    assert disputed.run(date(2026, 3, 31))[-1] == "statement on 2026-04-01: FA-1 for 60 EUR"


def test_sales_are_told_of_a_dispute_once_for_as_much() -> None:
    story = given(invoice("FA-1", 100, disputed=30), sales_representative="Luc")
    assert story.run(on(0)) == ["sales are told of dispute: FA-1, 30 EUR"]
    assert story.run(on(1)) == []
    story.owes(invoice("FA-1", 100, disputed=50))
    assert story.run(on(2)) == ["sales are told of dispute: FA-1, 50 EUR"]
    assert story.decided[-1].sales_representative == "Luc"  # type: ignore[union-attr]


def test_sales_are_told_of_silence_once_until_the_customer_is_heard_of() -> None:
    story = given(invoice(), by=policy({"silence_messages": 2}))
    told = [sentence for sentence in story.runs(5, 40) if "silence" in sentence]
    assert told == ["+16: sales are told of silence: FA-1, 100 EUR"]
    heard = given(invoice(), by=policy({"silence_messages": 2}))
    heard.runs(5, 14)
    heard.now(heard_on=on(14))
    assert not [sentence for sentence in heard.runs(15, 29) if "silence" in sentence]


def test_an_insolvency_opens_one_task_to_file_the_claim_and_stops_the_rest() -> None:
    opened = Insolvency("liquidation", on(1))
    story = given(
        invoice("FA-1", 100, disputed=60),
        invoice("FA-2", 40, due_date=on(90)),
        invoice("FA-3", 7, issue_date=on(2), due_date=on(40)),
        credit_note("AV-1", 10),
        insolvency=opened,
    )
    assert story.run(on(5)) == [
        "130 EUR to be filed by 2026-05-03",
        "sales are told of dispute: FA-1, 60 EUR",
        "FA-1 is held: insolvency",
    ]
    assert [told for told in story.runs(6, 120) if "reminder" in told or "filed" in told] == []
    known = given(invoice(), insolvency=replace(opened, claim_until=date(2026, 4, 30)))
    assert known.run(on(2)) == ["100 EUR to be filed by 2026-04-30"]


def test_a_decision_records_what_it_stands_on() -> None:
    story = given(invoice(), place=PARIS)
    story.run(processed(on(5), through=on(4)))
    inputs = story.last(MessageRequested).inputs
    assert (inputs.business_date, inputs.policy_version) == (on(5), 1)
    assert [(feed.account, feed.through_date) for feed in inputs.feeds] == [("FR01-EUR", on(4))]


def test_why_nothing_is_done_can_be_asked_for() -> None:
    story = given(invoice())
    assert story.why_not(on(1)) == ["no step is due"]
    assert story.why_not(on(5)) == []
    story.run(on(15))
    assert story.why_not(on(16)) == [
        "reminder_2 waits: the last message is too near, or there were enough of them"
    ]
