"""What a benchmark's company is made of. Amounts are whole cents."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

INVOICE = "invoice"
CREDIT_NOTE = "credit_note"


def money(cents: int) -> str:
    """The amount with two decimals and a point."""
    return f"{Decimal(cents).scaleb(-2):.2f}"


@dataclass(frozen=True, slots=True)
class Style:
    """How a legal entity numbers: prefixes of invoices and credit notes, what stands between the parts, the serial's
    width, and whether year (with how many digits) and month are parts.
    """

    invoice: str
    credit_note: str
    separator: str
    width: int
    year_digits: int = 4
    month: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """A document's number. `parts` are those that are printed, the serial last; `printed` is what the invoice shows."""

    prefix: str
    year: int | None
    month: int | None
    serial: int
    style: Style

    @property
    def digits(self) -> str:
        """The serial with its zeros."""
        return f"{self.serial:0{self.style.width}d}"

    @property
    def year_text(self) -> str:
        return "" if self.year is None else str(self.year)[-self.style.year_digits :]

    @property
    def month_text(self) -> str:
        return "" if self.month is None else f"{self.month:02d}"

    @property
    def parts(self) -> list[str]:
        return [part for part in (self.prefix, self.year_text, self.month_text, self.digits) if part]

    @property
    def printed(self) -> str:
        return self.style.separator.join(self.parts)


@dataclass(frozen=True, slots=True)
class Entity:
    """A legal entity that sells; `share` of the items are its own."""

    entity_id: str
    style: Style
    currency: str
    share: float


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer. `ibans` are those that the master data know, `own_ibans` those that he pays from."""

    customer_id: str
    name: str
    root: str
    country: str
    siren: str
    vat_number: str
    ibans: tuple[str, ...]
    own_ibans: tuple[str, ...]
    email: str
    language: str
    group_id: str
    twin: bool

    @property
    def known(self) -> bool:
        return bool(self.ibans)


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """An open item; `cents` is positive, also of a credit note."""

    entity_id: str
    customer_id: str
    item_id: str
    kind: str
    number: Number
    issued: date
    due: date
    currency: str
    cents: int
    reference: str = ""
    discount_cents: int = 0
    discount_until: date | None = None

    @property
    def is_invoice(self) -> bool:
        return self.kind == INVOICE


@dataclass(frozen=True, slots=True)
class Account:
    """An account of an entity at a bank; `bank` names the profile of how it treats texts."""

    iban: str
    entity_id: str
    currency: str
    bank: str
    share: float


@dataclass(slots=True, eq=False)
class Draft:
    """A payment as its payer meant it: before a bank has treated its texts. `settles` is the truth, item to cents."""

    cents: int
    text: str = ""
    settles: dict[Item, int] = field(default_factory=dict)
    name: str = ""
    iban: str | None = None
    structured: str | None = None
    end_to_end: str | None = None
    direction: str = "credit"
    return_reason: str | None = None
    may_be_cut: bool = False
    returns: Draft | None = None
    """The payment that this debit takes back."""
    case: str = ""
    booked_on: str = ""


@dataclass(frozen=True, slots=True)
class Payment:
    """A draft that was booked: on which account and day, under which reference, and what the payer owes by it."""

    entry_ref: str
    account: Account
    day: date
    draft: Draft
