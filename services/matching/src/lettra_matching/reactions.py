"""What matching decides when invoicing and payment-ingest publish. Never run in a replay."""

from __future__ import annotations

from decimal import Decimal

from lettra_events.contracts import Event
from lettra_events.contracts import invoicing as told
from lettra_events.contracts import matching as said
from lettra_events.contracts import payments as paid
from lettra_events.decisions.needs import together
from lettra_events.decisions.workspace import Workspace
from lettra_events.kafka.reading import Context, types
from lettra_matching.days import process_day
from lettra_matching.decider import opening
from lettra_matching.decider.evolving import new_item
from lettra_matching.decider.waiting import OF_A_CUSTOMER
from lettra_matching.domain import OPEN_ITEMS, PAYERS, PAYMENTS, OpenItem
from lettra_matching.handlers import from_banks
from lettra_matching.handlers.matching import look_again, take_payment

READS = types(
    told.InvoiceIssued,
    told.CreditNoteIssued,
    told.OpeningItemTaken,
    told.DisputeOpened,
    told.DisputeResolved,
    told.BadDebtWrittenOff,
    told.CustomerRegistered,
    told.CustomerChanged,
    told.InvoicingDayClosed,
    paid.PaymentReceived,
    paid.PaymentReturned,
    paid.PaymentDetailed,
    paid.PaymentAnnounced,
    paid.AnnouncementReplaced,
    paid.AnnouncementWithdrawn,
    paid.RemittanceAdviceLinked,
    paid.PaymentsDayClosed,
)


def react(workspace: Workspace, event: Event, context: Context) -> None:
    """One event of another service, and what follows from it here."""
    match event:
        case told.InvoicingDayClosed() | paid.PaymentsDayClosed():
            process_day(workspace, event.business_date, context.partitions, context)
        case told.CustomerRegistered() | told.CustomerChanged():
            _state_payer(workspace, event)
        case paid.PaymentReceived():
            _take_payment(workspace, event)
        case _:
            _of_item(workspace, event)
            from_banks.react(workspace, event)


def _of_item(workspace: Workspace, event: Event) -> None:
    match event:
        case told.InvoiceIssued():
            _open(workspace, opening.open_items(event))
        case told.OpeningItemTaken():
            _open(workspace, [opening.open_opening_item(event)])
        case told.CreditNoteIssued():
            _open_credit_note(workspace, event)
        case told.DisputeOpened():
            _dispute(workspace, event, event.amount)
        case told.DisputeResolved():
            _dispute(workspace, event, -event.amount)
        case told.BadDebtWrittenOff():
            _write_off(workspace, event)


def _take_payment(workspace: Workspace, event: paid.PaymentReceived) -> None:
    """Money of ours that came back is no customer's, whatever its text names."""
    taken = opening.take_payment(event)
    if event.reversal or event.return_reason:
        workspace.append(taken, opening.ours_came_back(taken))
    else:
        take_payment(workspace, taken)


def _open(workspace: Workspace, opened: list[said.ItemOpened]) -> None:
    """Open the items, and look again at the payments that waited for one like them."""
    keys = _keys([new_item(one) for one in opened])
    waiting = [(PAYMENTS, "waiting_for", key) for key in keys]
    together(lambda: workspace.append(*opened), lambda: workspace.expect(finds=waiting))
    look_again(workspace, keys)


def _keys(items: list[OpenItem]) -> set[str]:
    """What payments that these items may concern wait for."""
    return {mark for item in items for mark in item.marks} | {
        f"{OF_A_CUSTOMER}{item.customer_id}" for item in items
    }


def _open_credit_note(workspace: Workspace, event: told.CreditNoteIssued) -> None:
    """Open the note and set it off; money that was too little for what it corrects may suffice now."""
    opened = opening.open_credit_note(event)
    own = (event.customer_id, opened.item_id)
    workspace.append(opened)
    corrected = _items_of(workspace, event.customer_id, event.entity_id, event.corrects)
    note = workspace.get(OPEN_ITEMS, *own)
    assert note is not None, "it was opened just now"
    workspace.append(*opening.set_off(note, corrected))
    look_again(workspace, _keys([note, *corrected]))


def _items_of(workspace: Workspace, customer_id: str, entity_id: str, document: str) -> list[OpenItem]:
    """The items of an invoice, in the order of its instalments."""
    rows = workspace.get_many(OPEN_ITEMS, opening.parts_of(customer_id, entity_id, document))
    return [row for row in rows if row is not None and row.kind == "invoice"]


def _dispute(workspace: Workspace, event: told.DisputeOpened | told.DisputeResolved, by: Decimal) -> None:
    """Only the disputed part leaves dunning. Money is matched as before."""
    items = _items_of(workspace, event.customer_id, event.entity_id, event.document_number)
    workspace.append(*opening.dispute(items, by))
    look_again(workspace, _keys(items))


def _write_off(workspace: Workspace, event: told.BadDebtWrittenOff) -> None:
    items = _items_of(workspace, event.customer_id, event.entity_id, event.document_number)
    why = f"bad debt, approved by {event.who}: {event.why}"
    events = opening.write_off_bad_debt(items, event.amount, event.decided_on, why)
    workspace.append(*events)
    look_again(workspace, _keys(items) if events else ())


def _state_payer(workspace: Workspace, event: told.CustomerRegistered | told.CustomerChanged) -> None:
    """By what the customer is known from here on; money that nobody knew may be its."""
    stated = opening.state_payer(event)
    if not opening.is_news(stated, workspace.get(PAYERS, event.customer_id)):
        return
    workspace.append(stated)
    payer = workspace.get(PAYERS, event.customer_id)
    assert payer is not None, "it was stated just now"
    look_again(workspace, payer.marks)
