"""What a caller may ask for of invoices and credit notes. Pure."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from lettra_events.contracts.invoicing import PARTS_MAX
from lettra_events.money import CurrencyCode, is_whole
from lettra_events.values import Identifier, IsoDate
from lettra_invoicing.domain.commands.base import Asked
from lettra_invoicing.domain.terms import TermsText
from lettra_invoicing.domain.values import CreditorReference, DocumentNumber, SeriesName, Sum, Text

DEPOSITS_MAX, LINES_MAX = 50, 1_000
ZERO = Decimal(0)
Percent = Annotated[Sum, Field(gt=0, le=100)]
Quantity = Annotated[Sum, Field(max_digits=12, decimal_places=4)]
Reason = Literal[
    "price",
    "quantity",
    "quality",
    "delivery",
    "duplicate",
    "already_paid",
    "order_reference",
    "billing_address",
    "vat",
    "contract",
    "goodwill",
    "other",
]
"""Why an invoice is contested or corrected."""


def check_sums(currency: str, net: Decimal, vat: Decimal, gross: Decimal) -> None:
    """ValueError: more decimals than the currency has, or net and VAT are not the gross."""
    for name, amount in (("net", net), ("vat", vat), ("gross", gross)):
        if not is_whole(amount, currency):
            raise ValueError(f"{name} {amount} has more decimals than the currency {currency}")
    if net + vat != gross:
        raise ValueError(f"net {net} + vat {vat} is not gross {gross}")


class _Amounts(Asked):
    currency: CurrencyCode
    net: Sum = Field(ge=0)
    vat: Sum = Field(ge=0)
    gross: Sum = Field(gt=0)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        check_sums(self.currency, self.net, self.vat, self.gross)
        return self


class InstalmentAsked(Asked):
    """One payment of several: a share of what is to be paid in per cent, or an amount."""

    due_date: IsoDate
    percent: Percent | None = None
    amount: Annotated[Sum, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.percent is None) == (self.amount is None):
            raise ValueError("an instalment has a percent or an amount; give one of them")
        return self


class DiscountAsked(Asked):
    """An early-payment discount (escompte), in per cent of what is to be paid or an amount, until a value date."""

    percent: Percent | None = None
    amount: Annotated[Sum, Field(gt=0)] | None = None
    until: IsoDate

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.percent is None) == (self.amount is None):
            raise ValueError("a discount has a percent or an amount; give one of them")
        return self


class DepositAsked(Asked):
    """A deposit invoice (facture d'acompte) to deduct: so much of it, or all that is left of it."""

    document_number: DocumentNumber
    amount: Annotated[Sum, Field(gt=0)] | None = None


class LineAsked(Asked):
    """What was delivered; net = quantity x price, rounded, less the discount. The price is net and per unit."""

    name: Text
    description: Annotated[str, Field(max_length=1000)] | None = None
    quantity: Quantity
    unit: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,3}$")] = "C62"
    price: Annotated[Sum, Field(ge=0)]
    discount: Annotated[Sum, Field(ge=0)] = Decimal(0)
    vat_category: Literal["S", "Z", "E", "AE", "K", "G", "O"] = "S"
    vat_rate: Annotated[Sum, Field(ge=0, le=100)]
    exemption_reason: Text | None = None


class _Billed(Asked):
    """Amounts, which may be left out where `lines` say them; and what a document with lines shows beside them."""

    entity_id: Identifier
    series: SeriesName
    issue_date: IsoDate
    currency: CurrencyCode
    net: Annotated[Sum, Field(ge=0)] | None = None
    vat: Annotated[Sum, Field(ge=0)] | None = None
    gross: Annotated[Sum, Field(gt=0)] | None = None
    operation_category: Literal["goods", "services", "mixed"] | None = None
    lines: Annotated[tuple[LineAsked, ...], Field(max_length=LINES_MAX)] = ()
    vat_in_euros: Annotated[Sum, Field(ge=0)] | None = None
    delivery_date: IsoDate | None = None
    buyer_reference: Text | None = None
    order_number: Text | None = None
    contract_number: Text | None = None

    @model_validator(mode="after")
    def _amounts_or_lines(self) -> Self:
        if self.lines and self.operation_category is None:
            raise ValueError(
                "operation_category is missing: goods, services or mixed (CGI ann. II 242 nonies A)"
            )
        amounts = {"net": self.net, "vat": self.vat, "gross": self.gross}
        if self.lines and not any(amount is not None for amount in amounts.values()):
            return self
        for name, amount in amounts.items():
            if amount is None:
                raise ValueError(f"{name} is missing: give net, vat and gross, or lines without any of them")
        check_sums(self.currency, self.net or ZERO, self.vat or ZERO, self.gross or ZERO)
        return self


