"""What invoicing publishes on `ar.invoicing.events`."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from lettra_events.contracts._registry import Event, contract
from lettra_events.money import Amount, CurrencyCode

CustomerId = str
EntityId = str


class _OfCustomer(Event):
    customer_id: CustomerId

    def key(self) -> str:
        return self.customer_id


class _OfEntity(Event):
    entity_id: EntityId

    def key(self) -> str:
        return f"entity:{self.entity_id}"


@contract("invoicing.LegalEntityRegistered")
class LegalEntityRegistered(_OfEntity):
    """A legal entity (entité juridique) that issues invoices; SIREN of 9 digits, VAT number as on invoices."""

    name: str
    siren: str | None = None
    vat_number: str | None = None

    def stream_id(self) -> str:
        return f"entity:{self.entity_id}"


@contract("invoicing.CustomerRegistered")
class CustomerRegistered(_OfCustomer):
    """A customer (client) exists. Persons are not in it: `contact_id` names a contact kept by invoicing."""

    name: str
    siren: str | None = None
    vat_number: str | None = None
    ibans: tuple[str, ...] = ()
    language: str = "fr"
    group_id: str | None = None
    contact_id: str | None = None

    def stream_id(self) -> str:
        return f"customer:{self.customer_id}"


@contract("invoicing.ContactErased")
class ContactErased(_OfCustomer):
    """A contact (a person) was erased for good; `who` asked for it, and `why`. Neither repeats what was erased."""

    contact_id: str
    who: str
    why: str

    def stream_id(self) -> str:
        return f"customer:{self.customer_id}"


@contract("invoicing.NumberDrawn")
class NumberDrawn(_OfEntity):
    """A number of a continuous series was used (CGI ann. II art. 242 nonies A): no hole, no date going back."""

    series: str
    number: int = Field(ge=1)
    document_number: str
    issue_date: date

    def stream_id(self) -> str:
        return f"series:{self.entity_id}:{self.series}"


class _Document(_OfCustomer):
    entity_id: EntityId
    document_number: str
    issue_date: date
    currency: CurrencyCode
    net: Amount
    vat: Amount
    gross: Amount
    payment_reference: str | None = Field(default=None, description="ISO 11649 creditor reference (RF)")
    origin: Literal["issued", "imported"] = Field(
        default="issued", description="issued here with a drawn number, or imported with the ERP's"
    )

    def stream_id(self) -> str:
        return f"invoice:{self.entity_id}:{self.document_number}"


@contract("invoicing.InvoiceIssued")
class InvoiceIssued(_Document):
    """An invoice (facture) was issued and never changes; amounts in its currency, gross = net + vat."""

    due_date: date


@contract("invoicing.CreditNoteIssued")
class CreditNoteIssued(_Document):
    """A credit note (avoir) was issued; amounts are positive; `corrects` is the invoice's number (CGI art. 289)."""

    corrects: str


@contract("invoicing.DayClosed", broadcast=True)
class InvoicingDayClosed(Event):
    """Everything invoicing knew by the close of the business date stands before this in every partition."""

    business_date: date
    entities: tuple[EntityId, ...]

    def stream_id(self) -> str:
        return "days"
