"""What a customer is after a decision: its own history folded, in the order in which it was decided. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from lettra_dunning.decider.decisions import (
    AgreementJudged,
    AgreementMade,
    AgreementWithdrawn,
    DecidedByRun,
    Decision,
    FilingTaskOpened,
    HoldsChanged,
    SalesTold,
    Taken,
)
from lettra_dunning.domain.agreements import Agreement
from lettra_dunning.domain.customers import Customer, Item, Touch
from lettra_dunning.domain.policy import OFFSET_DAYS_MAX

KEPT = timedelta(days=OFFSET_DAYS_MAX)
"""No interval and no cap looks further back than this."""


def evolve_all(customer: Customer, decisions: Iterable[Decision]) -> Customer:
    for decision in decisions:
        customer = evolve(customer, decision)
    return customer


def evolve(customer: Customer, decision: Decision) -> Customer:
    """The customer after one decision."""
    if isinstance(decision, AgreementMade):
        agreements = (*customer.agreements, decision.agreement)
        return replace(customer, agreements=agreements, heard_on=decision.agreement.made_on)
    if isinstance(decision, AgreementWithdrawn):
        return replace(customer, agreements=tuple(_withdrawn(one, decision) for one in customer.agreements))
    return replace(_after_run(customer, decision), decided_on=_date(decision))


def _withdrawn(agreement: Agreement, decision: AgreementWithdrawn) -> Agreement:
    is_it = agreement.agreement_id == decision.agreement_id
    return replace(agreement, state="withdrawn") if is_it else agreement


def _date(decision: DecidedByRun) -> date:
    return decision.inputs.business_date if isinstance(decision, Taken) else decision.business_date


def _after_run(customer: Customer, decision: DecidedByRun) -> Customer:
    if isinstance(decision, Taken):
        return _after_step(customer, decision)
    if isinstance(decision, HoldsChanged):
        return _after_holds(customer, decision)
    if isinstance(decision, AgreementJudged):
        return _after_judgment(customer, decision)
    if isinstance(decision, FilingTaskOpened):
        assert customer.insolvency is not None, "a claim is filed in proceedings"
        return replace(customer, insolvency=replace(customer.insolvency, told=True))
    return _after_telling(customer, decision)


def _after_step(customer: Customer, taken: Taken) -> Customer:
    levels = {line.item_id: line.level for line in taken.lines if line.step is not None}
    items = tuple(
        replace(item, level=levels[item.item_id], escalated=None) if item.item_id in levels else item
        for item in customer.items
    )
    touch = Touch(
        decided_on=taken.inputs.business_date,
        on=taken.goes_out_on,
        currency=taken.currency,
        kind=taken.kind,
        step=taken.step,
        items=tuple(line.item_id for line in taken.lines),
    )
    near = tuple(each for each in customer.touches if each.on >= touch.on - KEPT)
    return replace(customer, items=items, touches=(*near, touch))


def _after_holds(customer: Customer, changed: HoldsChanged) -> Customer:
    held = {item_id: codes for item_id, codes in customer.held.items() if item_id not in changed.released}
    held |= {one.item_id: tuple(hold.code for hold in one.reasons) for one in changed.held}
    return replace(customer, held=held)


def _after_judgment(customer: Customer, judged: AgreementJudged) -> Customer:
    agreements = tuple(
        replace(one, state=judged.verdict, settled=judged.settled, judged_on=judged.business_date)
        if one.agreement_id == judged.agreement_id
        else one
        for one in customer.agreements
    )
    broken = judged.items if judged.verdict == "broken" else ()
    items = tuple(
        replace(item, escalated=judged.text) if item.item_id in broken else item for item in customer.items
    )
    heard_on = judged.business_date if judged.verdict == "kept" else customer.heard_on
    return replace(customer, agreements=agreements, items=items, heard_on=heard_on)


def _after_telling(customer: Customer, told: SalesTold) -> Customer:
    if told.about == "silence":
        return replace(customer, silence_told_on=told.business_date)
    return replace(
        customer,
        items=tuple(_dispute_told(item) if item.item_id in told.items else item for item in customer.items),
    )


def _dispute_told(item: Item) -> Item:
    return replace(item, dispute_told=item.disputed)
