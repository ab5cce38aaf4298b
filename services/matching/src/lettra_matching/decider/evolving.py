"""What matching's own events do to its state. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from lettra_events.contracts import Event
from lettra_events.contracts import matching as said
from lettra_events.decisions.tables import Change, change, changed, put, remove
from lettra_matching.candidates import item_marks, payer_marks
from lettra_matching.domain import (
    ACCOUNT_DAYS,
    ALLOCATIONS,
    DAYS,
    HELD,
    HOLDS,
    OPEN_ITEMS,
    PAYERS,
    PAYMENTS,
    PROPOSALS,
    RULES,
    AccountDay,
    Allocation,
    Day,
    Hold,
    KnownPayer,
    OpenItem,
    Payment,
    Proposal,
    RulesOfEntity,
)
from lettra_matching.domain.items import moves_with

ZERO = Decimal(0)


def evolve(event: Event) -> Iterable[Change[Any]]:
    """What an own event does to the state: each family of events is folded by a function of its own."""
    yield from _item(event)
    yield from _settling(event)
    yield from _account(event)
    yield from _payment(event)
    yield from _proposal(event)
    yield from _around(event)


# -- items ------------------------------------------------------------------------------------------------------


def _item(event: Event) -> Iterator[Change[Any]]:
    match event:
        case said.ItemOpened():
            yield put(OPEN_ITEMS, new_item(event))
        case said.ItemDisputed():
            yield _of_item(event, lambda row: changed(row, disputed=event.disputed))
        case said.ItemSettled():
            yield _of_item(event, lambda row: changed(row, lettrage=event.lettrage, settled_on=event.date))
        case said.ItemReopened():
            yield _of_item(event, lambda row: changed(row, lettrage=None, settled_on=None))


def new_item(event: said.ItemOpened) -> OpenItem:
    """The row of an item that is open as a whole."""
    row = OpenItem(
        **event.model_dump(),
        open=event.amount,
        disputed=ZERO,
        marks=(),
        payable_by=event.customer_id,
        lettrage=None,
        settled_on=None,
        reopened_on=event.issue_date,
        moves=(),
    )
    return changed(row, marks=item_marks(row))


def _of_item(event: Any, how: Any) -> Change[OpenItem]:
    return change(OPEN_ITEMS, (event.customer_id, event.item_id), how)


def _settling(event: Event) -> Iterator[Change[Any]]:
    """What is open of items: it falls and rises by exactly what the event says."""
    match event:
        case said.CashApplied() | said.ItemWrittenOff():
            yield from _move(event, event.item_id, -event.amount, event.open_after)
        case said.CashUnapplied() | said.WriteOffReversed():
            yield from _move(event, event.item_id, event.amount, event.open_after)
        case said.CreditApplied():
            yield from _move(event, event.item_id, -event.amount, event.open_after)
            yield from _move(event, event.credit_item_id, -event.amount, event.credit_open_after)
        case said.CreditUnapplied():
            yield from _move(event, event.item_id, event.amount, event.open_after)
            yield from _move(event, event.credit_item_id, event.amount, event.credit_open_after)


def _move(event: Any, item_id: str, by: Decimal, open_after: Decimal) -> Iterator[Change[Any]]:
    def moved(row: OpenItem) -> OpenItem:
        if row.open + by != open_after:
            raise ValueError(f"{item_id}: {row.open} open and {by} more is not {open_after}")
        after = changed(
            row,
            open=open_after,
            payable_by=row.customer_id if open_after else None,
            reopened_on=max(row.reopened_on, event.date) if by > 0 else row.reopened_on,
            moves=moves_with(row.moves, event.date, by),
        )
        return changed(after, marks=item_marks(after))

    yield change(OPEN_ITEMS, (event.customer_id, item_id), moved)


# -- money on account -------------------------------------------------------------------------------------------


def _account(event: Event) -> Iterator[Change[Any]]:
    match event:
        case said.CashPutOnAccount():
            yield _of_payment(event, lambda row: _put_on_account(row, event))
            yield _account_day(event, event.amount)
        case said.CashTakenFromAccount():
            yield _of_payment(event, lambda row: _off_account(row, event, unapplied=event.amount))
            yield _account_day(event, -event.amount)
        case said.CashRefunded():
            yield _of_payment(event, lambda row: _off_account(row, event, refunded=event.amount))
            yield _account_day(event, -event.amount)


def _put_on_account(row: Payment, event: said.CashPutOnAccount) -> Payment:
    if row.account_customer_id not in (None, event.customer_id):
        raise ValueError(f"payment {row.payment_id} is on account of {row.account_customer_id} already")
    return changed(
        row,
        on_account=row.on_account + event.amount,
        unapplied=row.unapplied - event.amount,
        account_customer_id=event.customer_id,
        assigned_to=event.customer_id if event.who is not None else row.assigned_to,
        reason=event.evidence,
        waiting_for=event.waiting_for,
        moved_on=max(row.moved_on, event.date),
    )


def _off_account(
    row: Payment,
    event: said.CashTakenFromAccount | said.CashRefunded,
    unapplied: Decimal = ZERO,
    refunded: Decimal = ZERO,
) -> Payment:
    left = row.on_account - event.amount
    return _quiet_if_spent(
        changed(
            row,
            on_account=left,
            unapplied=row.unapplied + unapplied,
            refunded=row.refunded + refunded,
            account_customer_id=row.account_customer_id if left else None,
            moved_on=max(row.moved_on, event.date),
        )
    )


def _quiet_if_spent(row: Payment) -> Payment:
    """Money that is all put to use waits for nothing."""
    return row if row.available or row.announced else changed(row, waiting_for=(), reason=None)


def _account_day(event: Any, by: Decimal) -> Change[AccountDay]:
    key = (event.customer_id, event.entity_id, event.currency, event.date)

    def add(row: AccountDay | None) -> AccountDay:
        return AccountDay(*key, (row.change if row is not None else ZERO) + by)

    return Change(ACCOUNT_DAYS, key, add)


# -- payments ---------------------------------------------------------------------------------------------------


def _payment(event: Event) -> Iterator[Change[Any]]:
    match event:
        case said.PaymentTaken():
            yield _came(event, received=event.amount)
        case said.PaymentTransferredIn():
            yield _came(event, transferred_in=event.amount)
        case said.MoneyAnnounced():
            yield Change(PAYMENTS, (event.payment_id,), lambda row: _announced(row, event))
        case said.AdviceTaken():
            yield _of_payment(event, lambda row: _advised(row, event))
        case said.AnnouncementClosed():
            yield _of_payment(event, lambda row: _quiet_if_spent(changed(row, announced=ZERO)))
        case said.PaymentUnmatched():
            yield _of_payment(
                event, lambda row: changed(row, reason=event.reason, waiting_for=event.waiting_for)
            )
        case said.CashApplied():
            yield _of_payment(event, lambda row: _applied(row, event.amount, event.line, event.date))
            yield put(ALLOCATIONS, _allocation(event))
        case said.CashUnapplied():
            yield _of_payment(event, lambda row: _applied(row, -event.amount, row.lines, event.date))
            yield _of_allocation(event, lambda row: changed(row, amount=row.amount - event.amount))
        case said.CreditApplied(payment_id=str()):
            yield _of_payment(event, lambda row: _applied(row, ZERO, event.line or 0, event.date))
            yield put(ALLOCATIONS, _deduction(event))
        case said.CreditUnapplied():
            yield _of_allocation(event, lambda row: changed(row, amount=row.amount - event.amount))
        case said.ItemWrittenOff(payment_id=str()):
            yield _of_allocation(
                event,
                lambda row: changed(
                    row, written_off=row.written_off + event.amount, write_off_type=event.write_off_type
                ),
            )
        case said.WriteOffReversed(payment_id=str()):
            yield _of_allocation(event, lambda row: changed(row, written_off=row.written_off - event.amount))
        case said.PaymentSentBack():
            yield _of_payment(event, lambda row: _left(row, event.amount, event.date, returned=event.amount))
        case said.PaymentTransferredOut():
            yield _of_payment(
                event, lambda row: _left(row, event.amount, event.date, transferred_out=event.amount)
            )
        case said.PaymentSplit():
            yield _of_payment(
                event, lambda row: _left(row, event.amount, row.moved_on, transferred_out=event.amount)
            )


def _of_payment(event: Any, how: Any) -> Change[Payment]:
    return change(PAYMENTS, (event.payment_id,), how)


def _of_allocation(event: Any, how: Any) -> Change[Allocation]:
    return change(ALLOCATIONS, (event.payment_id, event.line), how)


_NOTHING: dict[str, Any] = {
    "received": ZERO,
    "transferred_in": ZERO,
    "applied": ZERO,
    "on_account": ZERO,
    "unapplied": ZERO,
    "returned": ZERO,
    "refunded": ZERO,
    "transferred_out": ZERO,
    "announced": ZERO,
    "lines": 0,
    "account_customer_id": None,
    "assigned_to": None,
    "advice": (),
    "advice_text": None,
    "reason": None,
    "waiting_for": (),
    "barred": (),
    "held_for": (),
}
_SAID_OF_PAYMENT = (
    "payment_id",
    "entity_id",
    "booking_date",
    "value_date",
    "currency",
    "counterparty_name",
    "counterparty_iban",
    "structured_reference",
    "remittance",
    "end_to_end_id",
)


def _came(event: said.PaymentTaken | said.PaymentTransferredIn, **came: Decimal) -> Change[Payment]:
    said_of_it = {name: getattr(event, name) for name in _SAID_OF_PAYMENT}
    whereabouts = {"unapplied": event.amount, "moved_on": event.booking_date}
    return put(PAYMENTS, Payment(**(_NOTHING | said_of_it | came | whereabouts)))


def _announced(row: Payment | None, event: said.MoneyAnnounced) -> Payment:
    if row is not None:
        return changed(row, announced=event.amount)
    said_of_it = {name: getattr(event, name, None) for name in _SAID_OF_PAYMENT}
    whereabouts = {"booking_date": event.date, "moved_on": event.date, "announced": event.amount}
    return Payment(**(_NOTHING | said_of_it | whereabouts))


def _applied(row: Payment, amount: Decimal, line: int, on: date) -> Payment:
    after = changed(
        row,
        applied=row.applied + amount,
        unapplied=row.unapplied - amount,
        lines=max(row.lines, line),
        moved_on=max(row.moved_on, on),
    )
    return _quiet_if_spent(after)


def _left(row: Payment, amount: Decimal, on: date, **went: Decimal) -> Payment:
    so_far = {name: getattr(row, name) + more for name, more in went.items()}
    moved_on = max(row.moved_on, on)
    return _quiet_if_spent(changed(row, unapplied=row.unapplied - amount, moved_on=moved_on, **so_far))


def _advised(row: Payment, event: said.AdviceTaken) -> Payment:
    """Of a message without lines its text is read as the payment's own is."""
    lines = (*row.advice, *(line.model_dump_json() for line in event.lines))
    return changed(row, advice=lines, advice_text=row.advice_text if event.lines else event.text)


