"""The demo company's truth: who buys what, and what each payer meant by the money that he sends.

Amounts are in the company's currency. A document is known by its `key`: the number of an imported one, a name of the
demo's own for one that the invoicing service will number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

CURRENCY = "EUR"
CENT = Decimal("0.01")


class Habit(StrEnum):
    """How a payer says what he pays; the value is how the report calls it."""

    REFERENCE = "RF reference of the invoice"
    REFERENCE_IN_TEXT = "RF reference in the text, in groups"
    NUMBER = "the number, as it is"
    NUMBER_APART = "the number with blanks, slashes, lower case"
    SEVERAL = "several numbers in one payment"
    CREDITED = "less a credit note"
    PARTIAL = "a part of the invoice"
    OVERPAID = "more than the invoice"
    TWICE = "the same invoice once more"
    EARLY = "before the invoice was known"
    NOTHING = "no word of what it is for"
    NO_CUSTOMER = "money that is no customer's"


@dataclass(frozen=True)
class Sale:
    """An invoice as the source has it: sold, due and settled on these days, perhaps after a dispute."""

    customer: str
    country: str
    number: str
    issued: date
    due: date
    gross: Decimal
    disputed: bool
    settled: date


@dataclass(frozen=True)
class Customer:
    """A customer with an invented name, SIREN and IBAN; `knows_iban`: the master data have the IBAN."""

    customer_id: str
    name: str
    siren: str
    iban: str
    language: str
    knows_iban: bool


@dataclass(frozen=True)
class Invoice:
    """An invoice; `reference` is that of the ERP's paper, None where it has none or Lettra will make it.

    `known_on` is when it reaches Lettra: its issue date, or later where the extract comes late.
    """

    key: str
    customer_id: str
    issue_date: date
    due_date: date
    net: Decimal
    vat: Decimal
    gross: Decimal
    imported: bool
    reference: str | None
    known_on: date


@dataclass(frozen=True)
class CreditNote:
    """A credit note that Lettra will number; `corrects` is the key of its invoice."""

    key: str
    corrects: str
    issue_date: date
    net: Decimal
    vat: Decimal
    gross: Decimal


@dataclass(frozen=True)
class Payment:
    """A transfer to the company: `names` are the documents that it names, by key, in the order of the text.

    `settles` says how much of it must settle which of them. The rest must stay on its customer's account; of a payment
    that names nothing, nothing may settle another invoice than `silently`, which its payer meant and did not say.
    `words` is the text of one that is no customer's.
    """

    ref: str
    booking_date: date
    amount: Decimal
    payer_name: str
    payer_iban: str | None
    habit: Habit
    names: tuple[str, ...] = ()
    settles: Mapping[str, Decimal] = field(default_factory=dict)
    words: str | None = None
    silently: str | None = None

    @property
    def on_account(self) -> Decimal:
        """What must stay with the customer, settling nothing."""
        return self.amount - sum(self.settles.values(), Decimal(0)) if self.names else Decimal(0)


@dataclass(frozen=True)
class Debit:
    """Money that leaves the account."""

    ref: str
    booking_date: date
    amount: Decimal
    payee: str
    words: str


@dataclass(frozen=True)
class Company:
    """All that will happen, from the first day to the last one."""

    entity_id: str
    name: str
    siren: str
    account: str
    opening_balance: Decimal
    first_day: date
    last_day: date
    customers: tuple[Customer, ...]
    invoices: tuple[Invoice, ...]
    credit_notes: tuple[CreditNote, ...]
    payments: tuple[Payment, ...]
    debits: tuple[Debit, ...]


def with_vat(gross: Decimal) -> tuple[Decimal, Decimal]:
    """Net and VAT of a gross amount at 20 %, to the cent; they add up to it exactly."""
    net = (gross / Decimal("1.2")).quantize(CENT)
    return net, gross - net
