"""Matching one payment, and whoever waited for what that changed. Synchronous, over a workspace."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from lettra_events.contracts import Event
from lettra_events.contracts import matching as said
from lettra_events.decisions.needs import for_each, together
from lettra_events.decisions.tables import Table
from lettra_events.decisions.workspace import Workspace
from lettra_matching.candidates import OverWorkspace, in_entity, incoming, incoming_of, rules_of
from lettra_matching.decider.concluding import Before, Concerned, announce, conclude
from lettra_matching.decider.waiting import OF_A_CUSTOMER
from lettra_matching.domain import OPEN_ITEMS, PAYERS, PAYMENTS, PROPOSALS, KnownPayer, OpenItem, Payment
from lettra_matching.domain.items import ledger_of
from lettra_matching.domain.rules import DEFAULTS
from lettra_matching.engine.candidates import CROWD
from lettra_matching.engine.case import Case
from lettra_matching.engine.deciding import decide
from lettra_matching.engine.keys import is_strong, payer_search_keys
from lettra_matching.engine.model import Decision, Incoming

LOOKED_AGAIN_MAX = 100
"""How many payments one event has looked at again: those that name it first, then the oldest."""
GENERATIONS_MAX = 3
"""How far what one payment settles may lead to others."""
_MOVES = (
    said.CashApplied,
    said.CashUnapplied,
    said.CreditApplied,
    said.CreditUnapplied,
    said.ItemWrittenOff,
    said.WriteOffReversed,
)


def take_payment(workspace: Workspace, taken: said.PaymentTaken) -> None:
    """Money that is new here: what deciding on it will look up is asked for before anything is decided."""
    workspace.foresee(taken.payment_id, lambda: _foresee(workspace, incoming_of(taken)))
    workspace.append(taken)
    match_payment(workspace, taken.payment_id)


def match_payment(workspace: Workspace, payment_id: str, not_before: date | None = None) -> None:
    """Decide on what the payment has left, and on those that waited for what that changes."""
    events = _match(workspace, payment_id, not_before)
    look_again_after(workspace, events, not_before, besides=payment_id)


def look_again(workspace: Workspace, keys: Iterable[str], not_before: date | None = None) -> None:
    """Decide again on the payments that wait for one of these keys."""
    _generation(workspace, set(keys), set(), not_before, GENERATIONS_MAX)


def look_again_after(
    workspace: Workspace, events: Sequence[Event], not_before: date | None, *, besides: str
) -> None:
    """Decide again on the payments that waited for what these events changed, but for one."""
    keys = set(_keys_of(workspace, events))
    if keys:
        _generation(workspace, keys, {besides}, not_before, GENERATIONS_MAX - 1)


def payers_of(workspace: Workspace, customers: Collection[str]) -> dict[str, KnownPayer]:
    """These customers as payers, by id; who is not known is left out."""
    rows = workspace.get_many(PAYERS, [(customer,) for customer in sorted(customers)])
    return {row.customer_id: row for row in rows if row is not None}


def _generation(
    workspace: Workspace, keys: set[str], besides: set[str], not_before: date | None, further: int
) -> None:
    waiting = _waiting(workspace, keys, besides)
    decided = for_each(waiting, lambda payment: _match(workspace, payment.payment_id, not_before))
    if not further:
        return
    following = set(_keys_of(workspace, [event for events in decided for event in events]))
    if following:
        seen = besides | {payment.payment_id for payment in waiting}
        _generation(workspace, following, seen, not_before, further - 1)


def _waiting(workspace: Workspace, keys: set[str], besides: set[str]) -> list[Payment]:
    """Who names what came goes before who only waits for a customer's next item, then the oldest."""
    found = workspace.find(PAYMENTS, "waiting_for", *sorted(keys))
    named = {key for key in keys if not key.startswith(OF_A_CUSTOMER)}

    def rank(payment: Payment) -> tuple[bool, date, str]:
        return named.isdisjoint(payment.waiting_for), payment.booking_date, payment.payment_id

    return [one for one in sorted(found, key=rank) if one.payment_id not in besides][:LOOKED_AGAIN_MAX]