def _allocation(event: said.CashApplied) -> Allocation:
    return Allocation(
        payment_id=event.payment_id,
        line=event.line,
        customer_id=event.customer_id,
        item_id=event.item_id,
        credit_item_id=None,
        amount=event.amount,
        written_off=ZERO,
        write_off_type=None,
        date=event.date,
        rule=event.rule,
        evidence=event.evidence,
        confidence=event.confidence,
        rules_version=event.rules_version,
        who=event.who,
    )


def _deduction(event: said.CreditApplied) -> Allocation:
    return Allocation(
        payment_id=event.payment_id or "",
        line=event.line or 0,
        customer_id=event.customer_id,
        item_id=event.item_id,
        credit_item_id=event.credit_item_id,
        amount=event.amount,
        written_off=ZERO,
        write_off_type=None,
        date=event.date,
        rule=None,
        evidence=None,
        confidence=None,
        rules_version=None,
        who=None,
    )


# -- proposals and holds ----------------------------------------------------------------------------------------


def _proposal(event: Event) -> Iterator[Change[Any]]:
    match event:
        case said.MatchProposed():
            yield put(PROPOSALS, _proposed(event))
            yield _of_payment(
                event, lambda row: changed(row, reason=event.evidence, waiting_for=event.waiting_for)
            )
        case said.ProposalConfirmed() | said.ProposalWithdrawn():
            yield remove(PROPOSALS, (event.payment_id,))
        case said.ProposalRefused():
            yield remove(PROPOSALS, (event.payment_id,))
            yield _of_payment(event, lambda row: _barred(row, event.items))
        case said.MatchUndone():
            yield _of_payment(event, lambda row: _barred(row, event.items))
        case said.HoldPlaced():
            yield put(HOLDS, Hold(**event.model_dump()))
            yield _of_payment(
                event, lambda row: changed(row, held_for=tuple(sorted({*row.held_for, event.customer_id})))
            )
        case said.HoldReleased():
            yield remove(HOLDS, (event.customer_id, event.payment_id))
            yield _of_payment(
                event,
                lambda row: changed(row, held_for=tuple(c for c in row.held_for if c != event.customer_id)),
            )


