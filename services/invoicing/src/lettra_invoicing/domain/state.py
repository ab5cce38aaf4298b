"""The state that invoicing's own events fold into, a table a kind of row. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal

from lettra_events.contracts.contacts import TOPIC, ContactRecord
from lettra_events.decisions.compacting import CompactedTopic
from lettra_events.decisions.tables import Table


@dataclass(frozen=True)
class LegalEntity:
    entity_id: str
    name: str
    siren: str | None
    vat_number: str | None


@dataclass(frozen=True)
class Customer:
    customer_id: str
    name: str
    siren: str | None
    vat_number: str | None
    ibans: tuple[str, ...]
    language: str
    group_id: str | None
    contact_id: str | None


@dataclass(frozen=True)
class Document:
    """An invoice or a credit note; `credited` is how much of an invoice its credit notes take back."""

    entity_id: str
    document_number: str
    kind: str
    customer_id: str
    issue_date: date
    due_date: date | None
    currency: str
    net: Decimal
    vat: Decimal
    gross: Decimal
    credited: Decimal
    corrects: str | None
    payment_reference: str | None
    origin: str


@dataclass(frozen=True)
class Series:
    """How far a continuous number series is."""

    entity_id: str
    series: str
    last_number: int
    last_issue_date: date


@dataclass(frozen=True)
class Calendar:
    """The last business date that was closed, and the legal entities that it concerned. One row."""

    name: str
    closed_date: date | None
    entities: tuple[str, ...]


@dataclass(frozen=True)
class Contact:
    """A person's address: kept out of events, so that it can be erased."""

    contact_id: str
    email: str


@dataclass(frozen=True)
class ErasedContact:
    """A contact's id that was erased, and stays so: whoever is written to again gets an id of his own."""

    customer_id: str
    contact_id: str


LEGAL_ENTITIES: Table[LegalEntity] = Table(
    "legal_entities", LegalEntity, key=("entity_id",), guard=lambda key: f"entity:{key[0]}"
)
CUSTOMERS: Table[Customer] = Table(
    "customers", Customer, key=("customer_id",), guard=lambda key: f"customer:{key[0]}"
)
DOCUMENTS: Table[Document] = Table(
    "documents",
    Document,
    key=("entity_id", "document_number"),
    guard=lambda key: f"invoice:{key[0]}:{key[1]}",
)
SERIES: Table[Series] = Table(
    "series", Series, key=("entity_id", "series"), guard=lambda key: f"series:{key[0]}:{key[1]}"
)
CALENDAR: Table[Calendar] = Table("calendar", Calendar, key=("name",), guard=lambda _key: "days")
CONTACTS: Table[Contact] = Table("contacts", Contact, key=("contact_id",))
ERASED_CONTACTS: Table[ErasedContact] = Table(
    "erased_contacts",
    ErasedContact,
    key=("customer_id", "contact_id"),
    guard=lambda key: f"customer:{key[0]}",
)
PUBLISHED_CONTACTS: CompactedTopic[Contact] = CompactedTopic(
    TOPIC, CONTACTS, lambda contact: ContactRecord(**asdict(contact)).encode()
)

CALENDAR_KEY = "invoicing"
NO_DAY_CLOSED = Calendar(CALENDAR_KEY, None, ())
