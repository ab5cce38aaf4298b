"""What payment-ingest says later of money: returned, split, announced, advised. Synchronous, over a workspace."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from lettra_events.contracts import Event
from lettra_events.contracts import matching as said
from lettra_events.contracts import payments as paid
from lettra_events.decisions.workspace import Workspace
from lettra_matching.decider import acting, opening
from lettra_matching.decider.concluding import effective_date
from lettra_matching.decider.undoing import undo
from lettra_matching.domain import PAYMENTS, PROPOSALS, Payment
from lettra_matching.handlers.acts import allocations_of
from lettra_matching.handlers.matching import look_again_after, match_payment


def react(workspace: Workspace, event: Event) -> None:
    """One event on money that is known, or on its way."""
    match event:
        case paid.PaymentReturned():
            _send_back(workspace, event)
        case paid.PaymentDetailed():
            _split(workspace, event)
        case paid.PaymentAnnounced():
            workspace.append(opening.announce_money(event))
            match_payment(workspace, event.announcement_id)
        case paid.AnnouncementReplaced():
            _close(workspace, event.announcement_id, "booked")
        case paid.AnnouncementWithdrawn():
            _close(workspace, event.announcement_id, "withdrawn")
        case paid.RemittanceAdviceLinked():
            _take_advice(workspace, event)


def _send_back(workspace: Workspace, event: paid.PaymentReturned) -> None:
    """What the returned money had paid is open again; what is left of a payment is matched anew."""
    freed = _free(workspace, event.payment_id, event.amount, event.booking_date)
    payment = _payment(workspace, event.payment_id)
    proposal = workspace.get(PROPOSALS, event.payment_id)
    workspace.append(*acting.send_back(payment, proposal, event.amount, event.booking_date, event.reason))
    match_payment(workspace, event.payment_id, event.booking_date)
    look_again_after(workspace, freed, event.booking_date, besides=event.payment_id)


def _free(workspace: Workspace, payment_id: str, amount: Decimal, booked: date) -> list[Event]:
    """Undo the last allocations, as many as it takes for so much to be unapplied."""
    payment = _payment(workspace, payment_id)
    live, items = allocations_of(workspace, payment)
    undone = acting.enough_for(payment, live, amount)
    touched = {row.item_id for row in undone} | {row.credit_item_id for row in undone if row.credit_item_id}
    concerned = {item_id: item for item_id, item in items.items() if item_id in touched}
    events = undo(undone, concerned, effective_date(payment, concerned.values(), booked))
    workspace.append(*events)
    return events


def _split(workspace: Workspace, event: paid.PaymentDetailed) -> None:
    """The parts stand in its place; what it had settled is open for them."""
    payment = _payment(workspace, event.payment_id)
    freed = _free(workspace, event.payment_id, payment.received, payment.booking_date)
    payment = _payment(workspace, event.payment_id)
    proposal = workspace.get(PROPOSALS, event.payment_id)
    parts = [part.payment_id for part in event.parts]
    workspace.append(*acting.split(payment, proposal, parts))
    look_again_after(workspace, freed, payment.booking_date, besides=event.payment_id)


def _close(workspace: Workspace, announcement_id: str, reason: Literal["booked", "withdrawn"]) -> None:
    payment = workspace.get(PAYMENTS, announcement_id)
    if payment is not None and payment.announced:
        workspace.append(*acting.close_announcement(payment, reason))


def _take_advice(workspace: Workspace, event: paid.RemittanceAdviceLinked) -> None:
    workspace.append(
        said.AdviceTaken(
            payment_id=event.payment_id,
            advice_id=event.advice_id,
            customer_id=event.customer_id,
            lines=event.lines,
            text=event.text,
        )
    )
    match_payment(workspace, event.payment_id)


def _payment(workspace: Workspace, payment_id: str) -> Payment:
    found = workspace.get(PAYMENTS, payment_id)
    if found is None:
        raise LookupError(f"matching knows no payment {payment_id}")
    return found
