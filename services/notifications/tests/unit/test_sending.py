"""What is done with a request, by what is known when it could leave."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from deliveries_world import FIRST, ID, KNOWN, NOON, OPEN, POLICY, SECOND, cents, given, later, started
from messages_world import request_id

from lettra_notifications.decider.backoff import Backoff
from lettra_notifications.decider.concluding import bounced, concluded
from lettra_notifications.decider.sending import Done, Doubt, GiveUp, Send, Wait, Withdraw
from lettra_notifications.domain.deliveries import (
    DeliveryInDoubt,
    DoubtResolved,
    ItemNow,
    MessageBounced,
    MessageHandedOver,
    MessageUndeliverable,
    MessageWithdrawn,
    SendFailed,
)
from lettra_notifications.domain.hours import QuietHours
from lettra_notifications.domain.outcomes import FailedForNow, HandedOver, InDoubt, Refused

_PARTLY = {**OPEN, FIRST: ItemNow(cents("2417.18"))}
_DISPUTED = {**OPEN, SECOND: ItemNow(cents("860.40"), disputed=cents("0.01"))}


class TestWhetherItMayLeave:
    def test_open_undisputed_and_unheld_it_leaves_by_the_preferred_channel(self):
        assert given().when() == Send("email", 1)

    def test_it_waits_until_matching_is_read_to_its_tick(self):
        """Guard: the tick comes before the look at the items, which may be of a past that is over."""
        assert given().when(tick_read=False, items={}) == Wait(
            "matching's events of 2026-04-20 are not read yet"
        )

    @pytest.mark.parametrize(
        ("known", "reason"),
        [
            ({"items": {SECOND: OPEN[SECOND]}}, f"{FIRST} is settled"),
            ({"items": {**OPEN, FIRST: ItemNow(cents("0"))}}, f"{FIRST} is settled"),
            ({"items": _PARTLY}, f"{FIRST} is partly paid"),
            ({"items": _DISPUTED}, f"{SECOND} is in dispute"),
            (
                {"holds": ("120.00 EUR of 2026-04-18 may be theirs",)},
                "120.00 EUR of 2026-04-18 may be theirs",
            ),
            ({"taken_back": "a promise was made"}, "a promise was made"),
        ],
    )
    def test_what_was_paid_disputed_or_held_meanwhile_is_withdrawn(self, known, reason):
        """Guards: each question of `reasons_to_withdraw`."""
        assert given().when(**known) == Withdraw((reason,))

    def test_a_retry_is_checked_again(self):
        failed = SendFailed(ID, 1, "email", "down", for_good=False, next_at=NOON)
        assert isinstance(given(started("email"), failed).when(later(minutes=5), items=_PARTLY), Withdraw)

    def test_a_part_in_dispute_that_was_left_out_of_the_message_does_not_hold_it(self):
        more = {**OPEN, SECOND: ItemNow(cents("900.40"), disputed=cents("40.00"))}
        assert given().when(items=more) == Send("email", 1)

    def test_an_invoice_leaves_also_while_money_is_held(self):
        assert given(step="invoice").when(items={}, holds=("money of somebody",)) == Send("email", 1)

    def test_all_reasons_are_given(self):
        decided = given().when(items={}, holds=("held",))
        assert decided == Withdraw(("held", f"{FIRST} is settled", f"{SECOND} is settled"))


class TestWhenItLeaves:
    @pytest.mark.parametrize(
        ("now", "until"),
        [
            (datetime(2026, 4, 20, 17, 0, tzinfo=UTC), datetime(2026, 4, 21, 6, 0, tzinfo=UTC)),
            (datetime(2026, 4, 20, 3, 0, tzinfo=UTC), datetime(2026, 4, 20, 6, 0, tzinfo=UTC)),
            (datetime(2026, 4, 25, 17, 30, tzinfo=UTC), datetime(2026, 4, 27, 6, 0, tzinfo=UTC)),
            # The night in which the clocks go forward, and that in which they go back.
            (datetime(2026, 3, 28, 20, 0, tzinfo=UTC), datetime(2026, 3, 30, 6, 0, tzinfo=UTC)),
            (datetime(2026, 10, 24, 20, 0, tzinfo=UTC), datetime(2026, 10, 26, 7, 0, tzinfo=UTC)),
            (datetime(2026, 12, 31, 20, 0, tzinfo=UTC), datetime(2027, 1, 2, 7, 0, tzinfo=UTC)),
        ],
    )
    def test_in_quiet_hours_it_waits_for_the_morning_of_the_customers_place(self, now, until):
        hours = QuietHours(ZoneInfo("Europe/Paris"), holidays=frozenset({date(2027, 1, 1)}))
        assert hours.quiet_until("email", now) == until
        assert hours.quiet_until("email", until) is None
        assert hours.quiet_until("letter", now) is None

    def test_quiet_hours_hold_the_message_and_say_so(self):
        assert given().when(later(hours=8)) == Wait("quiet hours", datetime(2026, 4, 21, 6, 0, tzinfo=UTC))

    def test_hours_that_are_none_are_refused(self):
        with pytest.raises(ValueError, match="begin before they end"):
            QuietHours(ZoneInfo("Europe/Paris"), begins=time(19), ends=time(8))
        every_day = frozenset(date(2026, 4, 20) + timedelta(days=n) for n in range(60))
        with pytest.raises(ValueError, match="no day of 30"):
            QuietHours(ZoneInfo("Europe/Paris"), holidays=every_day).quiet_until("sms", NOON)

    def test_while_its_provider_is_down_it_waits(self):
        until = later(minutes=7)
        assert given().when(down_until={"email": until}) == Wait("the provider of email is down", until)
        assert given().when(down_until={"sms": until}) == Send("email", 1)

    def test_after_a_failure_it_waits_longer_each_time_and_has_another_try(self):
        delivery = given(started("email")).delivery
        failed = concluded(delivery, "email", FailedForNow("451 later", False), Backoff(), NOON)
        assert isinstance(failed, SendFailed)
        waiting = given(started("email"), failed)
        assert waiting.when(later(seconds=59)) == Wait(
            "email failed, and is tried again later", failed.next_at
        )
        assert waiting.when(later(seconds=76)) == Send("email", 2)

    def test_the_pause_doubles_is_bounded_and_heeds_the_provider(self):
        pauses = [Backoff().pause(request_id(0), n).total_seconds() for n in (1, 2, 3, 9, 10, 1_000)]
        assert pauses == [60, 120, 240, 14_400, 14_400, 14_400]
        assert Backoff().pause(request_id(0), 1, 600).total_seconds() == 600
        assert Backoff().pause(request_id(0), 1, 10**9).total_seconds() == 86_400
        assert 60 < Backoff().pause(request_id(255), 1).total_seconds() < 75


class TestByWhichChannel:
    def test_without_an_address_the_next_channel_is_used(self):
        assert given().when(addresses=frozenset({"letter"})) == Send("letter", 1)

    def test_a_refused_address_falls_back(self):
        refused = SendFailed(ID, 1, "email", "550 no such user", for_good=True)
        assert given(started("email"), refused).when() == Send("sms", 2)

    def test_a_bounced_mail_falls_back_and_is_checked_again(self):
        bounce = MessageBounced(ID, "email", "5.1.1", address_is_bad=True)
        sent = given(started("email"), MessageHandedOver(ID, 1, "email"), bounce)
        assert sent.when() == Send("sms", 2)
        assert isinstance(sent.when(items=_PARTLY), Withdraw)

    def test_a_channel_that_failed_as_often_as_it_may_falls_back(self):
        assert given(attempts={"email": 20}, channel="email").when() == Send("sms", 1)

    def test_where_no_channel_is_left_a_person_is_told_why(self):
        decided = given(refused=frozenset({"email"}), attempts={"letter": 20}).when(
            addresses=KNOWN.addresses - {"sms"}
        )
        assert decided == GiveUp(
            "email was refused or bounced, no address for sms, letter was tried 20 times"
        )

    def test_what_could_not_leave_for_days_is_given_up(self):
        assert given().when(later(days=5, seconds=1)) == GiveUp("it could not be delivered within 5 days")
        assert given().when(later(days=5)) == Send("email", 1)


class TestWhatWasStarted:
    def test_while_somebody_is_at_it_nobody_else_touches_it(self):
        assert given(started("email")).when(running=True) == Wait("it is being handed over")

    def test_a_mail_without_a_result_is_in_doubt(self):
        """Guard: email is not in `DEDUPLICATES`."""
        expected = Doubt("email", 1, "it was begun, and how it ended was not recorded")
        assert given(started("email")).when() == expected

    @pytest.mark.parametrize("channel", ["sms", "letter", "webhook"])
    def test_where_the_other_side_drops_repeats_it_is_repeated_under_its_number(self, channel):
        assert given(started(channel)).when(later(minutes=2)) == Send(channel, 1, repeat=True)

    def test_a_repeat_waits_its_pause(self):
        decided = given(started("sms")).when(later(seconds=30))
        assert isinstance(decided, Wait)

    def test_what_was_paid_meanwhile_is_never_repeated_but_doubted(self):
        """Guard: the look at the items in `_interrupted`."""
        decided = given(started("sms")).when(later(minutes=2), items=_PARTLY)
        assert decided == Doubt("sms", 1, f"it was begun, and must not be repeated: {FIRST} is partly paid")

    def test_repeats_end_in_doubt(self):
        facts = [started("sms") for _ in range(20)]
        assert isinstance(given(*facts).when(later(days=1)), Doubt)

    @pytest.mark.parametrize(
        "fact",
        [
            MessageHandedOver(ID, 1, "email"),
            DeliveryInDoubt(ID, 1, "email", "reset"),
            MessageWithdrawn(ID, ("paid",)),
            MessageUndeliverable(ID, "no address"),
        ],
    )
    def test_what_has_ended_stays_ended(self, fact):
        assert given(started("email"), fact).when(later(days=1)) == Done()

    def test_a_person_resolves_a_doubt(self):
        doubted = (started("email"), DeliveryInDoubt(ID, 1, "email", "reset"))
        assert given(*doubted, DoubtResolved(ID, True, "nina", "it is in the server's log")).when() == Done()
        assert given(*doubted, DoubtResolved(ID, False, "nina", "it is not")).when() == Send("email", 2)


class TestWhatAnOutcomeComesTo:
    def _concluded(self, channel, outcome, *before):
        delivery = given(*before, started(channel)).delivery
        return concluded(delivery, channel, outcome, Backoff(), NOON, "digest")

    def test_handed_over_with_what_was_sent(self):
        fact = self._concluded("email", HandedOver("42"))
        assert fact == MessageHandedOver(ID, 1, "email", "42", "digest")

    def test_a_mail_without_an_answer_is_in_doubt_a_keyed_message_stays_started(self):
        assert self._concluded("email", InDoubt("reset")) == DeliveryInDoubt(ID, 1, "email", "reset")
        assert self._concluded("sms", InDoubt("reset")) is None

    def test_refused_for_good(self):
        assert self._concluded("sms", Refused("400", "message")) == SendFailed(
            ID, 1, "sms", "400", for_good=True
        )

    def test_a_failing_repeat_says_nothing_of_the_try_before_and_opens_no_other_channel(self):
        """Guard: `unsure`; without it a letter would follow a short message that had arrived."""
        assert isinstance(self._concluded("sms", Refused("400", "message"), started("sms")), DeliveryInDoubt)
        assert self._concluded("sms", FailedForNow("503", True), started("sms")) is None


class TestBounces:
    def _bounced(self, *facts):
        return bounced(given(*facts).delivery, "email", "5.1.1", address_is_bad=True)

    def test_a_report_of_a_mail_that_was_handed_over_or_doubted_is_news(self):
        news = MessageBounced(ID, "email", "5.1.1", True)
        assert self._bounced(started("email"), MessageHandedOver(ID, 1, "email")) == news
        assert self._bounced(started("email"), DeliveryInDoubt(ID, 1, "email", "reset")) == news

    def test_a_second_report_is_none(self):
        """Guard: only what is with this channel bounces; a second report would send a third message."""
        once = (
            started("email"),
            MessageHandedOver(ID, 1, "email"),
            MessageBounced(ID, "email", "5.1.1", True),
        )
        assert self._bounced(*once) is None
        assert self._bounced(*once, started("sms", 2), MessageHandedOver(ID, 2, "sms")) is None

    def test_a_report_that_overtakes_the_result_is_asked_about_later(self):
        assert self._bounced(started("email")) == "later"


def test_the_policy_of_the_tests_is_that_of_the_service() -> None:
    assert POLICY.backoff == Backoff()