def _keys_of(workspace: Workspace, events: Iterable[Event]) -> Iterator[str]:
    """What others may have waited for: what moves of a customer's, an item that is open again, a payer's new marks."""
    reopened: list[tuple[str, str]] = []
    for event in events:
        match event:
            case said.ItemReopened():
                reopened.append((event.customer_id, event.item_id))
            case said.PayerLearned():
                payer = workspace.get(PAYERS, event.customer_id)
                yield from payer.marks if payer is not None else ()
            case _ if isinstance(event, _MOVES):
                yield f"{OF_A_CUSTOMER}{event.customer_id}"
    for item in workspace.get_many(OPEN_ITEMS, reopened):
        yield from item.marks if item is not None else ()


def _match(workspace: Workspace, payment_id: str, not_before: date | None) -> list[Event]:
    payment = workspace.get(PAYMENTS, payment_id)
    assert payment is not None, "it was taken before"
    if not payment.available and not payment.announced:
        return []
    rules = rules_of(workspace, payment.entity_id)
    candidates = OverWorkspace(workspace, payment.barred, payment.assigned_to)
    decision = decide(incoming(payment), candidates, rules)
    if payment.announced:
        events = announce(payment, decision)
    else:
        before = Before(payment, workspace.get(PROPOSALS, payment_id), not_before)
        events = conclude(before, decision, _concerned(workspace, decision))
    workspace.append(*events)
    return events


def _foresee(workspace: Workspace, payment: Incoming) -> None:
    """Ask at once for what the texts name and for who may pay, then for what those owe."""
    case = Case(payment, OverWorkspace(workspace), DEFAULTS)
    keys = case.search_keys[: DEFAULTS.keys_max]
    item_marks = [in_entity(payment.entity_id, key) for key in keys]
    strong_marks = [in_entity(payment.entity_id, key) for key in keys if is_strong(key)]
    payer_marks = payer_search_keys(payment, case.sirens)
    together(
        lambda: workspace.find_few(OPEN_ITEMS, "marks", item_marks, CROWD),
        lambda: workspace.find_few(PAYERS, "marks", payer_marks, CROWD),
        lambda: workspace.expect((PAYMENTS, (payment.payment_id,)), (PROPOSALS, (payment.payment_id,))),
        lambda: rules_of(workspace, payment.entity_id or ""),
        lambda: _foresee_customers(workspace, strong_marks, payer_marks),
    )


def _foresee_customers(workspace: Workspace, item_marks: Iterable[str], payer_marks: Iterable[str]) -> None:
    """Who alone bears a mark will most likely be decided on: as payer, and who waits for it.

    What else it owes is looked at where the texts name none of its items.
    """
    named = _sole_bearers(workspace, OPEN_ITEMS, item_marks)
    customers = named | _sole_bearers(workspace, PAYERS, payer_marks)
    workspace.expect(
        *((PAYERS, (customer,)) for customer in customers),
        finds=[
            *((OPEN_ITEMS, "payable_by", customer) for customer in customers if not named),
            *((PAYMENTS, "waiting_for", f"{OF_A_CUSTOMER}{customer}") for customer in customers),
        ],
        streams=[ledger_of((customer,)) for customer in customers],
    )


def _sole_bearers(workspace: Workspace, table: Table[Any], marks: Iterable[str]) -> set[str]:
    bearers = [workspace.known_keys(table, "marks", mark) for mark in marks]
    return {key[0] for keys in bearers if len(keys) == 1 for key in keys}


def _concerned(workspace: Workspace, decision: Decision) -> Concerned:
    keys = [(line.item.customer_id, line.item.item_id) for line in decision.lines]
    found: list[OpenItem | None] = workspace.get_many(OPEN_ITEMS, keys)
    payers = payers_of(workspace, {customer for customer, _item in keys})
    return Concerned({item.item_id: item for item in found if item is not None}, payers)
