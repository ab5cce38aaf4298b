"""What matching decides when invoicing and payment-ingest publish. Never run in a replay."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lettra_events.contracts import Event
from lettra_events.contracts.invoicing import (
    PARTS_MAX,
    CreditNoteIssued,
    InvoiceIssued,
    InvoicingDayClosed,
    OpeningItemTaken,
)
from lettra_events.contracts.matching import ItemOpened
from lettra_events.contracts.payments import PaymentReceived, PaymentsDayClosed
from lettra_events.decisions.tables import Table
from lettra_events.decisions.workspace import Workspace, for_each
from lettra_events.kafka.reading import Context, types
from lettra_matching import decider
from lettra_matching.days import process_day
from lettra_matching.domain import OPEN_ITEMS, PAYMENTS, item_names, payment_names

READS = types(
    InvoiceIssued,
    CreditNoteIssued,
    OpeningItemTaken,
    PaymentReceived,
    InvoicingDayClosed,
    PaymentsDayClosed,
)


def react(workspace: Workspace, event: Event, context: Context) -> None:
    """One event of another service, and what follows from it here."""
    match event:
        case InvoiceIssued():
            _open(workspace, event, decider.open_items(event))
        case OpeningItemTaken():
            _open(workspace, event, [decider.open_opening_item(event)])
        case CreditNoteIssued():
            _open_credit_note(workspace, event)
        case PaymentReceived():
            _take_payment(workspace, event)
        case InvoicingDayClosed() | PaymentsDayClosed():
            process_day(workspace, event.business_date, context.partitions, context)


def _open(workspace: Workspace, event: InvoiceIssued | OpeningItemTaken, opened: list[ItemOpened]) -> None:
    """Open the items, and look again at the payments that waited for them, oldest first."""
    names = item_names(event.entity_id, event.document_number, event.payment_reference)
    workspace.expect(
        *((OPEN_ITEMS, (each.customer_id, each.item_id)) for each in opened),
        finds=[*_named(names), *((PAYMENTS, "waiting_for", name) for name in names)],
    )
    workspace.append(*opened)
    _look_again(workspace, names)


def _look_again(workspace: Workspace, names: tuple[str, ...]) -> None:
    """Match the payments that wait for one of these names, oldest first."""
    waiting = workspace.find(PAYMENTS, "waiting_for", *names)
    oldest_first = sorted(waiting, key=lambda p: (p.booking_date, p.payment_id))
    for_each(oldest_first, lambda payment: _match(workspace, payment.payment_id, payment.waiting_for))


def _open_credit_note(workspace: Workspace, event: CreditNoteIssued) -> None:
    """Open the note and set it off; money that was too little for what it corrects may suffice now."""
    names = item_names(event.entity_id, event.document_number, event.payment_reference)
    opened = decider.open_credit_note(event)
    parts = [None, *range(1, PARTS_MAX + 1)]
    corrected = [
        (event.customer_id, decider.part_id(event.entity_id, event.corrects, part)) for part in parts
    ]
    own = (event.customer_id, opened.item_id)
    workspace.expect((OPEN_ITEMS, own), *((OPEN_ITEMS, key) for key in corrected), finds=_named(names))
    workspace.append(opened)
    note, *invoice = workspace.get_many(OPEN_ITEMS, [own, *corrected])
    assert note is not None, "it was opened just now"
    settled = decider.set_off(note, invoice)
    workspace.append(*settled)
    known = next((item for item in invoice if item is not None), None)
    if known is not None and settled:
        _look_again(workspace, known.names)


def _take_payment(workspace: Workspace, event: PaymentReceived) -> None:
    names = payment_names(event.entity_id, event.structured_reference, event.remittance)
    workspace.expect((PAYMENTS, (event.payment_id,)), finds=_named(names))
    workspace.append(decider.take_payment(event))
    _match(workspace, event.payment_id, names)


def _named(names: Iterable[str]) -> list[tuple[Table[Any], str, str]]:
    """The search for items of these names; opening an item locks the same."""
    return [(OPEN_ITEMS, "names", name) for name in names]


def _match(workspace: Workspace, payment_id: str, names: tuple[str, ...]) -> None:
    items = workspace.find(OPEN_ITEMS, "names", *names)
    payment = workspace.get(PAYMENTS, payment_id)
    assert payment is not None, "it was taken before"
    workspace.append(*decider.match(payment, names, items))
