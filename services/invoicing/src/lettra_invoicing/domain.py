"""Invoicing's words: what a caller asks for, and the state that its own events fold into. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException
from stdnum import iso11649
from stdnum.exceptions import ValidationError as NumberError
from stdnum.fr import siren

from lettra_events.decisions.tables import Table
from lettra_events.money import Amount, CurrencyCode, Money

# -- what a caller may say --------------------------------------------------------------------------------------


def _iban(value: str) -> str:
    try:
        return str(IBAN(value).compact)
    except SchwiftyException as error:
        raise ValueError(f"{value!r} is not a valid IBAN: {error}") from None


def _siren(value: str) -> str:
    try:
        return str(siren.validate(value))
    except NumberError as error:
        raise ValueError(f"{value!r} is not a valid SIREN: {error}") from None


def _reference(value: str) -> str:
    try:
        return str(iso11649.validate(value))
    except NumberError as error:
        raise ValueError(f"{value!r} is not a valid ISO 11649 reference: {error}") from None


Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$")]
Text = Annotated[str, Field(min_length=1, max_length=200)]
Iban = Annotated[str, AfterValidator(_iban)]
Siren = Annotated[str, AfterValidator(_siren)]
CreditorReference = Annotated[str, AfterValidator(_reference)]
SeriesName = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9-]{0,19}$")]


class _Command(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RegisterLegalEntity(_Command):
    """A legal entity of ours that issues invoices."""

    entity_id: Identifier
    name: Text
    siren: Siren | None = None
    vat_number: Text | None = None


class RegisterCustomer(_Command):
    """A customer; the mail address is kept apart from the events (it is a person's)."""

    customer_id: Identifier
    name: Text
    siren: Siren | None = None
    vat_number: Text | None = None
    ibans: tuple[Iban, ...] = Field(default=(), max_length=20)
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)] | None = None
    language: Literal["fr", "en"] = "fr"
    group_id: Identifier | None = None


class _Amounts(_Command):
    currency: CurrencyCode
    net: Amount = Field(ge=0)
    vat: Amount = Field(ge=0)
    gross: Amount = Field(gt=0)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.net + self.vat != self.gross:
            raise ValueError(f"net {self.net} + vat {self.vat} is not gross {self.gross}")
        if not Money.of(self.gross, self.currency).is_whole:
            raise ValueError(f"gross {self.gross} has more decimals than the currency {self.currency}")
        return self


class IssueInvoice(_Amounts):
    """Issue an invoice with the next number of a series."""

    entity_id: Identifier
    customer_id: Identifier
    series: SeriesName
    issue_date: date
    due_date: date

    @model_validator(mode="after")
    def _due_after_issue(self) -> Self:
        if self.due_date < self.issue_date:
            raise ValueError(f"due_date {self.due_date} is before issue_date {self.issue_date}")
        return self


class IssueCreditNote(_Amounts):
    """Issue a credit note that corrects one invoice, with the next number of a series."""

    entity_id: Identifier
    series: SeriesName
    issue_date: date
    corrects: Identifier


class ImportDocument(_Amounts):
    """A document of an ERP, with the ERP's number. `corrects` belongs to credit notes, `due_date` to invoices."""

    entity_id: Identifier
    customer_id: Identifier
    document_number: Identifier
    kind: Literal["invoice", "credit_note"]
    issue_date: date
    due_date: date | None = None
    payment_reference: CreditorReference | None = None
    corrects: Identifier | None = None

    @model_validator(mode="after")
    def _fits_kind(self) -> Self:
        if self.kind == "invoice" and self.due_date is None:
            raise ValueError("due_date is missing; an invoice has one")
        if self.kind == "invoice" and self.corrects is not None:
            raise ValueError("corrects is for credit notes")
        if self.kind == "credit_note" and self.corrects is None:
            raise ValueError(
                "corrects is missing; a credit note names the invoice that it corrects (CGI art. 289)"
            )
        return self


# -- state, folded from own events ------------------------------------------------------------------------------


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

CALENDAR_KEY = "invoicing"
NO_DAY_CLOSED = Calendar(CALENDAR_KEY, None, ())


def creditor_reference(document_number: str) -> str | None:
    """The ISO 11649 reference of a document: RF, two check digits (mod 97), the number's letters and digits.

    None where the number has more than the 21 characters that the standard allows.
    """
    body = "".join(c for c in document_number.upper() if c.isascii() and c.isalnum())
    if not 1 <= len(body) <= 21:
        return None
    as_digits = "".join(str(int(c, 36)) for c in body + "RF00")
    return f"RF{98 - int(as_digits) % 97:02d}{body}"
