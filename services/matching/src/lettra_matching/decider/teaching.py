"""What matches teach of who pays, and how it is forgotten again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta

from lettra_events.contracts import Event
from lettra_events.contracts import matching as said
from lettra_matching.candidates import incoming, payer_of
from lettra_matching.domain import KnownPayer, Payment
from lettra_matching.engine.learning import Learned, learned, learned_from, taught
from lettra_matching.engine.model import Decision

Payers = Mapping[str, KnownPayer]
"""Customers as payers, by id."""


def teach_by_rules(payment: Payment, decision: Decision, payers: Payers) -> Iterator[Event]:
    """What a match teaches that the rules found; it serves from the day after the payment's booking."""
    yield from _teach(payment, learned(incoming(payment), decision), payers)


def teach_by_person(
    payment: Payment, customers: Iterable[str], payers: Payers, decided_on: date
) -> Iterator[Event]:
    """What a match teaches that a person confirmed or made; it serves from the day after that."""
    earliest = decided_on + timedelta(days=1)
    lessons = learned_from(incoming(payment), sorted(set(customers)))
    later = (replace(each, serves_from=max(each.serves_from, earliest)) for each in lessons)
    yield from _teach(payment, later, payers)


def forget(payment: Payment, payers: Payers) -> Iterator[Event]:
    """Nothing is believed any more that this payment taught."""
    for customer in sorted(payers):
        known = payers[customer]
        texts = (*known.learned_ibans, *known.learned_aliases)
        if any(text.split(" ", 2)[1] == payment.payment_id for text in texts):
            yield said.PayerForgotten(customer_id=customer, payment_id=payment.payment_id)


def _teach(payment: Payment, lessons: Iterable[Learned], payers: Payers) -> Iterator[Event]:
    """Only what is new of a customer that is known."""
    for lesson in lessons:
        known = payers.get(lesson.customer_id)
        if known is None:
            continue
        before = payer_of(known)
        after = taught(before, lesson)
        if after == before:
            continue
        yield said.PayerLearned(
            customer_id=lesson.customer_id,
            iban=lesson.iban if after.ibans != before.ibans else None,
            alias=lesson.name if after.aliases != before.aliases else None,
            serves_from=lesson.serves_from,
            payment_id=payment.payment_id,
        )
