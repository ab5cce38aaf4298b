"""Issuing and importing invoices and credit notes. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from lettra_events.contracts import Event
from lettra_events.contracts.invoicing import CreditNoteIssued, DepositDeducted, InvoiceIssued, NumberDrawn
from lettra_events.service.rejection import Rejected
from lettra_invoicing.decider import contents, terms
from lettra_invoicing.decider.customers import need_customer, need_entity
from lettra_invoicing.decider.evolving import document_of
from lettra_invoicing.decider.numbering import draw_number
from lettra_invoicing.decider.printed import printed
from lettra_invoicing.domain import (
    Contact,
    Customer,
    DepositAsked,
    Document,
    ImportDocument,
    IssueCreditNote,
    IssueInvoice,
    LegalEntity,
    Series,
    creditor_reference,
)


@dataclass(frozen=True, slots=True)
class Issue:
    """An invoice that is issued: its number, the invoice, its content where it has lines, and what to know of it."""

    drawn: NumberDrawn
    invoice: InvoiceIssued
    content: bytes | None
    warnings: tuple[str, ...]


def issue_invoice(
    command: IssueInvoice,
    entity: LegalEntity,
    customer: Customer,
    contact: Contact | None,
    deposits: Sequence[Document | None],
    series: Series | None,
) -> Issue:
    """The next number of the series, and the invoice that bears it; `deposits` are those that the command deducts."""
    net, vat, gross = contents.amounts_of(command)
    deducted = _deduct(command, deposits, gross)
    payable = gross - sum((each.amount for each in deducted), Decimal(0))
    due = terms.when_due(command, customer)
    discount_amount, discount_until = terms.discount(command, due.terms, payable)
    party = contents.check_parties(command, entity, customer, contact) if command.lines else None
    drawn = draw_number(command.entity_id, command.series, command.issue_date, series)
    data: dict[str, Any] = {
        "customer_id": command.customer_id,
        "entity_id": command.entity_id,
        "document_number": drawn.document_number,
        "issue_date": command.issue_date,
        "due_date": due.due_date,
        "currency": command.currency,
        "net": net,
        "vat": vat,
        "gross": gross,
        "payment_reference": creditor_reference(drawn.document_number),
        "terms": due.terms.written if due.terms else None,
        "instalments": terms.instalments(command, payable),
        "discount_amount": discount_amount,
        "discount_until": discount_until,
        "deposit": command.deposit,
        "deposits": deducted,
        "mentions": contents.mentions(command, entity, customer),
    }
    known = [deposit for deposit in deposits if deposit is not None]
    content = contents.content_of(command, data, entity, customer, party, known) if party else None
    if content is not None:
        printed(json.loads(content))
    digest = contents.digest_of(content) if content else None
    return Issue(drawn, InvoiceIssued(**data, document_digest=digest), content, due.warnings)


def _deduct(
    command: IssueInvoice, deposits: Sequence[Document | None], gross: Decimal
) -> tuple[DepositDeducted, ...]:
    """So much of each deposit invoice as is asked for, or all that is left of it; never more than the gross."""
    found = [
        _deducted(command, asked, deposit) for asked, deposit in zip(command.deposits, deposits, strict=True)
    ]
    total = sum((each.amount for each in found), Decimal(0))
    if total > gross:
        raise Rejected(
            "deposits-exceed-invoice",
            f"deposits of {total} {command.currency} are more than the invoice of {gross}",
            field="deposits",
        )
    return tuple(found)


def _deducted(command: IssueInvoice, asked: DepositAsked, deposit: Document | None) -> DepositDeducted:
    number = asked.document_number
    if deposit is None or not deposit.deposit:
        raise Rejected(
            "unknown-deposit", f"there is no deposit invoice {number}", status=404, field="deposits"
        )
    if deposit.customer_id != command.customer_id:
        raise Rejected("other-customer", f"{number} is another customer's", field="deposits")
    if deposit.currency != command.currency:
        raise Rejected("wrong-currency", f"{number} is in {deposit.currency}", field="deposits")
    amount = deposit.left if asked.amount is None else asked.amount
    terms.check_whole([amount], command.currency, "deposits")
    if not 0 < amount <= deposit.left:
        raise Rejected(
            "deposit-exceeded",
            f"{amount} {command.currency} is not within the {deposit.left} left of {number}",
            field="deposits",
        )
    return DepositDeducted(document_number=number, amount=amount)


def issue_credit_note(
    command: IssueCreditNote, invoice: Document | None, series: Series | None
) -> tuple[NumberDrawn, CreditNoteIssued]:
    """The next number of the series, and the credit note that bears it, for no more than is left of its invoice."""
    if invoice is None or invoice.kind != "invoice":
        raise Rejected(
            "unknown-invoice", f"there is no invoice {command.corrects}", status=404, field="corrects"
        )
    _check_credit(invoice, command.gross, command.currency, command.issue_date)
    drawn = draw_number(command.entity_id, command.series, command.issue_date, series)
    data = command.model_dump(exclude={"series"})
    note = CreditNoteIssued(**data, customer_id=invoice.customer_id, document_number=drawn.document_number)
    return drawn, note


def import_document(
    command: ImportDocument,
    entity: LegalEntity | None,
    customer: Customer | None,
    existing: Document | None,
    corrected: Document | None,
) -> list[Event]:
    """A document with the ERP's number. Imported before with the same data: nothing; with other data: refused."""
    need_entity(entity, command.entity_id)
    need_customer(customer, command.customer_id)
    event = _imported(command)
    if existing is not None:
        if existing.as_issued == document_of(event):
            return []
        raise Rejected(
            "document-exists",
            f"{command.document_number} of {command.entity_id} exists with other data",
            status=409,
            field="document_number",
        )
    if command.kind == "credit_note":
        if corrected is None or corrected.kind != "invoice":
            raise Rejected("unknown-invoice", f"there is no invoice {command.corrects}", field="corrects")
        if corrected.customer_id != command.customer_id:
            raise Rejected("other-customer", f"{command.corrects} is another customer's", field="customer_id")
        _check_credit(corrected, command.gross, command.currency, command.issue_date)
    return [event]


def _check_credit(invoice: Document, gross: Decimal, currency: str, issue_date: date) -> None:
    if currency != invoice.currency:
        raise Rejected(
            "wrong-currency",
            f"{invoice.document_number} is in {invoice.currency}, the credit note in {currency}",
            field="currency",
        )
    left = invoice.left
    if gross > left:
        raise Rejected(
            "credit-exceeds-invoice",
            f"{gross} {currency} is more than the {left} {currency} left of {invoice.document_number}",
            field="gross",
        )
    if issue_date < invoice.issue_date:
        raise Rejected(
            "credit-before-invoice",
            f"{issue_date} is before the invoice's {invoice.issue_date}",
            field="issue_date",
        )


def _imported(command: ImportDocument) -> InvoiceIssued | CreditNoteIssued:
    data = command.model_dump(exclude={"kind"}) | {"origin": "imported"}
    return InvoiceIssued(**data) if command.kind == "invoice" else CreditNoteIssued(**data)
