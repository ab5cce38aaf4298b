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
    FEES = "the number, and banks on the way kept 12 EUR"
    DISCOUNT = "the number, less the discount for early payment"
    DISCOUNT_LATE = "the same discount, taken too late"
    AFTER_CREDIT = "the number, less a credit note of another invoice"
    DISPUTED = "the number, less what a dispute brought"
    DEPOSIT = "a deposit invoice, and what is left after it"
    RETURNED = "the number, and the bank took the money back"
    ANNOUNCED = "the number, announced before it was booked"
    ADVICE = "nothing; an e-mail says what it pays"
    GROUP = "nothing; the group's account pays for a sister"
    ON_BEHALF = "for whom another one pays"
    STATEMENT = "nothing; everything that is due"
    UNIQUE_SUM = "nothing; a sum that only these items give"
    SAME_AMOUNT = "nothing; two items are of this amount"
    SEVERAL_SUMS = "nothing; a sum that several sets of items give"
    ROUND_SUM = "nothing; a round sum on account"
    WRONG_NUMBER = "another customer's number, by mistake"
    SIMILAR_NAMES = "nothing; two customers are called so"
    PREPAID = "an order of which no invoice exists"
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
    """A customer with an invented name, SIREN and IBAN; `knows_iban`: the master data have the IBAN.

    Customers of one `group_id` may pay for one another.
    """

    customer_id: str
    name: str
    siren: str
    iban: str
    language: str
    knows_iban: bool
    group_id: str = ""


@dataclass(frozen=True)
class Discount:
    """So many per cent less for who pays until that day."""

    percent: int
    until: date


@dataclass(frozen=True)
class Invoice:
    """An invoice; `reference` is that of the ERP's paper, None where it has none or Lettra will make it.

    `known_on` is when it reaches Lettra: its issue date, or later where the extract comes late. Lettra's own may have a
    discount, be for a deposit, or deduct a deposit invoice (by key): then `deducted` of `gross` is not owed.
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
    discount: Discount | None = None
    is_deposit: bool = False
    deducts: str | None = None
    deducted: Decimal = Decimal(0)

    @property
    def owed(self) -> Decimal:
        """What is to be paid of it."""
        return self.gross - self.deducted


@dataclass(frozen=True)
class Dispute:
    """A customer contests a part of an invoice; the credit note that it belongs to is how it ends."""

    opened_on: date
    reason: str


@dataclass(frozen=True)
class CreditNote:
    """A credit note that Lettra will number; `corrects` is the key of its invoice, `dispute` what led to it."""

    key: str
    corrects: str
    issue_date: date
    net: Decimal
    vat: Decimal
    gross: Decimal
    dispute: Dispute | None = None


@dataclass(frozen=True)
class Payment:
    """A transfer to the company: `names` are the documents that it names, by key, in the order of the text.

    `settles` says how much of it must settle which of them. The rest must stay on its customer's account; of a payment
    that names nothing, nothing may be settled but `silently`, all of it: what its payer meant and did not say.
    `besides`: what is settled with it and not in cash, by key: a discount, fees, a credit note on both of its sides.
    `only_by_person`: what is there fits something else as well, so that to settle anything would be to guess.
    `is_returned`: the bank takes it back. `words` is its text where it has one of its own, with {} for the numbers of
    what it names; `advice` is the e-mail that says what it pays. `announced_on`: the bank tells of it before.
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
    silently: Mapping[str, Decimal] = field(default_factory=dict)
    besides: Mapping[str, Decimal] = field(default_factory=dict)
    only_by_person: bool = False
    end_to_end: str | None = None
    is_returned: bool = False
    customer_id: str = ""
    advice: str | None = None
    announced_on: date | None = None

    @property
    def less(self) -> Decimal:
        """How much of what it settles is settled beside it."""
        meant = self.settles or self.silently
        return sum((amount for key, amount in self.besides.items() if key in meant), Decimal(0))

    @property
    def on_account(self) -> Decimal:
        """What must stay with the customer, settling nothing."""
        if not self.names or self.is_returned:
            return Decimal(0)
        return self.amount - sum(self.settles.values(), Decimal(0))


@dataclass(frozen=True)
class Debit:
    """Money that leaves the account; `returns`: the end-to-end reference of the payment that it takes back."""

    ref: str
    booking_date: date
    amount: Decimal
    payee: str
    words: str
    returns: str | None = None


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
