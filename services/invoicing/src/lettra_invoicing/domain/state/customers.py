"""Legal entities, customers and their contacts, as invoicing's own events fold them. Pure."""

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
    siren: str | None = None
    vat_number: str | None = None
    siret: str | None = None
    legal_form: str | None = None
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    country: str | None = None
    iban: str | None = None
    bic: str | None = None
    penalty_rate: Decimal | None = None
    vat_on_debits: bool = False


@dataclass(frozen=True)
class Customer:
    """A customer; `contact_id` is billing's. `proceeding`: the insolvency proceedings that are open on it.

    `contacts_made`: how many contacts it was given beside the first, so that no id comes twice.
    """

    customer_id: str
    name: str
    siren: str | None
    vat_number: str | None
    ibans: tuple[str, ...]
    language: str
    group_id: str | None
    contact_id: str | None
    siret: str | None
    country: str
    channel: str
    debtor_class: str
    terms: str | None
    payer_contact_id: str | None = None
    dunning_contact_id: str | None = None
    contacts_made: int = 0
    proceeding: str | None = None
    proceeding_opened_on: date | None = None


@dataclass(frozen=True)
class CustomerContact:
    """A contact that a customer has; whoever it is stands in `CONTACTS`."""

    customer_id: str
    contact_id: str


@dataclass(frozen=True)
class Contact:
    """A person: kept out of events, so that he can be erased."""

    contact_id: str
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None


@dataclass(frozen=True)
class ErasedContact:
    """A contact's id that was erased, and stays so: whoever is written to again gets an id of his own."""

    customer_id: str
    contact_id: str


def first_contact_id(customer_id: str) -> str:
    """The id of the contact that a customer's own mail and postal address belong to."""
    return f"contact:{customer_id}"


def customer_of(contact_id: str) -> str:
    """The customer whose contact has this id; "" for an id that no contact can have."""
    kind, _, rest = contact_id.partition(":")
    return rest.partition(":")[0] if kind == "contact" else ""


def _of_customer(key: tuple[str, ...]) -> str:
    return f"customer:{key[0]}"


LEGAL_ENTITIES: Table[LegalEntity] = Table(
    "legal_entities", LegalEntity, key=("entity_id",), guard=lambda key: f"entity:{key[0]}"
)
CUSTOMERS: Table[Customer] = Table("customers", Customer, key=("customer_id",), guard=_of_customer)
CUSTOMER_CONTACTS: Table[CustomerContact] = Table(
    "customer_contacts", CustomerContact, key=("customer_id", "contact_id"), guard=_of_customer
)
ERASED_CONTACTS: Table[ErasedContact] = Table(
    "erased_contacts", ErasedContact, key=("customer_id", "contact_id"), guard=_of_customer
)
CONTACTS: Table[Contact] = Table("contacts", Contact, key=("contact_id",))
PUBLISHED_CONTACTS: CompactedTopic[Contact] = CompactedTopic(
    TOPIC, CONTACTS, lambda contact: ContactRecord(**asdict(contact)).encode()
)
