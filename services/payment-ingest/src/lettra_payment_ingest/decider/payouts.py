"""Decisions on payouts: many payments, one credit. Whichever comes first waits for the other; nothing counts twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID, uuid5

from lettra_events.contracts import Event
from lettra_events.contracts.payments import (
    AnnouncementReplaced,
    PaymentAnnounced,
    PaymentDetailed,
    PaymentPart,
    PaymentReceived,
    PayoutRegistered,
    PayoutSettled,
)
from lettra_payment_ingest.decider.entries import part_of
from lettra_payment_ingest.decider.evolving_money import announcement_row
from lettra_payment_ingest.domain import Account, Announcement, Payment, Payout, RegisterPayout

NAMESPACE = UUID("7d5f6d5a-0f0e-5e0f-8f52-0a5f3f7a9c11")
DAYS_BEFORE, DAYS_AFTER = 3, 15
"""Around the expected day, within which a credit without the payout's reference may still be its credit."""


def payout_id(command: RegisterPayout) -> str:
    """The same payout, however often it is sent."""
    words = (command.account, command.currency, command.provider, command.reference)
    return str(uuid5(NAMESPACE, "\x1f".join(words)))


def register(command: RegisterPayout, account: Account) -> tuple[PayoutRegistered, list[PaymentAnnounced]]:
    """The payout, and its payments as announced money."""
    identity = payout_id(command)
    registered = PayoutRegistered(
        payout_id=identity,
        entity_id=account.entity_id,
        account=command.account,
        currency=command.currency,
        provider=command.provider,
        reference=command.reference,
        method=command.method,
        expected_date=command.expected_date,
        gross=command.gross,
        fees=command.fees,
        net=command.net,
        payments=len(command.payments),
    )
    announced = [
        PaymentAnnounced(
            announcement_id=str(uuid5(UUID(identity), f"payment {each.reference}")),
            entity_id=account.entity_id,
            account=command.account,
            source="payout",
            entry_ref=each.reference,
            announced_on=command.expected_date,
            amount=each.amount,
            currency=command.currency,
            end_to_end_id=each.end_to_end_id,
            structured_reference=each.structured_reference,
            remittance=each.remittance,
            counterparty_name=each.counterparty_name,
            counterparty_iban=each.counterparty_iban,
            method=command.method,
            payout_id=identity,
        )
        for each in command.payments
    ]
    return registered, announced


def credit_of(payouts: Iterable[Payout], credit: PaymentReceived | Payment) -> tuple[Payout, str] | None:
    """The payout whose credit this is, and why: its amount, and its reference or its provider's name in the texts.

    By the name alone only where one payout is meant, about the expected day.
    """
    texts = (credit.entry_ref, credit.end_to_end_id, credit.structured_reference, credit.remittance)
    told = _folded(" ".join(text for text in (*texts, credit.counterparty_name) if text))
    amount = [
        p
        for p in payouts
        if (p.net, p.currency, p.account) == (credit.amount, credit.currency, credit.account)
    ]
    named = [p for p in amount if _folded(p.reference) in told]
    if len(named) == 1:
        return named[0], f"reference {named[0].reference} and amount {credit.amount}"
    near = [p for p in amount if _is_near(p, credit) and _folded(p.provider) in told]
    if not named and len(near) == 1:
        return near[0], f"provider {near[0].provider}, amount {credit.amount} and day"
    return None


def settle(
    payout: Payout, credit: PaymentReceived, parts: Sequence[Announcement], evidence: str
) -> list[Event]:
    """The credit is booked: its payments are received in its place."""
    events: list[Event] = []
    for number, part in enumerate(sorted(parts, key=lambda p: p.announcement_id), 1):
        received = part_of(credit, part, number)
        events.append(received)
        if part.state == "open":
            events.append(
                AnnouncementReplaced(
                    announcement_id=part.announcement_id,
                    entity_id=part.entity_id,
                    payment_id=received.payment_id,
                    evidence=f"payout {payout.reference} of {payout.provider}",
                )
            )
    return [*events, _settled(payout, credit, evidence)]


def detail_by_payout(
    registered: PayoutRegistered, announced: Sequence[PaymentAnnounced], payment: Payment, evidence: str
) -> list[Event]:
    """The credit had come before, as one payment: now its payments stand in its place."""
    parts = [part_of(payment, announcement_row(each), n) for n, each in enumerate(announced, 1)]
    detailed = PaymentDetailed(
        payment_id=payment.payment_id,
        entity_id=payment.entity_id,
        amount=payment.amount,
        currency=payment.currency,
        fees=registered.fees,
        parts=tuple(PaymentPart(payment_id=part.payment_id, amount=part.amount) for part in parts),
        evidence=f"payout {registered.reference} of {registered.provider}: {evidence}",
    )
    return [registered, detailed, *parts, _settled(registered, payment, evidence)]


def _settled(
    payout: Payout | PayoutRegistered, credit: PaymentReceived | Payment, evidence: str
) -> PayoutSettled:
    return PayoutSettled(
        payout_id=payout.payout_id,
        entity_id=payout.entity_id,
        account=payout.account,
        currency=payout.currency,
        entry_id=credit.payment_id,
        booking_date=credit.booking_date,
        gross=payout.gross,
        fees=payout.fees,
        net=payout.net,
        evidence=evidence,
    )


def _is_near(payout: Payout, credit: PaymentReceived | Payment) -> bool:
    first, last = payout.expected_date - timedelta(DAYS_BEFORE), payout.expected_date + timedelta(DAYS_AFTER)
    return first <= credit.booking_date <= last


def _folded(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