def _proposed(event: said.MatchProposed) -> Proposal:
    return Proposal(
        payment_id=event.payment_id,
        entity_id=event.entity_id,
        currency=event.currency,
        lines=tuple(line.model_dump_json() for line in event.lines),
        rule=event.rule,
        evidence=event.evidence,
        confidence=event.confidence,
        solutions=event.solutions,
        rules_version=event.rules_version,
    )


def _barred(row: Payment, items: Iterable[str]) -> Payment:
    return changed(row, barred=tuple(sorted({*row.barred, *items})))


# -- payers, rules, days ----------------------------------------------------------------------------------------


def _around(event: Event) -> Iterator[Change[Any]]:
    match event:
        case said.PayerStated():
            yield Change(PAYERS, (event.customer_id,), lambda row: _stated(row, event))
        case said.PayerLearned():
            yield change(PAYERS, (event.customer_id,), lambda row: _learned(row, event))
        case said.PayerForgotten():
            yield change(PAYERS, (event.customer_id,), lambda row: _forgotten(row, event.payment_id))
        case said.RulesChanged():
            changes = tuple(sorted(f"{rule.name}={rule.value}" for rule in event.rules))
            yield put(RULES, RulesOfEntity(event.entity_id, event.version, changes))
        case said.DayProcessed():
            yield Change(DAYS, (event.business_date,), lambda row: _processed(row, event))


