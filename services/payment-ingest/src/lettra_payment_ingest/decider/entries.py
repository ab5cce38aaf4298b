"""Decisions on a booked credit: it is received in the place of what announced it, or split into its parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID, uuid5

from lettra_events.contracts import Event
from lettra_events.contracts.payments import AnnouncementReplaced, PaymentReceived
from lettra_payment_ingest.bank.exact import exact_sum
from lettra_payment_ingest.domain import Announcement, Payment

MAY_BE_EMPTY = ("end_to_end_id", "structured_reference", "counterparty_name", "counterparty_iban")


def part_id(payment_id: str, number: int) -> str:
    """The payment id of a part of an entry, counted from 1."""
    return str(uuid5(UUID(payment_id), f"part {number}"))


def split_batch(draft: PaymentReceived, parts: Sequence[Announcement]) -> list[Event]:
    """The batch as its parts, which were announced; nothing if these are not all of it."""
    waiting = sorted((p for p in parts if p.state == "open"), key=lambda p: (p.entry_ref, p.announcement_id))
    if len(waiting) < 2 or exact_sum(part.amount for part in waiting) != draft.amount:
        return []
    events: list[Event] = []
    for number, part in enumerate(waiting, 1):
        received = part_of(draft, part, number)
        events += [received, _replaced(part, received.payment_id, f"part of batch {draft.entry_ref}")]
    return events


def part_of(entry: PaymentReceived | Payment, part: Announcement, number: int) -> PaymentReceived:
    """A part of a booked entry, told by an announcement, as a payment of its own."""
    return PaymentReceived(
        payment_id=part_id(entry.payment_id, number),
        entity_id=entry.entity_id,
        account=entry.account,
        statement_id=entry.statement_id,
        entry_ref=part.entry_ref,
        booking_date=entry.booking_date,
        value_date=entry.value_date,
        amount=part.amount,
        currency=entry.currency,
        end_to_end_id=part.end_to_end_id,
        structured_reference=part.structured_reference,
        remittance=part.remittance,
        counterparty_name=part.counterparty_name,
        counterparty_iban=part.counterparty_iban,
        mandate_id=part.mandate_id,
        bank_transaction_code=entry.bank_transaction_code,
        method=part.method,
        part_of=entry.payment_id,
        payout_id=part.payout_id,
    )


def receive(draft: PaymentReceived, announced: Iterable[Sequence[Announcement]]) -> list[Event]:
    """The payment, and what announced it is replaced. `announced`: what bears each key, the strongest key first.

    Each kind of message may have announced it once, so one announcement of each kind is replaced, the oldest of those
    with the strongest key. Amount and day alone, the last key, say enough only where one announcement bears them.
    """
    replaced: dict[str, Announcement] = {}
    keys = list(announced)
    for strength, candidates in enumerate(keys, 1):
        weak = strength == len(keys)
        if weak and (len(candidates) != 1 or replaced):
            continue
        for each in sorted(candidates, key=lambda a: (a.announced_on, a.announcement_id)):
            if each.state == "open":
                replaced.setdefault(each.source, each)
    evidence = "the booked entry of the same reference, text or amount"
    events = [_replaced(each, draft.payment_id, evidence) for each in replaced.values()]
    return [_enriched(draft, replaced.values()), *events]


def is_bare(entry: PaymentReceived | Payment | Announcement) -> bool:
    """Whether nothing says who pays, or what for: the bank's own text says neither."""
    return not any(getattr(entry, name) for name in MAY_BE_EMPTY)


def _enriched(draft: PaymentReceived, announced: Iterable[Announcement]) -> PaymentReceived:
    """With what the announcement tells of the payer, where the entry itself tells nothing of him."""
    telling = next((each for each in announced if not is_bare(each)), None)
    if telling is None or not is_bare(draft):
        return draft
    told = {name: getattr(telling, name) for name in (*MAY_BE_EMPTY, "mandate_id")}
    return draft.model_copy(update=told | {"remittance": telling.remittance or draft.remittance})


def _replaced(announcement: Announcement, payment_id: str, evidence: str) -> AnnouncementReplaced:
    return AnnouncementReplaced(
        announcement_id=announcement.announcement_id,
        entity_id=announcement.entity_id,
        payment_id=payment_id,
        evidence=evidence,
    )
