"""What a caller may ask for of legal entities, customers and contacts. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from lettra_events.values import Identifier, IsoDate
from lettra_invoicing.domain.commands.base import Asked
from lettra_invoicing.domain.terms import TermsText, check_agreed, read_terms
from lettra_invoicing.domain.values import (
    Bic,
    Country,
    Iban,
    MailAddress,
    Phone,
    PostalCode,
    Siren,
    Siret,
    Sum,
    Text,
    VatNumber,
    read_address,
)

Purpose = Literal["billing", "payer", "dunning"]
PURPOSES: tuple[Purpose, ...] = ("billing", "payer", "dunning")
Channel = Literal["email", "letter", "sms", "call", "webhook"]
Purposes = Annotated[tuple[Purpose, ...], Field(max_length=len(PURPOSES))]


class Address(Asked):
    """Where letters go; the country is the customer's."""

    street: Text
    postal_code: PostalCode
    city: Text


def _read_line(value: Any) -> Any:
    return read_address(value) if isinstance(value, str) else value


AddressOrLine = Annotated[Address, BeforeValidator(_read_line)]
"""An address in its parts, or on one line as in a file."""


class _Registered(Asked):
    """What the registers know of a company; the numbers must be those of one company."""

    siren: Siren | None = None
    siret: Siret | None = None
    vat_number: VatNumber | None = None

    @model_validator(mode="after")
    def _one_company(self) -> Self:
        siren = self.siren
        if self.siret is not None and siren is not None and not self.siret.startswith(siren):
            raise ValueError(f"siret {self.siret} is a site of {self.siret[:9]}, not of the siren {siren}")
        siren = siren or (self.siret[:9] if self.siret else None)
        number = self.vat_number or ""
        if siren and number.startswith("FR") and number[4:] != siren:
            raise ValueError(f"vat_number {number} is that of the SIREN {number[4:]}, not of {siren}")
        return self

    @property
    def legal_unit(self) -> str | None:
        """The SIREN, which a SIRET says as well."""
        return self.siren or (self.siret[:9] if self.siret else None)


class RegisterLegalEntity(_Registered):
    """A legal entity of ours that issues invoices."""

    entity_id: Identifier
    name: Text
    legal_form: Text | None = None
    address: AddressOrLine | None = None
    country: Country = "FR"
    iban: Iban | None = None
    bic: Bic | None = None
    penalty_rate: Annotated[Sum, Field(gt=0, le=Decimal(100))] | None = None
    vat_on_debits: bool = False


class RegisterCustomer(_Registered):
    """A customer; mail and postal address are kept apart from the events (they may be a person's)."""

    customer_id: Identifier
    name: Text
    ibans: tuple[Iban, ...] = Field(default=(), max_length=20)
    email: MailAddress | None = None
    address: AddressOrLine | None = None
    language: Literal["fr", "en"] = "fr"
    group_id: Identifier | None = None
    country: Country = "FR"
    channel: Channel = "email"
    debtor_class: Literal["company", "public", "private"] = "company"
    terms: TermsText | None = None

    @model_validator(mode="after")
    def _fits_class(self) -> Self:
        if self.debtor_class == "private" and self.legal_unit:
            raise ValueError("a private person has no siren: leave it out, or choose another debtor_class")
        if self.terms is not None:
            check_agreed(self.debtor_class, read_terms(self.terms))
        return self


class ChangeCustomer(_Registered):
    """What is to be otherwise of a customer; a field that is not named stays, one that is null is forgotten."""

    name: Text = ""
    ibans: tuple[Iban, ...] = Field(default=(), max_length=20)
    email: MailAddress | None = None
    address: AddressOrLine | None = None
    language: Literal["fr", "en"] = "fr"
    group_id: Identifier | None = None
    country: Country = "FR"
    channel: Channel = "email"
    debtor_class: Literal["company", "public", "private"] = "company"
    terms: TermsText | None = None

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("nothing is to be changed; name a field")
        return self


class RegisterContact(Asked):
    """A person, or a desk, of a customer; each purpose that it takes is no other contact's from then on."""

    purposes: Purposes = ()
    name: Text | None = None
    email: MailAddress | None = None
    phone: Phone | None = None
    address: AddressOrLine | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.name or self.email or self.phone or self.address):
            raise ValueError("a contact has a name, an email, a phone or an address; give one of them")
        return self


class EraseContact(Asked):
    """Erase a person: `who` asked, and `why` (a reference to the request; it is kept for good, so it names nobody)."""

    who: Text
    why: Text


class OpenInsolvency(Asked):
    """Proceedings were opened on a customer; `why` is where that was published."""

    proceeding: Literal["safeguard", "recovery", "liquidation"]
    opened_on: IsoDate
    claim_until: IsoDate | None = None
    who: Text
    why: Text

    @model_validator(mode="after")
    def _claim_after_opening(self) -> Self:
        if self.claim_until is not None and self.claim_until < self.opened_on:
            raise ValueError(f"claim_until {self.claim_until} is before opened_on {self.opened_on}")
        return self


class CloseInsolvency(Asked):
    """The proceedings on a customer have ended."""

    closed_on: IsoDate
    who: Text
    why: Text