class IssueInvoice(_Billed):
    """Issue an invoice with the next number of a series.

    When it is due: `due_date`, or from `terms`, or from the customer's terms, or 30 days. Amounts may be left out where
    `lines` say them. `deposit`: it is for a deposit; `deposits`: those that it deducts. `late_penalty_rate`: per cent a
    year, what the law's or the contract's rule comes to now. `vat_in_euros`: where the currency is another.
    """

    customer_id: Identifier
    due_date: IsoDate | None = None
    terms: TermsText | None = None
    instalments: Annotated[tuple[InstalmentAsked, ...], Field(max_length=PARTS_MAX)] = ()
    discount: DiscountAsked | None = None
    deposit: bool = False
    deposits: Annotated[tuple[DepositAsked, ...], Field(max_length=DEPOSITS_MAX)] = ()
    late_penalty_rate: Percent | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.due_date is not None:
            _check_due(self.issue_date, self.due_date)
        self._check_instalments()
        self._check_deposits()
        if self.discount is not None and self.discount.until < self.issue_date:
            raise ValueError(f"discount.until {self.discount.until} is before issue_date {self.issue_date}")
        if self.lines and self.delivery_date is None and not self.deposit:
            raise ValueError("delivery_date is missing: an invoice says when was delivered or performed")
        return self

    def _check_deposits(self) -> None:
        if self.deposit and self.deposits:
            raise ValueError("an invoice for a deposit deducts none; leave deposits out")
        numbers = [each.document_number for each in self.deposits]
        if len(set(numbers)) < len(numbers):
            raise ValueError("a deposit invoice is named twice in deposits; add its amounts up")

    def _check_instalments(self) -> None:
        if not self.instalments:
            return
        days = [each.due_date for each in self.instalments]
        if days != sorted(set(days)) or days[0] < self.issue_date:
            raise ValueError("instalments are due one after the other, from issue_date on")
        if self.due_date not in (None, days[-1]):
            raise ValueError(f"due_date {self.due_date} is not that of the last instalment, {days[-1]}")
        if self.terms is not None:
            raise ValueError("terms are for an invoice that is due at once; instalments have their own dates")
        percents = [each.percent for each in self.instalments if each.percent is not None]
        if percents and (len(percents) != len(days) or sum(percents) != 100):
            raise ValueError("instalments in percent are all in percent, and 100 together")


class IssueCreditNote(_Billed):
    """Issue a credit note that corrects one invoice, with the next number of a series; its amounts are positive."""

    corrects: DocumentNumber
    reason: Reason | None = None


class IssueCreditNoteOfAmount(IssueCreditNote):
    """A credit note for so much with VAT included: one line for each category and rate, and the VAT within each.

    Nobody asks for it by itself: it is made of a part of an invoice. Not every amount is a base and its rounded VAT
    (0.03 at 20 % is none), so the VAT is computed within the amount.
    """

    vat_of_lines: tuple[Sum, ...]


class CreditedLineAsked(Asked):
    """A line of the invoice, counted from 1, to take back: so much of its quantity, or all of it."""

    line: Annotated[int, Field(ge=1, le=LINES_MAX)]
    quantity: Quantity | None = None


def _each_once(lines: tuple[CreditedLineAsked, ...]) -> tuple[CreditedLineAsked, ...]:
    if len({each.line for each in lines}) < len(lines):
        raise ValueError("a line is named twice; add its quantities up")
    return lines


CreditedLines = Annotated[
    tuple[CreditedLineAsked, ...], Field(max_length=LINES_MAX), AfterValidator(_each_once)
]


class ImportDocument(_Amounts):
    """A document of an ERP, with the ERP's number. `corrects` belongs to credit notes, `due_date` to invoices."""

    entity_id: Identifier
    customer_id: Identifier
    document_number: DocumentNumber
    kind: Literal["invoice", "credit_note"]
    issue_date: IsoDate
    due_date: IsoDate | None = None
    payment_reference: CreditorReference | None = None
    corrects: DocumentNumber | None = None

    @model_validator(mode="after")
    def _fits_kind(self) -> Self:
        if self.kind == "invoice":
            self._fits_invoice()
        elif self.corrects is None:
            raise ValueError("corrects is missing; a credit note names its invoice (CGI art. 289)")
        return self

    def _fits_invoice(self) -> None:
        if self.due_date is None:
            raise ValueError("due_date is missing; an invoice has one")
        if self.corrects is not None:
            raise ValueError("corrects is for credit notes")
        _check_due(self.issue_date, self.due_date)


def _check_due(issue_date: date, due_date: date) -> None:
    if due_date < issue_date:
        raise ValueError(f"due_date {due_date} is before issue_date {issue_date}")


class ImportOpenItem(Asked):
    """What is open when an entity begins here; `amount` is what is open, `original_amount` what it was for."""

    entity_id: Identifier
    customer_id: Identifier
    item_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9:._/# -]{0,99}$")]
    kind: Literal["invoice", "credit_note"]
    document_number: DocumentNumber
    issue_date: IsoDate
    due_date: IsoDate
    currency: CurrencyCode
    amount: Annotated[Sum, Field(gt=0)]
    original_amount: Annotated[Sum, Field(gt=0)] | None = None
    reminder_step: Annotated[int, Field(ge=0, le=99)] = 0
    payment_reference: CreditorReference | None = None
    discount_amount: Annotated[Sum, Field(gt=0)] | None = None
    discount_until: IsoDate | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        _check_due(self.issue_date, self.due_date)
        for name in ("amount", "original_amount", "discount_amount"):
            amount = getattr(self, name)
            if amount is not None and not is_whole(amount, self.currency):
                raise ValueError(f"{name} {amount} has more decimals than the currency {self.currency}")
        if self.original_amount is not None and self.original_amount < self.amount:
            raise ValueError(
                f"original_amount {self.original_amount} is less than the {self.amount} that are open"
            )
        if (self.discount_amount is None) != (self.discount_until is None):
            raise ValueError("discount_amount and discount_until go together; give both or none")
        if self.discount_amount is not None and self.discount_amount >= self.amount:
            raise ValueError(
                f"discount_amount {self.discount_amount} is not below the {self.amount} that are open"
            )
        return self
