"""The parts of an invoice document, each with what makes it valid by itself. Pure.

What must hold between parts is in `rules`; `InvoiceDocument` in `model` checks it.
"""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from schwifty import BIC
from schwifty.exceptions import SchwiftyException
from stdnum.eu import vat
from stdnum.exceptions import ValidationError as NumberError
from stdnum.fr import siret

from lettra_events.values import IsoDate
from lettra_invoicing.documents.codes import ADDRESS_SCHEMES, COUNTRIES, UNITS, VatCategory
from lettra_invoicing.domain.values import Iban, Siren, Sum

# Greek VAT numbers begin with EL.
_GREECE = {"EL": "GR"}
_SPACES = "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
# What the fonts of a printed document have: Latin, Greek and Cyrillic letters, punctuation, currencies, arrows, signs
# of mathematics. No accents by themselves: letter and accent must be of one font. Scripts from right to left could
# also stand on paper in another order than in the data.
_PRINTED = (
    *(
        range(0x20, 0x250),
        range(0x2B0, 0x300),
        range(0x370, 0x483),
        range(0x48A, 0x500),
        range(0x1E00, 0x2000),
    ),
    *(range(0x2010, 0x2041), range(0x2070, 0x20D0), range(0x2100, 0x211F), range(0x2122, 0x2123)),
    *(range(0x2126, 0x2152), range(0x2153, 0x2185), range(0x2190, 0x2300)),
)


def _printable(value: str) -> str:
    """Only what has a shape on paper, and may stand in XML; letters with their accents are one character each."""
    composed = unicodedata.normalize("NFC", value)
    for character in composed:
        if character.isascii() and character.isprintable():
            continue
        has_shape = character.isprintable() or character in _SPACES
        if not has_shape or not any(ord(character) in block for block in _PRINTED):
            code = f"U+{ord(character):04X}"
            raise ValueError(f"the character {code} cannot be printed; Latin, Greek and Cyrillic letters can")
    return composed


def _known(value: str, known: frozenset[str], what: str, rule: str) -> str:
    if value not in known:
        raise ValueError(f"{value!r} is not {what} ({rule})")
    return value


def _siret(value: str) -> str:
    try:
        return str(siret.validate(value))
    except NumberError as error:
        raise ValueError(f"{value!r} is not a valid SIRET: {error} (BR-FR-09)") from None


def _vat_number(value: str) -> str:
    """Numbers of the Union are checked by their country's rule; others only for the country in front."""
    plain = value.replace(" ", "").upper()
    country = _GREECE.get(plain[:2], plain[:2])
    if country not in COUNTRIES:
        raise ValueError(f"{value!r} does not begin with the code of its country (BR-CO-09)")
    if country.lower() not in vat.MEMBER_STATES:
        return plain
    try:
        return str(vat.validate(plain))
    except NumberError as error:
        raise ValueError(f"{value!r} is not a valid VAT number: {error} (BR-CO-09)") from None


def _bic(value: str) -> str:
    try:
        return str(BIC(value).compact)
    except SchwiftyException as error:
        raise ValueError(f"{value!r} is not a valid BIC: {error}") from None


Line1000 = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000), AfterValidator(_printable)
]
"""A line of text, of at most 1,000 printable characters."""
Line200 = Annotated[Line1000, Field(max_length=200)]
Number = Annotated[str, Field(pattern=r"^[A-Za-z0-9+_/-]{1,35}$")]
"""A document's number: at most 35 letters, digits and + - _ / (BR-FR-01, BR-FR-02)."""
Country = Annotated[
    str, AfterValidator(lambda code: _known(code, COUNTRIES, "an ISO 3166-1 country", "BR-CL-14"))
]
Unit = Annotated[
    str, AfterValidator(lambda code: _known(code, frozenset(UNITS), "a unit that is known here", "BR-CL-23"))
]
AddressScheme = Annotated[
    str,
    AfterValidator(
        lambda code: _known(code, ADDRESS_SCHEMES, "a scheme of electronic addresses", "BR-CL-25")
    ),
]
Siret = Annotated[str, AfterValidator(_siret)]
VatNumber = Annotated[Line200, AfterValidator(_vat_number)]
Bic = Annotated[str, AfterValidator(_bic)]
# Their product has at most 27 digits, which Decimal computes exactly.
Quantity = Annotated[Sum, Field(max_digits=12, decimal_places=4)]
Price = Annotated[Sum, Field(max_digits=15, ge=0)]
Percent = Annotated[Sum, Field(ge=0, le=100, decimal_places=2)]
ZERO = Decimal(0)


