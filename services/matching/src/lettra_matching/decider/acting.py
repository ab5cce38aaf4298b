"""What people decide about payments, as events. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel

from lettra_events.contracts import Event
from lettra_events.contracts import matching as said
from lettra_events.contracts.matching import ProposedLine
from lettra_events.service.rejection import Rejected
from lettra_matching.decider.concluding import effective_date, holds, take_back, withdraw
from lettra_matching.decider.settling import Basis, Share, cash_of, settle
from lettra_matching.decider.teaching import Payers, forget, teach_by_person
from lettra_matching.decider.undoing import undo
from lettra_matching.decider.waiting import OF_A_CUSTOMER
from lettra_matching.domain import Allocation, OpenItem, Payment, Proposal, RulesOfEntity
from lettra_matching.domain.commands import Act, Allocate, ChangeRules, Refund, Transfer
from lettra_matching.domain.rules import changed_rules

ZERO = Decimal(0)
CERTAIN = Decimal(1)
Items = Mapping[str, OpenItem]


class Done(BaseModel):
    """Where the payment's money is once the act is done."""

    payment_id: str
    applied: Decimal
    on_account: Decimal
    unapplied: Decimal

    @staticmethod
    def of(payment: Payment) -> Done:
        return Done(
            payment_id=payment.payment_id,
            applied=payment.applied,
            on_account=payment.on_account,
            unapplied=payment.unapplied,
        )


class RulesNow(BaseModel):
    """The version in force, and what it changes of the defaults."""

    entity_id: str
    version: int
    rules: dict[str, str]


def lines_of(proposal: Proposal) -> list[ProposedLine]:
    return [ProposedLine.model_validate_json(text) for text in proposal.lines]


def confirm(payment: Payment, proposal: Proposal, items: Items, payers: Payers, act: Act) -> list[Event]:
    """What was proposed is settled, as the person who confirmed it decided."""
    shares = _shares(lines_of(proposal), items, payment, "proposal-outdated")
    basis = Basis(
        rule=proposal.rule,
        evidence=proposal.evidence,
        confidence=proposal.confidence,
        solutions=proposal.solutions,
        rules_version=proposal.rules_version,
        who=act.who,
    )
    return [
        said.ProposalConfirmed(payment_id=payment.payment_id, who=act.who, why=act.why),
        *_settle_by_hand(payment, shares, basis, payers, act.business_date),
    ]


def refuse(payment: Payment, proposal: Proposal, act: Act) -> list[Event]:
    """The proposal is gone, and its items are barred to this payment."""
    items = tuple(sorted({line.item_id for line in lines_of(proposal)}))
    return [said.ProposalRefused(payment_id=payment.payment_id, items=items, who=act.who, why=act.why)]


def undo_all(
    payment: Payment, live: Sequence[Allocation], items: Items, payers: Payers, act: Act
) -> list[Event]:
    """All that the payment settles is open again, and what that taught is forgotten."""
    if not live:
        raise Rejected("nothing-to-undo", f"payment {payment.payment_id} settles nothing", status=409)
    undone = tuple(sorted({row.item_id for row in live}))
    on = effective_date(payment, items.values(), act.business_date)
    return [
        *undo(live, items, on),
        said.MatchUndone(payment_id=payment.payment_id, items=undone, date=on, who=act.who, why=act.why),
        *forget(payment, payers),
    ]


def allocate(
    payment: Payment,
    proposal: Proposal | None,
    items: Items,
    payers: Payers,
    command: Allocate,
    rules_version: int,
) -> list[Event]:
    """Settle what a person names, as far as it is open and the money goes."""
    shares = _shares(command.lines, items, payment, "not-open")
    basis = Basis("by_hand", command.why, CERTAIN, 1, rules_version, command.who)
    return [
        *withdraw(payment, proposal, "a person decided otherwise"),
        *_settle_by_hand(payment, shares, basis, payers, command.business_date),
    ]


