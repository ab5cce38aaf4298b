"""Whatever crashes where, and whatever a provider answers: one request reaches its customer at most once.

A sender is played step by step as it will run: decide, commit `SendStarted`, hand over, commit the result. Chance
says where it dies and what happens to each hand-over. Providers with a key drop repeats; the mail server does not.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from deliveries_world import ID, KNOWN, NOON, OPEN, POLICY, REQUEST
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from lettra_notifications.decider import concluding, sending
from lettra_notifications.domain.deliveries import (
    DeliveryInDoubt,
    Fact,
    MessageUndeliverable,
    MessageWithdrawn,
    SendStarted,
    Status,
    fold,
    requested,
)
from lettra_notifications.domain.outcomes import FailedForNow, HandedOver, InDoubt, Outcome, Refused
from lettra_notifications.domain.values import DEDUPLICATES, Channel

Answer = Literal["taken", "taken, no answer", "lost, no answer", "refused", "for now"]
Crash = Literal["never", "before the hand-over", "after the hand-over", "after the result"]
_ANSWERS: list[Answer] = ["taken", "taken, no answer", "lost, no answer", "refused", "for now"]
_CRASHES: list[Crash] = ["never", "before the hand-over", "after the hand-over", "after the result"]


@dataclass(frozen=True)
class Turn:
    """What happens in one turn of a sender; `bounces`: the last mail is reported as not delivered before it."""

    answer: Answer
    crash: Crash
    paid: bool = False
    bounces: bool = False


@dataclass
class World:
    """The customer's channels, the durable log, what reached the customer, and which providers know the key."""

    channels: tuple[Channel, ...]
    facts: list[Fact] = field(default_factory=list)
    reached: list[Channel] = field(default_factory=list)
    keys: set[Channel] = field(default_factory=set)
    now: datetime = NOON
    paid_at: int | None = None

    def delivery(self):
        request = REQUEST.model_copy(update={"channels": self.channels})
        return fold(requested(request, NOON), self.facts)

    def hand_over(self, channel: Channel, answer: Answer) -> Outcome:
        if answer in {"taken", "taken, no answer"} and not (channel in _KEYED and channel in self.keys):
            self.keys.add(channel)
            self.reached.append(channel)
        outcomes: dict[Answer, Outcome] = {
            "taken": HandedOver(),
            "taken, no answer": InDoubt("reset"),
            "lost, no answer": InDoubt("reset"),
            "refused": Refused("550", "address"),
            "for now": FailedForNow("451", False),
        }
        return outcomes[answer]

    def bounce(self) -> None:
        """Only what reached nobody is reported as not delivered."""
        delivery = self.delivery()
        if delivery.status is Status.HANDED_OVER and delivery.channel == "email":
            self.reached.remove("email")
            fact = concluding.bounced(delivery, "email", "5.1.1", address_is_bad=True)
            if fact is not None and fact != "later":
                self.facts.append(fact)

    def turn(self, turn: Turn) -> None:
        self.now += timedelta(hours=4, minutes=59)
        if turn.bounces:
            self.bounce()
        if turn.paid and self.paid_at is None:
            self.paid_at = len(self.reached)
        delivery = self.delivery()
        known = replace(KNOWN, items={} if self.paid_at is not None else OPEN)
        match sending.decide(delivery, known, _AT_ALL_HOURS, self.now):
            case sending.Send(channel=channel, attempt=attempt):
                self._attempt(channel, attempt, turn)
            case sending.Withdraw(reasons=reasons):
                self.facts.append(MessageWithdrawn(ID, reasons))
            case sending.Doubt(channel=channel, attempt=attempt, reason=reason):
                self.facts.append(DeliveryInDoubt(ID, attempt, channel, reason))
            case sending.GiveUp(reason=reason):
                self.facts.append(MessageUndeliverable(ID, reason))

    def _attempt(self, channel: Channel, attempt: int, turn: Turn) -> None:
        self.facts.append(SendStarted(ID, attempt, channel, self.now))
        if turn.crash == "before the hand-over":
            return
        outcome = self.hand_over(channel, turn.answer)
        if turn.crash == "after the hand-over":
            return
        result = concluding.concluded(self.delivery(), channel, outcome, POLICY.backoff, self.now)
        if result is not None:
            self.facts.append(result)


_KEYED = frozenset(DEDUPLICATES)
_AT_ALL_HOURS = replace(POLICY, hours=replace(POLICY.hours, channels=frozenset()), lives=timedelta(days=365))
_turns = st.builds(
    Turn,
    answer=st.sampled_from(_ANSWERS),
    crash=st.sampled_from(_CRASHES),
    paid=st.sampled_from([False, False, False, True]),
    bounces=st.booleans(),
)
_orders = st.permutations(["email", "sms", "letter"]).map(tuple)
_History = tuple[tuple[Channel, ...], list[Turn]]
_histories = st.tuples(_orders, st.lists(_turns, min_size=1, max_size=12))


def _played(history: _History) -> World:
    channels, turns = history
    world = World(channels)
    for turn in turns:
        world.turn(turn)
    return world


@given(_histories)
@settings(max_examples=400)
def test_one_request_reaches_its_customer_at_most_once(history) -> None:
    world = _played(history)
    assert len(world.reached) <= 1


@given(_histories)
@settings(max_examples=120)
def test_after_the_payment_nothing_reaches_the_customer_any_more(history) -> None:
    world = _played(history)
    if world.paid_at is not None:
        assert len(world.reached) <= world.paid_at


@given(_histories)
@settings(max_examples=120)
def test_nothing_is_lost_it_was_sent_or_somebody_is_told(history) -> None:
    """However it went, once the providers take everything each request comes to an end that is recorded."""
    world = _played((history[0], [*history[1], *[Turn("taken", "never")] * 60]))
    status = world.delivery().status
    assert status in {Status.HANDED_OVER, Status.IN_DOUBT, Status.WITHDRAWN, Status.UNDELIVERABLE}
    if status is Status.HANDED_OVER:
        assert len(world.reached) == 1


def _twice(history: _History) -> bool:
    return len(_played(history).reached) > 1


_SEARCH = settings(max_examples=20_000, database=None, phases=[Phase.generate])


class TestTheGuardsAreSeenToFail:
    """The same play with a guard taken out finds a history in which the customer gets two messages."""

    def _found(self) -> list[Turn]:
        return find(_histories, _twice, settings=_SEARCH)[1]

    def test_if_mail_were_repeated_like_the_rest(self, monkeypatch):
        monkeypatch.setattr(sending, "DEDUPLICATES", DEDUPLICATES | {"email"})
        assert len(self._found()) >= 2

    def test_if_a_mail_without_an_answer_counted_as_failed(self, monkeypatch):
        real = concluding.concluded

        def careless(delivery, channel, outcome, backoff, now, digest=None):
            failed = FailedForNow("reset", False) if isinstance(outcome, InDoubt) else outcome
            return real(delivery, channel, failed, backoff, now, digest)

        monkeypatch.setattr(concluding, "concluded", careless)
        assert len(self._found()) >= 2

    def test_if_a_refused_repeat_opened_another_channel(self, monkeypatch):
        real = concluding.concluded

        def careless(delivery, channel, outcome, backoff, now, digest=None):
            return real(replace(delivery, unsure=False), channel, outcome, backoff, now, digest)

        monkeypatch.setattr(concluding, "concluded", careless)
        assert len(self._found()) >= 3
