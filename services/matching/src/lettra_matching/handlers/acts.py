"""What people decide about payments: confirm, refuse, undo, allocate by hand, refund, transfer."""

from __future__ import annotations

from datetime import date

from lettra_events.contracts import Event
from lettra_events.decisions.workspace import Workspace
from lettra_events.envelope import derived_id
from lettra_events.service.rejection import Rejected
from lettra_matching.candidates import rules_of
from lettra_matching.decider import acting
from lettra_matching.domain import (
    ALLOCATIONS,
    OPEN_ITEMS,
    PAYMENTS,
    PROPOSALS,
    RULES,
    Allocation,
    OpenItem,
    Payment,
)
from lettra_matching.domain.commands import Act, Allocate, ChangeRules, Refund, Transfer
from lettra_matching.handlers.matching import look_again_after, match_payment, payers_of


def confirm(workspace: Workspace, payment_id: str, act: Act) -> acting.Done:
    """Settle what was proposed."""
    payment = _payment(workspace, payment_id)
    proposal = workspace.get(PROPOSALS, payment_id)
    if proposal is None:
        raise Rejected("no-proposal", f"nothing is proposed for payment {payment_id}", status=404)
    lines = acting.lines_of(proposal)
    items = _items(workspace, [(line.customer_id, line.item_id) for line in lines])
    payers = payers_of(workspace, {line.customer_id for line in lines})
    events = acting.confirm(payment, proposal, items, payers, act)
    return _done(workspace, payment_id, events, act.business_date)


def refuse(workspace: Workspace, payment_id: str, act: Act) -> acting.Done:
    """Never put the payment to these items again by the rules; it is looked at anew without them."""
    payment = _payment(workspace, payment_id)
    proposal = workspace.get(PROPOSALS, payment_id)
    if proposal is None:
        raise Rejected("no-proposal", f"nothing is proposed for payment {payment_id}", status=404)
    return _done(workspace, payment_id, acting.refuse(payment, proposal, act), act.business_date)


def undo_match(workspace: Workspace, payment_id: str, act: Act) -> acting.Done:
    """Undo all that the payment settles (délettrage); the rules never put it to these items again."""
    payment = _payment(workspace, payment_id)
    live, items = allocations_of(workspace, payment)
    payers = payers_of(workspace, {row.customer_id for row in live})
    events = acting.undo_all(payment, live, items, payers, act)
    return _done(workspace, payment_id, events, act.business_date)


def allocate(workspace: Workspace, payment_id: str, command: Allocate) -> acting.Done:
    """Settle items that a person names."""
    payment = _payment(workspace, payment_id)
    proposal = workspace.get(PROPOSALS, payment_id)
    items = _items(workspace, [(line.customer_id, line.item_id) for line in command.lines])
    payers = payers_of(workspace, {line.customer_id for line in command.lines})
    version = rules_of(workspace, payment.entity_id).version
    events = acting.allocate(payment, proposal, items, payers, command, version)
    return _done(workspace, payment_id, events, command.business_date)


def refund(workspace: Workspace, payment_id: str, command: Refund) -> acting.Done:
    """Pay unapplied cash of a customer back."""
    payment = _payment(workspace, payment_id)
    events = acting.refund(payment, workspace.get(PROPOSALS, payment_id), command)
    return _done(workspace, payment_id, events, command.business_date)


def transfer(workspace: Workspace, payment_id: str, command: Transfer) -> acting.Done:
    """Give unapplied money to another customer's account, or to another legal entity as a payment of its own."""
    payment = _payment(workspace, payment_id)
    # What was transferred before tells one transfer of a payment from another.
    other = str(derived_id(payment_id, f"transfer behind {payment.transferred_out}", 0))
    proposal = workspace.get(PROPOSALS, payment_id)
    events = acting.transfer(payment, proposal, command, other)
    done = _done(workspace, payment_id, events, command.business_date)
    if command.to_entity_id is not None:
        match_payment(workspace, other, command.business_date)
    return done


def change_rules(workspace: Workspace, entity_id: str, command: ChangeRules) -> acting.RulesNow:
    """The entity's matching rules from here on."""
    event, answer = acting.change_rules(workspace.get(RULES, entity_id), entity_id, command)
    if event is not None:
        workspace.append(event)
    return answer


def allocations_of(workspace: Workspace, payment: Payment) -> tuple[list[Allocation], dict[str, OpenItem]]:
    """What the payment settles now, and those items."""
    keys = [(payment.payment_id, line) for line in range(1, payment.lines + 1)]
    rows = [row for row in workspace.get_many(ALLOCATIONS, keys) if row is not None]
    live = [row for row in rows if row.amount > 0 or row.written_off > 0]
    wanted = [(row.customer_id, row.item_id) for row in live]
    wanted += [(row.customer_id, row.credit_item_id) for row in live if row.credit_item_id is not None]
    return live, _items(workspace, wanted)


def _done(workspace: Workspace, payment_id: str, events: list[Event], on: date) -> acting.Done:
    """Decide anew on what is left of the payment, and on others that waited for what the act changed."""
    workspace.append(*events)
    match_payment(workspace, payment_id, on)
    look_again_after(workspace, events, on, besides=payment_id)
    return acting.Done.of(_payment(workspace, payment_id))


def _payment(workspace: Workspace, payment_id: str) -> Payment:
    found = workspace.get(PAYMENTS, payment_id)
    if found is None:
        raise Rejected("unknown-payment", f"matching knows no payment {payment_id}", status=404)
    return found


def _items(workspace: Workspace, keys: list[tuple[str, str]]) -> dict[str, OpenItem]:
    found = workspace.get_many(OPEN_ITEMS, keys)
    return {item.item_id: item for item in found if item is not None}