def _settle_by_hand(
    payment: Payment, shares: Sequence[Share], basis: Basis, payers: Payers, decided_on: date
) -> Iterator[Event]:
    on = effective_date(payment, (share.item for share in shares), decided_on)
    cash = cash_of(shares)
    if not 0 <= cash <= payment.available:
        raise Rejected(
            "not-enough-money",
            f"{cash} {payment.currency} is to be settled, and {payment.available} of the payment is unapplied",
            status=409,
        )
    yield from holds(payment, (), payment.available)
    yield from take_back(payment, on)
    try:
        yield from settle(payment, shares, basis, on)
    except ValueError as error:
        raise Rejected("cannot-settle", str(error), status=409) from None
    yield from teach_by_person(payment, (share.item.customer_id for share in shares), payers, decided_on)


def _shares(lines: Sequence[ProposedLine], items: Items, payment: Payment, kind: str) -> list[Share]:
    """The lines over what is open now; refused where it is open no more, or is another entity's or currency's."""
    shares = []
    for index, line in enumerate(lines):
        item = items.get(line.item_id)
        wrong = _wrong(line, item, payment)
        if wrong or item is None:
            raise Rejected(kind, wrong or "", status=409, field=f"lines.{index}")
        shares.append(Share(item, line.settled, line.write_off, line.write_off_type))
    if len({share.item.item_id for share in shares}) < len(shares):
        raise Rejected(kind, "an item is named twice", status=409, field="lines")
    return shares


def _wrong(line: ProposedLine, item: OpenItem | None, payment: Payment) -> str | None:
    if item is None:
        return f"{line.customer_id} has no item {line.item_id}"
    if (item.entity_id, item.currency) != (payment.entity_id, payment.currency):
        theirs, ours = (f"{one.entity_id}'s in {one.currency}" for one in (item, payment))
        return f"{line.item_id} is {theirs}, the money {ours}"
    if line.settled > item.open:
        return f"{item.open} {item.currency} is open of {line.item_id}, not {line.settled}"
    if (line.write_off > 0) != (line.write_off_type is not None):
        return f"a write-off of {line.item_id} says why, and only a write-off does"
    if line.write_off > 0 and (line.write_off >= line.settled or item.kind == "credit_note"):
        return f"of {line.item_id} only a part of what is settled of an invoice can be given up"
    return None


def refund(payment: Payment, proposal: Proposal | None, command: Refund) -> list[Event]:
    """Unapplied cash of a customer goes back to it; a proposal that needs it stands no longer."""
    if payment.account_customer_id is None or command.amount > payment.on_account:
        raise Rejected(
            "not-on-account",
            f"{payment.on_account} {payment.currency} of payment {payment.payment_id} is on a customer's account",
            status=409,
            field="amount",
        )
    return [
        *withdraw(payment, proposal, "the money is paid back"),
        said.CashRefunded(
            customer_id=payment.account_customer_id,
            entity_id=payment.entity_id,
            currency=payment.currency,
            date=effective_date(payment, (), command.business_date),
            payment_id=payment.payment_id,
            amount=command.amount,
            who=command.who,
            why=command.why,
        ),
    ]


def transfer(
    payment: Payment, proposal: Proposal | None, command: Transfer, other_payment_id: str
) -> list[Event]:
    """Unapplied money becomes another customer's, or another entity's."""
    if command.amount > payment.available:
        raise Rejected(
            "not-enough-money",
            f"{payment.available} {payment.currency} of payment {payment.payment_id} is unapplied",
            status=409,
            field="amount",
        )
    on = effective_date(payment, (), command.business_date)
    if command.to_customer_id is not None:
        if command.amount != payment.available:
            raise Rejected(
                "whole-account", "money goes to another customer's account whole", status=409, field="amount"
            )
        return [*_leave(payment, proposal), *take_back(payment, on), _on_account(payment, command, on)]
    assert command.to_entity_id is not None, "one of the two is named"
    if command.to_entity_id == payment.entity_id:
        raise Rejected("same-entity", "the money is this entity's already", status=409, field="to_entity_id")
    return [
        *_leave(payment, proposal),
        *take_back(payment, on),
        *_to_entity(payment, command, command.to_entity_id, other_payment_id, on),
    ]


def _leave(payment: Payment, proposal: Proposal | None) -> Iterator[Event]:
    """A person said whose the money is: nothing is proposed for it, and nobody is held by it."""
    yield from withdraw(payment, proposal, "a person decided otherwise")
    yield from holds(payment, (), payment.available)


