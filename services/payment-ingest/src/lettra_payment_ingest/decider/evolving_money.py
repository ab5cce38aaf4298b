"""What own events on payments, announcements, payouts and advices do to the state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

from lettra_events.contracts import Event
from lettra_events.contracts.payments import (
    AnnouncementReplaced,
    AnnouncementWithdrawn,
    DebitBooked,
    PaymentAnnounced,
    PaymentDetailed,
    PaymentReceived,
    PaymentReturned,
    PayoutRegistered,
    PayoutSettled,
    RemittanceAdviceLinked,
    RemittanceAdviceReceived,
)
from lettra_events.decisions.tables import Change, change, put
from lettra_payment_ingest.bank.exact import plain
from lettra_payment_ingest.decider.returning import looks_returned
from lettra_payment_ingest.domain import (
    ADVICES,
    ANNOUNCEMENTS,
    ENTRY_KEYS,
    PAYMENTS,
    PAYOUTS,
    Advice,
    Announcement,
    EntryKey,
    Payment,
    Payout,
    account_stream,
)
from lettra_payment_ingest.domain.keys import by_batch, kept_max, of_announced, of_received

TO_REVIEW = "return"
_PAYMENT_FIELDS = frozenset(field.name for field in fields(Payment))
_ADVICE_FIELDS = frozenset(field.name for field in fields(Advice))


def evolve_money(event: Event) -> Iterable[Change[Any]]:
    """What an own event that is about no account and no statement does to the state."""
    match event:
        case PaymentReceived():
            yield put(PAYMENTS, payment_row(event))
            yield from _keyed_payment(event)
        case DebitBooked():
            yield put(PAYMENTS, payment_row(event))
        case PaymentReturned():
            yield Change(PAYMENTS, (event.return_id,), lambda row: _returning(event, row))
            yield change(
                PAYMENTS, (event.payment_id,), lambda row: replace(row, returned=row.returned + event.amount)
            )
        case PaymentDetailed():
            yield change(PAYMENTS, (event.payment_id,), lambda row: replace(row, detailed=True))
        case PaymentAnnounced():
            yield put(ANNOUNCEMENTS, announcement_row(event))
            yield from _keyed_announcement(event)
        case AnnouncementReplaced():
            yield change(ANNOUNCEMENTS, (event.announcement_id,), lambda row: _replaced(event, row))
        case AnnouncementWithdrawn():
            yield change(ANNOUNCEMENTS, (event.announcement_id,), _withdrawn)
        case PayoutRegistered():
            yield put(PAYOUTS, payout_row(event))
        case PayoutSettled():
            yield change(
                PAYOUTS,
                (event.payout_id,),
                lambda row: replace(row, open_on=None, entry_id=event.entry_id),
            )
        case RemittanceAdviceReceived():
            yield put(ADVICES, _advice(event))
        case RemittanceAdviceLinked():
            yield change(ADVICES, (event.advice_id,), lambda row: replace(row, payment_id=event.payment_id))
            yield change(PAYMENTS, (event.payment_id,), lambda row: replace(row, advice_id=event.advice_id))


def payment_row(event: PaymentReceived | DebitBooked) -> Payment:
    """The row of a payment as it is booked."""
    credit = isinstance(event, PaymentReceived)
    review = TO_REVIEW if isinstance(event, DebitBooked) and looks_returned(event) else None
    nothing = {"method": None, "part_of": None, "payout_id": None}
    own = {"returned": Decimal(0), "detailed": False, "advice_id": None, "returns": None, "review": review}
    return Payment(direction="credit" if credit else "debit", **(nothing | event.model_dump() | own))


def _returning(event: PaymentReturned, row: Payment | None) -> Payment:
    """The debit by which a payment went back: booked now, or before, without being known for that."""
    if row is not None:
        return replace(row, returns=event.payment_id, review=None)
    told = {name: value for name, value in event.model_dump().items() if name in _PAYMENT_FIELDS}
    amount = event.amount
    own = {"payment_id": event.return_id, "direction": "debit", "amount": amount, "returns": event.payment_id}
    nothing: dict[str, Any] = dict.fromkeys(_PAYMENT_FIELDS)
    counted = {"returned": Decimal(0), "detailed": False, "reversal": False, "return_reason": event.reason}
    return Payment(**(nothing | told | counted | own))


def _keyed_payment(event: PaymentReceived) -> Iterator[Change[Any]]:
    if event.account is not None:
        batch = (event.batch_size or 0) > 1
        for key in of_received(event, batch):
            yield _kept(event.account, event.currency, key, payment=event.payment_id)


def _keyed_announcement(event: PaymentAnnounced) -> Iterator[Change[Any]]:
    """Those of a payout are found by it alone."""
    if event.payout_id is not None:
        return
    for key in of_announced(event):
        yield _kept(event.account, event.currency, key, announcement=event.announcement_id)
    if event.batch_ref is not None:
        yield _kept(
            event.account, event.currency, by_batch(event.batch_ref), announcement=event.announcement_id
        )


def _kept(account: str, currency: str, key: str, announcement: str = "", payment: str = "") -> Change[Any]:
    def add(row: EntryKey | None) -> EntryKey:
        before = row or EntryKey(account, currency, key, (), ())
        most = kept_max(key)
        announcements = (*before.announcements, announcement) if announcement else before.announcements
        payments = (*before.payments, payment) if payment else before.payments
        return replace(before, announcements=announcements[-most:], payments=payments[-most:])

    return Change(ENTRY_KEYS, (account, currency, key), add)


def announcement_row(event: PaymentAnnounced) -> Announcement:
    """The row of announced money."""
    return Announcement(
        state="open",
        open_on=account_stream(event.account, event.currency),
        payment_id=None,
        **event.model_dump(),
    )


def _replaced(event: AnnouncementReplaced, row: Announcement) -> Announcement:
    return replace(row, state="replaced", open_on=None, payment_id=event.payment_id)


def _withdrawn(row: Announcement) -> Announcement:
    return replace(row, state="withdrawn", open_on=None)


def payout_row(event: PayoutRegistered) -> Payout:
    """The row of an expected payout."""
    told = event.model_dump(exclude={"payments"})
    return Payout(open_on=account_stream(event.account, event.currency), entry_id=None, **told)


def _advice(event: RemittanceAdviceReceived) -> Advice:
    lines = tuple(f"{line.document_number} {plain(line.amount)}" for line in event.lines)
    told = {
        name: value for name, value in event.model_dump(exclude={"lines"}).items() if name in _ADVICE_FIELDS
    }
    return Advice(lines=lines, payment_id=None, **told)
