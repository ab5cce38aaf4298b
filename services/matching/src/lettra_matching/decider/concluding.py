"""From the engine's decision on a payment to matching's events: what changes of what was decided before. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lettra_events.contracts import Event
from lettra_events.contracts import matching as said
from lettra_matching.decider.settling import Basis, Share, cash_of, settle, where_notes_exceed
from lettra_matching.decider.teaching import teach_by_rules
from lettra_matching.decider.waiting import waiting
from lettra_matching.domain import KnownPayer, OpenItem, Payment, Proposal
from lettra_matching.engine.model import Decision, MayBe

_PARTS_MAX = 20
"""How many sentences of evidence are kept."""


@dataclass(frozen=True, slots=True)
class Before:
    """What stands of the payment before the decision. `not_before`: the date of a person's act that led to it."""

    payment: Payment
    proposal: Proposal | None
    not_before: date | None = None


@dataclass(frozen=True, slots=True)
class Concerned:
    """The rows that the decision is about: the items of its lines by id, and their customers as payers by id."""

    items: Mapping[str, OpenItem]
    payers: Mapping[str, KnownPayer]


def conclude(before: Before, decision: Decision, concerned: Concerned) -> list[Event]:
    """What the decision changes; nothing where it says what stands already."""
    shares = [
        Share(concerned.items[line.item.item_id], line.settled, line.write_off, line.write_off_type)
        for line in decision.lines
    ]
    across = where_notes_exceed(shares)
    if across is not None:
        reason = f"{words(decision)}; but a credit note of {across} is not deducted from what others owe"
        return list(_hold(before, decision, reason))
    if decision.outcome == "applied":
        return list(_apply(before, decision, shares, concerned.payers))
    if decision.outcome == "proposed":
        return list(_propose(before, decision, shares))
    return list(_hold(before, decision, words(decision)))


def _apply(
    before: Before, decision: Decision, shares: list[Share], payers: Mapping[str, KnownPayer]
) -> Iterator[Event]:
    payment = before.payment
    on = effective_date(payment, (share.item for share in shares), before.not_before)
    rest = payment.available - cash_of(shares)
    yield from withdraw(before.payment, before.proposal, "something else was decided")
    yield from holds(payment, decision.may_be, rest)
    yield from take_back(payment, on)
    yield from settle(payment, shares, basis_of(decision), on)
    yield from teach_by_rules(payment, decision, payers)
    if rest > 0:
        yield from _put_away(payment, decision, words(decision), rest, on)


def _propose(before: Before, decision: Decision, shares: list[Share]) -> Iterator[Event]:
    payment, proposal = before.payment, before.proposal
    basis = basis_of(decision)
    lines = tuple(
        said.ProposedLine(
            customer_id=share.item.customer_id,
            item_id=share.item.item_id,
            settled=share.settled,
            write_off=share.write_off,
            write_off_type=share.write_off_type,
        )
        for share in shares
    )
    texts = tuple(line.model_dump_json() for line in lines)
    if proposal is None or (proposal.lines, proposal.evidence) != (texts, basis.evidence):
        yield said.MatchProposed(
            payment_id=payment.payment_id,
            entity_id=payment.entity_id,
            currency=payment.currency,
            lines=lines,
            waiting_for=waiting(payment, decision),
            rule=basis.rule,
            evidence=basis.evidence,
            confidence=basis.confidence,
            solutions=basis.solutions,
            rules_version=basis.rules_version,
        )
    yield from holds(payment, decision.may_be, payment.available)


def _hold(before: Before, decision: Decision, reason: str) -> Iterator[Event]:
    """Nothing is settled: money of a known payer goes on its account, nobody's is unmatched."""
    payment = before.payment
    yield from withdraw(payment, before.proposal, "it no longer fits")
    owner = payment.assigned_to or decision.rest_customer_id
    others = [one for one in decision.may_be if one.customer_id != owner]
    yield from holds(payment, others, payment.available)
    on = effective_date(payment, (), before.not_before)
    if owner is None:
        said_already = (payment.reason, payment.waiting_for) == (reason, waiting(payment, decision))
        if payment.on_account > 0 or not said_already:
            yield from take_back(payment, on)
            yield _nobodys(payment, decision, reason, payment.available)
    elif payment.account_customer_id != owner or payment.unapplied > 0:
        yield from take_back(payment, on)
        yield from _put_away(payment, decision, reason, payment.available, on)


