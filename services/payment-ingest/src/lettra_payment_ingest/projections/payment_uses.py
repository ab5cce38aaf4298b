"""What became of each payment, from matching's events. One row a payment and customer."""

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
)
from lettra_events.decisions.tables import Change, Table
from lettra_events.kafka.reading import Context, types


@dataclass(frozen=True)
class PaymentUse:
    """What of a payment settles items of a customer, and what is unapplied cash of his."""

    payment_id: str
    customer_id: str
    currency: str
    applied: Decimal
    on_account: Decimal


PAYMENT_USES: Table[PaymentUse] = Table("payment_uses", PaymentUse, key=("payment_id", "customer_id"))
READS = types(CashApplied, CashUnapplied, CashPutOnAccount, CashTakenFromAccount, CashRefunded)

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
        case CashTakenFromAccount() | CashRefunded():
            yield _add(event, on_account=event.amount.copy_negate())


def _add(
    event: CashApplied | CashUnapplied | CashPutOnAccount | CashTakenFromAccount | CashRefunded,
    *,
    applied: Decimal = _NOTHING,
    on_account: Decimal = _NOTHING,
) -> Change[Any]:
    def sum_up(row: PaymentUse | None) -> PaymentUse:
        before = row or PaymentUse(event.payment_id, event.customer_id, event.currency, _NOTHING, _NOTHING)
        return replace(before, applied=before.applied + applied, on_account=before.on_account + on_account)

    return Change(PAYMENT_USES, (event.payment_id, event.customer_id), sum_up)
