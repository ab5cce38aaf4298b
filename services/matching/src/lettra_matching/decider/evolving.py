"""What matching's own events do to its state. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from lettra_events.contracts import Event
from lettra_events.contracts.matching import (
    CashApplied,
    CashPutOnAccount,
    CashTakenFromAccount,
    CreditApplied,
    DayProcessed,
    ItemOpened,
    PaymentTaken,
    PaymentUnmatched,
)
from lettra_events.decisions.tables import Change, change, put
from lettra_matching.domain import (
    DAYS,
    HELD,
    OPEN_ITEMS,
    PAYMENTS,
    Day,
    OpenItem,
    Payment,
    item_names,
)

ZERO = Decimal(0)


def evolve(event: Event) -> Iterable[Change[Any]]:
    """What an own event does to the state."""
    match event:
        case ItemOpened():
            names = item_names(event.entity_id, event.document_number, event.payment_reference)
            data = event.model_dump() | {"open": event.amount, "names": names}
            yield put(OPEN_ITEMS, OpenItem(**data))
        case PaymentTaken():
            yield put(PAYMENTS, _new_payment(event))
        case CashApplied():
            yield _settle(event.customer_id, event.item_id, event.amount, event.open_after)
            yield change(PAYMENTS, (event.payment_id,), lambda row: _applied(row, event.amount))
        case CreditApplied():
            yield _settle(event.customer_id, event.item_id, event.amount, event.open_after)
            yield _settle(event.customer_id, event.credit_item_id, event.amount, event.credit_open_after)
        case CashPutOnAccount():
            yield change(PAYMENTS, (event.payment_id,), lambda row: _on_account(row, event))
        case CashTakenFromAccount():
            yield change(PAYMENTS, (event.payment_id,), lambda row: _from_account(row, event.amount))
        case PaymentUnmatched():
            yield change(
                PAYMENTS,
                (event.payment_id,),
                lambda row: replace(row, reason=event.reason, waiting_for=event.waiting_for),
            )
        case DayProcessed():
            yield Change(DAYS, (event.business_date,), lambda row: _processed(row, event))


def _new_payment(event: PaymentTaken) -> Payment:
    return Payment(
        **event.model_dump(),
        applied=ZERO,
        on_account=ZERO,
        unapplied=event.amount,
        account_customer_id=None,
        reason=None,
        waiting_for=(),
    )


def _settle(customer_id: str, item_id: str, amount: Decimal, open_after: Decimal) -> Change[OpenItem]:
    def settle(row: OpenItem) -> OpenItem:
        if row.open - amount != open_after or open_after < 0:
            raise ValueError(f"{item_id}: {row.open} open less {amount} is not {open_after}")
        return replace(row, open=open_after)

    return change(OPEN_ITEMS, (customer_id, item_id), settle)


def _applied(row: Payment, amount: Decimal) -> Payment:
    after = replace(row, applied=row.applied + amount, unapplied=row.unapplied - amount)
    return after if after.available else replace(after, waiting_for=(), reason=None)


def _on_account(row: Payment, event: CashPutOnAccount) -> Payment:
    return replace(
        row,
        on_account=row.on_account + event.amount,
        unapplied=row.unapplied - event.amount,
        account_customer_id=event.customer_id,
        reason=event.evidence,
        waiting_for=event.waiting_for,
    )


def _from_account(row: Payment, amount: Decimal) -> Payment:
    return replace(
        row, on_account=row.on_account - amount, unapplied=row.unapplied + amount, account_customer_id=None
    )


def _processed(row: Day | None, event: DayProcessed) -> Day:
    before = row.processed if row is not None else ()
    done = tuple(sorted({*before, *event.entities}))
    return Day(event.business_date, done, HELD if event.held_back else None)