def _on_account(payment: Payment, command: Transfer, on: date) -> Event:
    assert command.to_customer_id is not None
    return said.CashPutOnAccount(
        customer_id=command.to_customer_id,
        entity_id=payment.entity_id,
        currency=payment.currency,
        date=on,
        payment_id=payment.payment_id,
        amount=command.amount,
        evidence=f"{command.who}: {command.why}",
        waiting_for=(f"{OF_A_CUSTOMER}{command.to_customer_id}",),
        who=command.who,
    )


def _to_entity(payment: Payment, command: Transfer, entity_id: str, other: str, on: date) -> Iterator[Event]:
    yield said.PaymentTransferredOut(
        payment_id=payment.payment_id,
        entity_id=payment.entity_id,
        to_entity_id=entity_id,
        to_payment_id=other,
        amount=command.amount,
        currency=payment.currency,
        date=on,
        who=command.who,
        why=command.why,
    )
    yield said.PaymentTransferredIn(
        payment_id=other,
        entity_id=entity_id,
        from_payment_id=payment.payment_id,
        amount=command.amount,
        currency=payment.currency,
        booking_date=on,
        value_date=payment.value_date,
        counterparty_name=payment.counterparty_name,
        counterparty_iban=payment.counterparty_iban,
        structured_reference=payment.structured_reference,
        remittance=payment.remittance,
        end_to_end_id=payment.end_to_end_id,
    )


def enough_for(payment: Payment, live: Sequence[Allocation], amount: Decimal) -> list[Allocation]:
    """The last allocations, as many as it takes for so much to be unapplied; all of them where that is everything."""
    if amount >= payment.available + payment.applied:
        return list(live)
    undone: list[Allocation] = []
    free = payment.available
    for row in sorted(live, key=lambda row: -row.line):
        if free >= amount:
            break
        undone.append(row)
        free += row.amount if row.credit_item_id is None else ZERO
    return undone


def send_back(
    payment: Payment, proposal: Proposal | None, amount: Decimal, booked: date, reason: str
) -> Iterator[Event]:
    """So much of what is unapplied is gone; never more than there is. Nobody is held by it any longer."""
    gone = min(amount, payment.available)
    on = effective_date(payment, (), booked)
    yield from withdraw(payment, proposal, "the money was returned")
    yield from holds(payment, (), payment.available)
    yield from take_back(payment, on)
    if gone > 0:
        yield said.PaymentSentBack(
            payment_id=payment.payment_id,
            entity_id=payment.entity_id,
            amount=gone,
            currency=payment.currency,
            date=on,
            reason=reason,
        )


def split(payment: Payment, proposal: Proposal | None, parts: Sequence[str]) -> Iterator[Event]:
    """The parts stand in the payment's place; nothing of it is left, and nobody is held by it."""
    yield from withdraw(payment, proposal, "the payment turned out to be several")
    yield from holds(payment, (), payment.available)
    yield from take_back(payment, payment.moved_on)
    if payment.available > 0:
        yield said.PaymentSplit(
            payment_id=payment.payment_id,
            entity_id=payment.entity_id,
            amount=payment.available,
            currency=payment.currency,
            parts=tuple(parts),
        )


def close_announcement(payment: Payment, reason: Literal["booked", "withdrawn"]) -> Iterator[Event]:
    """Announced money is booked, or will not come: it holds nobody any longer."""
    yield from holds(payment, (), payment.announced)
    yield said.AnnouncementClosed(payment_id=payment.payment_id, reason=reason)


def change_rules(
    present: RulesOfEntity | None, entity_id: str, command: ChangeRules
) -> tuple[Event | None, RulesNow]:
    """The next version; nothing where it is in force already."""
    version = present.version if present is not None else 0
    before = dict(text.split("=", 1) for text in present.changes) if present is not None else {}
    try:
        changed_rules(version + 1, command.rules)
    except ValueError as error:
        raise Rejected("invalid-rules", str(error), field="rules") from None
    if command.rules == before:
        return None, RulesNow(entity_id=entity_id, version=version, rules=before)
    changed = (said.ChangedRule(name=name, value=value) for name, value in sorted(command.rules.items()))
    event = said.RulesChanged(
        entity_id=entity_id, version=version + 1, rules=tuple(changed), who=command.who, why=command.why
    )
    return event, RulesNow(entity_id=entity_id, version=version + 1, rules=command.rules)
