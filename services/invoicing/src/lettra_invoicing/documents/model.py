"""What a printed and electronic invoice or credit note must carry. Pure values: they exist only when valid."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from lettra_events.money import CurrencyCode
from lettra_events.values import IsoDate
from lettra_invoicing.documents.parts import (
    Address,
    Buyer,
    CorrectedInvoice,
    CreditTransfer,
    Deposit,
    EarlyPaymentDiscount,
    Instalment,
    LatePenalty,
    Line,
    Line200,
    Line1000,
    Number,
    Part,
    Period,
    Seller,
    Totals,
    VatShare,
)
from lettra_invoicing.documents.rules import BrokenRules, broken_rules
from lettra_invoicing.domain.values import CreditorReference, Sum

Kind = Literal["invoice", "credit_note", "deposit_invoice", "final_invoice"]
OperationCategory = Literal["goods", "services", "mixed"]
Language = Literal["fr", "en"]


class InvoiceDocument(Part):
    """An invoice (380), credit note (381), deposit invoice (386) or final invoice that deducts deposits (380).

    Amounts of a credit note are positive. BrokenRules (inside pydantic's error) names every field and rule that
    does not hold: the totals of EN 16931 (BR-CO), its VAT categories, the French rules (BR-FR), the mentions of
    French law.
    """

    number: Number
    kind: Kind
    language: Language = "fr"
    issue_date: IsoDate
    delivery_date: IsoDate | None = None
    period: Period | None = None
    currency: CurrencyCode
    operation_category: OperationCategory
    vat_on_debits: bool = False
    seller: Seller
    buyer: Buyer
    delivery_address: Address | None = None
    corrects: CorrectedInvoice | None = None
    deposits: Annotated[tuple[Deposit, ...], Field(max_length=50)] = ()
    lines: Annotated[tuple[Line, ...], Field(min_length=1)]
    vat_breakdown: Annotated[tuple[VatShare, ...], Field(min_length=1)]
    totals: Totals
    instalments: Annotated[tuple[Instalment, ...], Field(max_length=50)] = ()
    payment_terms: Line1000 | None = None
    early_payment_discount: EarlyPaymentDiscount | None = None
    late_penalty: LatePenalty | None = None
    recovery_indemnity: Sum | None = None
    credit_transfer: CreditTransfer | None = None
    payment_reference: CreditorReference | None = None
    buyer_reference: Line200 | None = None
    order_number: Line200 | None = None
    contract_number: Line200 | None = None
    notes: Annotated[tuple[Line1000, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _holds(self) -> Self:
        if broken := tuple(broken_rules(self)):
            raise BrokenRules(broken)
        return self