def _stated(row: KnownPayer | None, event: said.PayerStated) -> KnownPayer:
    known = row or _unknown(event.customer_id)
    return _marked(changed(known, **event.model_dump()))


def _learned(known: KnownPayer, event: said.PayerLearned) -> KnownPayer:
    taught = f"{event.serves_from.isoformat()} {event.payment_id}"
    if event.iban is not None:
        known = changed(known, learned_ibans=(*known.learned_ibans, f"{taught} {event.iban}"))
    if event.alias is not None:
        known = changed(known, learned_aliases=(*known.learned_aliases, f"{taught} {event.alias}"))
    return _marked(known)


def _forgotten(known: KnownPayer, payment_id: str) -> KnownPayer:
    def others(learned: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(text for text in learned if text.split(" ", 2)[1] != payment_id)

    return _marked(
        changed(
            known, learned_ibans=others(known.learned_ibans), learned_aliases=others(known.learned_aliases)
        )
    )


def _unknown(customer_id: str) -> KnownPayer:
    return KnownPayer(
        customer_id=customer_id,
        name="",
        siren=None,
        vat_number=None,
        ibans=(),
        group_id=None,
        learned_ibans=(),
        learned_aliases=(),
        marks=(),
    )


def _marked(row: KnownPayer) -> KnownPayer:
    return changed(row, marks=payer_marks(row))


def _processed(row: Day | None, event: said.DayProcessed) -> Day:
    before = row.processed if row is not None else ()
    done = tuple(sorted({*before, *event.entities}))
    return Day(event.business_date, done, HELD if event.held_back else None)
