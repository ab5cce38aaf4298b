"""Decisions on a booked debit: it takes back what was received (R-transactions), or it is a debit like any other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from lettra_events.contracts.payments import DebitBooked, PaymentReturned
from lettra_payment_ingest.domain import Payment
from lettra_payment_ingest.domain.keys import bank_reference, by_end_to_end, by_mandate, by_reference

RETURN_CODES = frozenset({"RRTN", "UPDD", "UPCQ", "UPCT", "RPCR", "PRDD", "ARET", "AREV", "CQRV"})
"""Sub-families of ISO's bank transaction codes that say: money that was received goes back."""
REASON_NOT_SPECIFIED = "MS03"


def looks_returned(debit: DebitBooked) -> bool:
    """Whether a debit takes back what was received: by its reason, by its mark, or by the bank's code."""
    code = (debit.bank_transaction_code or "").rpartition("-")[2]
    return debit.return_reason is not None or debit.reversal or code in RETURN_CODES


def return_keys(debit: DebitBooked) -> Iterator[tuple[str, str]]:
    """The keys by which the original payment is looked for, the strongest first, each with what it is in words."""
    if debit.end_to_end_id is not None:
        yield by_end_to_end(debit.end_to_end_id), f"end-to-end reference {debit.end_to_end_id}"
    reference = bank_reference(debit.entry_ref)
    if reference is not None:
        yield by_reference(reference), f"bank reference {reference}"
    if debit.mandate_id is not None:
        for amount in _amounts(debit):
            yield by_mandate(debit.mandate_id, amount), f"mandate {debit.mandate_id}"


def take_back(
    debit: DebitBooked, payments: Callable[[str], Sequence[Payment]]
) -> DebitBooked | PaymentReturned:
    """The return of a payment that one key alone designates; else a debit like any other, for a person to look at.

    `payments` are those of a key. The bank may have added its charges to the debit; they are kept apart.
    """
    for key, words in return_keys(debit):
        alive = [p for p in payments(key) if _may_return(p, debit)]
        for amount in _amounts(debit):
            whole = [p for p in alive if p.left == amount]
            parts = [p for p in alive if p.left > amount]
            found = whole if whole else parts
            if len(found) == 1:
                return _returned(found[0], debit, amount, f"{words} and amount {amount}")
    return debit


def return_as_told(debit: Payment, original: Payment, who: str, why: str) -> PaymentReturned:
    """The return that a person says."""
    return PaymentReturned(
        payment_id=original.payment_id,
        return_id=debit.payment_id,
        entity_id=debit.entity_id,
        account=debit.account,
        statement_id=debit.statement_id,
        entry_ref=debit.entry_ref,
        booking_date=debit.booking_date,
        value_date=debit.value_date,
        amount=min(debit.amount, original.left),
        currency=debit.currency,
        charges=max(debit.amount - original.left, Decimal(0)) or debit.charges,
        reason=debit.return_reason or REASON_NOT_SPECIFIED,
        evidence=f"{who}: {why}",
    )


def _amounts(debit: DebitBooked) -> list[Decimal]:
    """How much went back: the debit, or the debit without the charges that the bank names in it."""
    without = debit.amount - debit.charges if debit.charges else debit.amount
    return list(dict.fromkeys((debit.amount, without))) if without > 0 else [debit.amount]


def _may_return(payment: Payment, debit: DebitBooked) -> bool:
    received = payment.direction == "credit" and not payment.detailed and payment.left > 0
    return received and payment.currency == debit.currency and payment.booking_date <= debit.booking_date


def _returned(original: Payment, debit: DebitBooked, amount: Decimal, evidence: str) -> PaymentReturned:
    return PaymentReturned(
        payment_id=original.payment_id,
        return_id=debit.payment_id,
        entity_id=debit.entity_id,
        account=debit.account,
        statement_id=debit.statement_id,
        entry_ref=debit.entry_ref,
        booking_date=debit.booking_date,
        value_date=debit.value_date,
        amount=amount,
        currency=debit.currency,
        charges=debit.charges,
        reason=debit.return_reason or REASON_NOT_SPECIFIED,
        evidence=evidence,
    )
