"""What became of each payment, from matching's events: by customer, and what went to another legal entity."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from lettra_events.contracts import Event
from lettra_events.contracts.matching import (
    CashApplied,
    CashPutOnAccount,
    CashRefunded,
    CashTakenFromAccount,
    CashUnapplied,
    PaymentTransferredOut,
)
from lettra_events.decisions.tables import Change, Table
from lettra_events.kafka.reading import Context, types


@dataclass(frozen=True)
class PaymentUse:
    """What of a payment settles items of a customer, what is unapplied cash of his, and what was paid back to him."""

    payment_id: str
    customer_id: str
    currency: str
    applied: Decimal
    on_account: Decimal
    refunded: Decimal


@dataclass(frozen=True)
class PaymentTransfer:
    """How much of a payment was transferred to other legal entities."""

    payment_id: str
    transferred_out: Decimal


PAYMENT_USES: Table[PaymentUse] = Table("payment_uses", PaymentUse, key=("payment_id", "customer_id"))
PAYMENT_TRANSFERS: Table[PaymentTransfer] = Table("payment_transfers", PaymentTransfer, key=("payment_id",))
READS = types(
    CashApplied, CashUnapplied, CashPutOnAccount, CashTakenFromAccount, CashRefunded, PaymentTransferredOut
)

_NOTHING = Decimal(0)


def project(event: Event, _context: Context) -> Iterable[Change[Any]]:
    """Fold one of matching's events."""
    match event:
        case CashApplied():
            yield _add(event, applied=event.amount)
        case CashUnapplied():
            yield _add(event, applied=event.amount.copy_negate())
        case CashPutOnAccount():
            yield _add(event, on_account=event.amount)
        case CashTakenFromAccount():
            yield _add(event, on_account=event.amount.copy_negate())
        case CashRefunded():
            yield _add(event, on_account=event.amount.copy_negate(), refunded=event.amount)
        case PaymentTransferredOut():
            yield _transfer(event)


def _add(
    event: CashApplied | CashUnapplied | CashPutOnAccount | CashTakenFromAccount | CashRefunded,
    *,
    applied: Decimal = _NOTHING,
    on_account: Decimal = _NOTHING,
    refunded: Decimal = _NOTHING,
) -> Change[Any]:
    def sum_up(row: PaymentUse | None) -> PaymentUse:
        before = row or PaymentUse(
            event.payment_id, event.customer_id, event.currency, _NOTHING, _NOTHING, _NOTHING
        )
        return replace(
            before,
            applied=before.applied + applied,
            on_account=before.on_account + on_account,
            refunded=before.refunded + refunded,
        )

    return Change(PAYMENT_USES, (event.payment_id, event.customer_id), sum_up)


def _transfer(event: PaymentTransferredOut) -> Change[Any]:
    def sum_up(row: PaymentTransfer | None) -> PaymentTransfer:
        before = row.transferred_out if row is not None else _NOTHING
        return PaymentTransfer(event.payment_id, before + event.amount)

    return Change(PAYMENT_TRANSFERS, (event.payment_id,), sum_up)
