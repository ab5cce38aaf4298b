"""What invoicing says of items, re-stated: opened, credited, disputed, given up. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

from lettra_events.contracts import Event
from lettra_events.contracts import matching as said
from lettra_events.contracts.invoicing import (
    CreditNoteIssued,
    CustomerChanged,
    CustomerRegistered,
    InvoiceIssued,
    OpeningItemTaken,
)
from lettra_events.contracts.payments import PaymentAnnounced, PaymentReceived
from lettra_matching.decider.settling import lettrage, movement
from lettra_matching.domain import KnownPayer, OpenItem

ZERO = Decimal(0)


PARTS_MAX = 60
"""How many instalments a document may have, and how many items of one document are looked for."""


def open_items(event: InvoiceIssued) -> list[said.ItemOpened]:
    """Re-state an invoice as one open item, or as one for each instalment; none where deposits cover all of it.

    A discount belongs to who pays all of it at once, so only an invoice of one payment keeps it.
    """
    parts = event.owed()
    if len(parts) != 1:
        return [_item(event, "invoice", part.due_date, part.amount, part.number) for part in parts]
    one = _item(event, "invoice", parts[0].due_date, parts[0].amount)
    return [_with_discount(one, event.discount_amount, event.discount_until)]


def open_credit_note(event: CreditNoteIssued) -> said.ItemOpened:
    """Re-state a credit note as an open item, due at once."""
    return _item(event, "credit_note", event.issue_date, event.gross)


def open_opening_item(event: OpeningItemTaken) -> said.ItemOpened:
    """Re-state what was open when its entity began here, as far as it was open then."""
    part = event.number if event.number > 1 else None
    item = _item(event, event.kind, event.due_date, event.amount, part)
    return _with_discount(item, event.discount_amount, event.discount_until)


def part_id(entity_id: str, document_number: str, part: int | None = None) -> str:
    """The id of a document's item, or of one of its parts."""
    whole = f"{entity_id}:{document_number}"
    return whole if part is None else f"{whole}#{part}"


def parts_of(customer_id: str, entity_id: str, document_number: str) -> list[tuple[str, str]]:
    """The keys of all items that a document may have."""
    return [
        (customer_id, part_id(entity_id, document_number, part)) for part in (None, *range(1, PARTS_MAX + 1))
    ]


def _item(
    event: InvoiceIssued | CreditNoteIssued | OpeningItemTaken,
    kind: Literal["invoice", "credit_note"],
    due_date: date,
    amount: Decimal,
    part: int | None = None,
) -> said.ItemOpened:
    return said.ItemOpened(
        customer_id=event.customer_id,
        entity_id=event.entity_id,
        item_id=part_id(event.entity_id, event.document_number, part),
        kind=kind,
        document_number=event.document_number,
        issue_date=event.issue_date,
        due_date=due_date,
        currency=event.currency,
        amount=amount,
        payment_reference=event.payment_reference,
    )


def _with_discount(item: said.ItemOpened, amount: Decimal | None, until: date | None) -> said.ItemOpened:
    return item.model_copy(update={"discount_amount": amount, "discount_until": until})


def take_payment(event: PaymentReceived) -> said.PaymentTaken:
    """Re-state a payment."""
    return said.PaymentTaken(
        payment_id=event.payment_id,
        entity_id=event.entity_id,
        booking_date=event.booking_date,
        value_date=event.value_date,
        amount=event.amount,
        currency=event.currency,
        counterparty_name=event.counterparty_name,
        counterparty_iban=event.counterparty_iban,
        structured_reference=event.structured_reference,
        remittance=event.remittance,
        end_to_end_id=event.end_to_end_id,
        part_of=event.part_of,
    )


def ours_came_back(taken: said.PaymentTaken) -> said.PaymentUnmatched:
    """Money that we had sent and that came back: it waits for nothing, and a person may still allocate it."""
    return said.PaymentUnmatched(
        payment_id=taken.payment_id,
        entity_id=taken.entity_id,
        amount=taken.amount,
        currency=taken.currency,
        reason="money of ours that came back, not a customer's",
    )


def is_news(stated: said.PayerStated, known: KnownPayer | None) -> bool:
    """Whether this says something else than what is known of the customer."""
    said_of_it = stated.model_dump()
    return known is None or any(getattr(known, name) != value for name, value in said_of_it.items())


def state_payer(event: CustomerRegistered | CustomerChanged) -> said.PayerStated:
    """By what the customer is known when it pays."""
    return said.PayerStated(
        customer_id=event.customer_id,
        name=event.name,
        siren=event.siren,
        vat_number=event.vat_number,
        ibans=event.ibans,
        group_id=event.group_id,
    )


def set_off(note: OpenItem, invoice: Iterable[OpenItem | None]) -> list[Event]:
    """A credit note against the items of the invoice that it names, in order; the rest of it stays open."""
    events: list[Event] = []
    settled: list[OpenItem] = []
    left = note.open
    on = note.reopened_on
    for item in invoice:
        if item is None or item.kind != "invoice" or item.currency != note.currency:
            continue
        amount = min(left, item.open)
        if amount <= 0:
            continue
        left -= amount
        on = max(on, item.reopened_on)
        events.append(
            said.CreditApplied(
                **movement(item, on),
                credit_item_id=note.item_id,
                amount=amount,
                open_after=item.open - amount,
                credit_open_after=left,
            )
        )
        settled += [item] if amount == item.open else []
    settled += [note] if events and left == 0 else []
    code = lettrage(note.item_id)
    return [*events, *(said.ItemSettled(**movement(item, on), lettrage=code) for item in settled)]


def dispute(items: Sequence[OpenItem], by: Decimal) -> list[Event]:
    """So much more of a document is disputed, or less where it is negative: its items in order, as far as they go."""
    left = max(ZERO, sum((item.disputed for item in items), ZERO) + by)
    events: list[Event] = []
    for item in items:
        disputed = min(left, item.amount)
        left -= disputed
        if disputed != item.disputed:
            events.append(
                said.ItemDisputed(
                    customer_id=item.customer_id,
                    entity_id=item.entity_id,
                    item_id=item.item_id,
                    currency=item.currency,
                    disputed=disputed,
                )
            )
    return events


def write_off_bad_debt(items: Sequence[OpenItem], amount: Decimal, on: date, why: str) -> list[Event]:
    """Bad debt (irrécouvrable), as far as the items are still open: money may have come since it was approved."""
    events: list[Event] = []
    left = amount
    for item in items:
        given_up = min(left, item.open)
        if given_up <= 0:
            continue
        left -= given_up
        where = movement(item, max(on, item.reopened_on))
        events.append(
            said.ItemWrittenOff(
                **where,
                write_off_type="bad_debt",
                amount=given_up,
                open_after=item.open - given_up,
                evidence=why,
            )
        )
        if given_up == item.open:
            events.append(said.ItemSettled(**where, lettrage=lettrage(item.item_id)))
    return events


def announce_money(event: PaymentAnnounced) -> said.MoneyAnnounced:
    """Re-state announced money."""
    return said.MoneyAnnounced(
        payment_id=event.announcement_id,
        entity_id=event.entity_id,
        amount=event.amount,
        currency=event.currency,
        date=event.booking_date or event.announced_on,
        value_date=event.value_date,
        counterparty_name=event.counterparty_name,
        counterparty_iban=event.counterparty_iban,
        structured_reference=event.structured_reference,
        remittance=event.remittance,
        end_to_end_id=event.end_to_end_id,
    )
