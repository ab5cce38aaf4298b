"""The kinds of files: their columns, what a row is, and which rows concern one another. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from lettra_invoicing.domain import ImportDocument, ImportOpenItem, RegisterCustomer

Cells = dict[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file.

    `shape` makes of a row's cells what its model takes. `subjects`: what a row writes or refers to; rows without a
    common subject can be checked apart.
    """

    name: str
    columns: tuple[str, ...]
    optional: tuple[str, ...]
    model: type[BaseModel]
    shape: Callable[[Cells], dict[str, Any]]
    subjects: Callable[[Any], tuple[str, ...]]


def _split_ibans(cells: Cells) -> dict[str, Any]:
    return cells | {"ibans": tuple(cells["ibans"].split())} if "ibans" in cells else dict(cells)


def _documents(command: ImportDocument) -> tuple[str, ...]:
    numbers = (command.document_number, command.corrects)
    return tuple(f"{command.entity_id}:{number}" for number in numbers if number is not None)


def _items(command: ImportOpenItem) -> tuple[str, ...]:
    return f"{command.entity_id}|{command.item_id}", f"{command.entity_id}:{command.document_number}"


CUSTOMERS = Kind(
    "customers",
    ("customer_id", "name", "siren", "vat_number", "ibans", "email", "language", "group_id"),
    ("address", "country", "siret", "terms", "debtor_class", "channel"),
    RegisterCustomer,
    _split_ibans,
    lambda command: (command.customer_id,),
)
"""`ibans` are separated by blanks, `address` is on one line."""
INVOICES = Kind(
    "invoices",
    (
        "entity_id",
        "customer_id",
        "document_number",
        "kind",
        "issue_date",
        "due_date",
        "currency",
        "net",
        "vat",
        "gross",
        "payment_reference",
        "corrects",
    ),
    (),
    ImportDocument,
    dict,
    _documents,
)
"""Invoices and credit notes that keep the ERP's numbers."""
OPEN_ITEMS = Kind(
    "open-items",
    (
        "entity_id",
        "customer_id",
        "item_id",
        "kind",
        "document_number",
        "issue_date",
        "due_date",
        "currency",
        "amount",
        "payment_reference",
        "discount_amount",
        "discount_until",
    ),
    ("original_amount", "reminder_step"),
    ImportOpenItem,
    dict,
    _items,
)
"""What is open when an entity begins here."""
