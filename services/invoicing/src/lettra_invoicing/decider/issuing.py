"""Issuing and importing invoices and credit notes. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from lettra_events.contracts import Event
from lettra_events.contracts.invoicing import CreditNoteIssued, DepositDeducted, InvoiceIssued, NumberDrawn
from lettra_events.service.rejection import Rejected
from lettra_invoicing.decider import contents, terms
from lettra_invoicing.decider.customers import need_customer, need_entity
from lettra_invoicing.decider.evolving import document_of
from lettra_invoicing.decider.numbering import draw_number
from lettra_invoicing.decider.printed import printed
from lettra_invoicing.domain import (
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
    """A document that is issued: its number, itself, its content where it has lines, and what to know of it."""

    drawn: NumberDrawn
    document: InvoiceIssued | CreditNoteIssued
    content: bytes | None
    warnings: tuple[str, ...] = ()


def issue_invoice(
    command: IssueInvoice,
    parties: contents.Parties,
    deposits: Sequence[Document | None],
    series: Series | None,
) -> Issue:
    """The next number of the series, and the invoice that bears it; `deposits` are those that the command deducts."""
    net, vat, gross = contents.amounts_of(command)
    deducted = _deduct(command, deposits, gross)
    payable = gross - sum((each.amount for each in deducted), Decimal(0))
    due = terms.when_due(command, parties.customer)
    discount_amount, discount_until = terms.discount(command, due.terms, payable)
    drawn = draw_number(command.entity_id, command.series, command.issue_date, series)
    invoice = InvoiceIssued(
        customer_id=command.customer_id,
        entity_id=command.entity_id,
        document_number=drawn.document_number,
        issue_date=command.issue_date,
        due_date=due.due_date,
        currency=command.currency,
        net=net,
        vat=vat,
        gross=gross,
        payment_reference=creditor_reference(drawn.document_number),
        terms=due.terms.written if due.terms else None,
        instalments=terms.instalments(command, payable),
        discount_amount=discount_amount,
        discount_until=discount_until,
        deposit=command.deposit,
        deposits=deducted,
        mentions=contents.mentions(command, parties.entity, parties.customer),
    )
    if not command.lines:
        return Issue(drawn, invoice, None, due.warnings)
    said = invoice.mentions
    assert said is not None
    contents.check_rate(said, parties.entity)
    known = [deposit for deposit in deposits if deposit is not None]
    content = contents.content_of_invoice(command, invoice, parties, known)
    return _with_content(Issue(drawn, invoice, content, due.warnings))


def _with_content(issue: Issue) -> Issue:
    """The document knows its content by the digest; refused where it could not be printed."""
    assert issue.content is not None
    printed(json.loads(issue.content))
    digest = contents.digest_of(issue.content)
    return replace(issue, document=issue.document.model_copy(update={"document_digest": digest}))


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


def need_invoice(document: Document | None, number: str, field: str) -> Document:
    """The invoice; `field` is where the request names it."""
    if document is None or document.kind != "invoice":
        raise Rejected("unknown-invoice", f"there is no invoice {number}", status=404, field=field)
    return document


def issue_credit_note(
    command: IssueCreditNote, invoice: Document, parties: contents.Parties | None, series: Series | None
) -> Issue:
    """The next number of the series, and the credit note that bears it, for no more than is left of its invoice.

    `parties` are needed for a note with lines.
    """
    net, vat, gross = contents.amounts_of(command)
    _check_credit(invoice, gross, command.currency, command.issue_date)
    drawn = draw_number(command.entity_id, command.series, command.issue_date, series)
    note = CreditNoteIssued(
        customer_id=invoice.customer_id,
        entity_id=command.entity_id,
        document_number=drawn.document_number,
        issue_date=command.issue_date,
        currency=command.currency,
        net=net,
        vat=vat,
        gross=gross,
        corrects=command.corrects,
        reason=command.reason,
    )
    if parties is None or not command.lines:
        return Issue(drawn, note, None)
    content = contents.content_of_credit_note(command, note, parties, invoice)
    return _with_content(Issue(drawn, note, content))


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