def _put_away(payment: Payment, decision: Decision, reason: str, rest: Decimal, on: date) -> Iterator[Event]:
    owner = payment.assigned_to or decision.rest_customer_id
    if owner is None:
        yield _nobodys(payment, decision, reason, rest)
        return
    yield said.CashPutOnAccount(
        customer_id=owner,
        entity_id=payment.entity_id,
        currency=payment.currency,
        date=on,
        payment_id=payment.payment_id,
        amount=rest,
        evidence=reason,
        waiting_for=waiting(payment, decision),
    )


def _nobodys(payment: Payment, decision: Decision, reason: str, amount: Decimal) -> Event:
    return said.PaymentUnmatched(
        payment_id=payment.payment_id,
        entity_id=payment.entity_id,
        amount=amount,
        currency=payment.currency,
        reason=reason,
        waiting_for=waiting(payment, decision),
    )


# -- announced money --------------------------------------------------------------------------------------------


def announce(payment: Payment, decision: Decision) -> list[Event]:
    """Announced money is never applied: it holds everyone whose money it would be, once it is booked."""
    likely = {line.item.customer_id for line in decision.lines}
    if decision.rest_customer_id is not None:
        likely.add(decision.rest_customer_id)
    why = f"{payment.announced} {payment.currency} is announced: {words(decision)}"
    named = [MayBe(customer, why) for customer in sorted(likely)]
    others = [one for one in decision.may_be if one.customer_id not in likely]
    events = list(holds(payment, [*named, *others], payment.announced))
    if (payment.reason, payment.waiting_for) != (why, waiting(payment, decision)):
        events.append(_nobodys(payment, decision, why, payment.announced))
    return events


# -- pieces -----------------------------------------------------------------------------------------------------


def basis_of(decision: Decision) -> Basis:
    """Why the rules decided so."""
    return Basis(
        rule=decision.rule,
        evidence=words(decision),
        confidence=decision.confidence,
        solutions=decision.solutions,
        rules_version=decision.rules_version,
    )


def words(decision: Decision) -> str:
    """The evidence as one text."""
    return "; ".join(decision.evidence[:_PARTS_MAX])


def effective_date(payment: Payment, items: Iterable[OpenItem], not_before: date | None) -> date:
    """The business date of a movement: nothing moves before it was there, so no balance of a day is below zero."""
    dates = [payment.moved_on, *(item.reopened_on for item in items)]
    return max([*dates, not_before] if not_before is not None else dates)


def take_back(payment: Payment, on: date) -> Iterator[Event]:
    """Money on account goes back to its payment before it is used."""
    if payment.account_customer_id is not None:
        yield said.CashTakenFromAccount(
            customer_id=payment.account_customer_id,
            entity_id=payment.entity_id,
            currency=payment.currency,
            date=on,
            payment_id=payment.payment_id,
            amount=payment.on_account,
        )


def withdraw(payment: Payment, proposal: Proposal | None, reason: str) -> Iterator[Event]:
    """What was proposed for the payment, if anything, stands no longer."""
    if proposal is not None:
        yield said.ProposalWithdrawn(payment_id=payment.payment_id, reason=reason)


def holds(payment: Payment, may_be: Iterable[MayBe], amount: Decimal) -> Iterator[Event]:
    """Hold everyone whose money it may be, once; nobody else any longer."""
    reasons = {one.customer_id: one.why for one in may_be}
    for customer in sorted({*payment.held_for} - reasons.keys()):
        yield said.HoldReleased(
            customer_id=customer, entity_id=payment.entity_id, payment_id=payment.payment_id
        )
    for customer in sorted(reasons.keys() - {*payment.held_for}):
        yield said.HoldPlaced(
            customer_id=customer,
            entity_id=payment.entity_id,
            payment_id=payment.payment_id,
            amount=amount,
            currency=payment.currency,
            reason=reasons[customer],
        )
