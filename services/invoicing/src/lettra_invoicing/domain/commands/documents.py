"""What a caller may ask for of invoices and credit notes. Pure."""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator

from lettra_events.money import CurrencyCode, Money
from lettra_events.values import Identifier, IsoDate
from lettra_invoicing.domain.commands.base import Asked
from lettra_invoicing.domain.values import CreditorReference, DocumentNumber, SeriesName, Sum


class _Amounts(Asked):
    currency: CurrencyCode
    net: Sum = Field(ge=0)
    vat: Sum = Field(ge=0)
    gross: Sum = Field(gt=0)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        for name, amount in (("net", self.net), ("vat", self.vat), ("gross", self.gross)):
            if not Money.of(amount, self.currency).is_whole:
                raise ValueError(f"{name} {amount} has more decimals than the currency {self.currency}")
        if self.net + self.vat != self.gross:
            raise ValueError(f"net {self.net} + vat {self.vat} is not gross {self.gross}")
        return self


class IssueInvoice(_Amounts):
    """Issue an invoice with the next number of a series."""

    entity_id: Identifier
    customer_id: Identifier
    series: SeriesName
    issue_date: IsoDate
    due_date: IsoDate

    @model_validator(mode="after")
    def _due_after_issue(self) -> Self:
        _check_due(self.issue_date, self.due_date)
        return self


class IssueCreditNote(_Amounts):
    """Issue a credit note that corrects one invoice, with the next number of a series."""

    entity_id: Identifier
    series: SeriesName
    issue_date: IsoDate
    corrects: DocumentNumber


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