class Part(BaseModel):
    """Frozen and closed: a field that nobody knows is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Address(Part):
    """A postal address."""

    line_1: Line200
    line_2: Line200 | None = None
    postcode: Annotated[Line200, Field(max_length=20)]
    city: Line200
    country: Country


class ElectronicAddress(Part):
    """Where a party receives electronic invoices; the scheme 0225 is that of the French directory."""

    scheme: AddressScheme
    value: Annotated[str, Field(pattern=r"^[!-~]{1,125}$")]


class Seller(Part):
    """Who issues the document. `legal_mention`: legal form, capital and register (C. com. R123-237 and R123-238)."""

    name: Line200
    legal_mention: Line1000 | None = None
    address: Address
    siren: Siren
    siret: Siret | None = None
    vat_number: VatNumber
    electronic_address: ElectronicAddress


class Buyer(Part):
    """Who owes. A company and a public body in France have a SIREN, a private person has none."""

    kind: Literal["company", "public", "private_person"]
    name: Line200
    address: Address
    siren: Siren | None = None
    siret: Siret | None = None
    vat_number: VatNumber | None = None
    electronic_address: ElectronicAddress

    @property
    def is_french(self) -> bool:
        return self.address.country == "FR"


class Line(Part):
    """What was delivered: net = quantity x price, rounded, less the discount. The price is net and per unit.

    A line that gives back has a negative quantity; a discount is of the whole line and never negative.
    """

    name: Line200
    description: Line1000 | None = None
    quantity: Quantity
    unit: Unit
    price: Price
    discount: Annotated[Sum, Field(ge=0)] = ZERO
    discount_reason: Line200 | None = None
    vat_category: VatCategory
    vat_rate: Percent
    net: Sum


class VatShare(Part):
    """What one category and rate of VAT comes to; a reason where none is charged."""

    category: VatCategory
    rate: Percent
    base: Sum
    amount: Sum
    exemption_reason: Line1000 | None = None


class Totals(Part):
    """Sum of the lines, net, VAT, gross, what deposits paid before, and what is due."""

    lines: Sum
    net: Sum
    vat: Sum
    gross: Sum
    prepaid: Sum = ZERO
    due: Sum
    vat_in_euros: Sum | None = Field(default=None, description="where the currency is another (BR-FR-CO-12)")


class CorrectedInvoice(Part):
    """The invoice that a credit note corrects (CGI art. 289)."""

    number: Number
    issue_date: IsoDate
    is_deposit: bool = False


class Deposit(Part):
    """A deposit invoice (facture d'acompte) that the final invoice deducts."""

    number: Number
    issue_date: IsoDate
    net: Annotated[Sum, Field(ge=0)]
    vat: Annotated[Sum, Field(ge=0)]
    gross: Annotated[Sum, Field(gt=0)]


class Instalment(Part):
    """A part of what is due, and its day."""

    due_date: IsoDate
    amount: Annotated[Sum, Field(gt=0)]


class EarlyPaymentDiscount(Part):
    """Escompte: a percentage less for whoever pays by the day."""

    percent: Annotated[Percent, Field(gt=0)]
    until: IsoDate


class LatePenalty(Part):
    """Interest on late payment in per cent a year, and in words what the rate is made of."""

    rate: Annotated[Percent, Field(gt=0)]
    basis: Line200


class CreditTransfer(Part):
    """The account to be paid to."""

    iban: Iban
    bic: Bic | None = None
    account_name: Annotated[Line200, Field(max_length=70)] | None = None


class Period(Part):
    """From a day to a day, both included."""

    start: IsoDate
    end: IsoDate
