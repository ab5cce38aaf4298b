"""Opening balances: what is open when an entity begins here. Pure."""

from __future__ import annotations

from typing import Any

from lettra_events.contracts import Event
from lettra_events.contracts.invoicing import PARTS_MAX, OpeningItemTaken
from lettra_events.service.rejection import Rejected
from lettra_invoicing.domain import Document, ImportOpenItem, OpeningItem


def take_open_item(
    command: ImportOpenItem, existing: OpeningItem | None, document: Document | None
) -> list[Event]:
    """An item of before. Taken before with the same data: nothing; with other data: refused.

    Several items of one document are its instalments. No number is drawn: the documents keep theirs.
    """
    data: dict[str, Any] = command.model_dump() | {
        "original_amount": command.original_amount or command.amount
    }
    if existing is not None:
        if existing == OpeningItem(**data, number=existing.number):
            return []
        raise Rejected(
            "item-exists",
            f"{command.item_id} of {command.entity_id} was taken with other data",
            status=409,
            field="item_id",
        )
    number = 1
    if document is not None:
        _check_same_document(command, document)
        number = len(document.instalments) + 1
    return [OpeningItemTaken(**data, number=number)]


def _check_same_document(command: ImportOpenItem, document: Document) -> None:
    number = command.document_number
    if document.origin != "opening":
        raise Rejected(
            "document-exists",
            f"{number} of {command.entity_id} was {document.origin} here; what is open of it is known",
            status=409,
            field="document_number",
        )
    if (document.customer_id, document.kind) != (command.customer_id, command.kind):
        raise Rejected(
            "other-document",
            f"{number} is a {document.kind} of {document.customer_id} by an item before",
            field="document_number",
        )
    if document.currency != command.currency:
        raise Rejected("wrong-currency", f"{number} is in {document.currency}", field="currency")
    if len(document.instalments) >= PARTS_MAX:
        raise Rejected("too-many-items", f"{number} has {PARTS_MAX} items already", field="document_number")
