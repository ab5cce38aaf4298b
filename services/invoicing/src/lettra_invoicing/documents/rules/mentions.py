"""What French law wants to be said on an invoice (C. com. L441-9, CGI ann. II 242 nonies A), by kind. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from lettra_invoicing.documents.rules.broken import Broken, Rule

if TYPE_CHECKING:
    from lettra_invoicing.documents.model import InvoiceDocument

RECOVERY_INDEMNITY = Decimal(40)
"""Euros for each late invoice (C. com. D441-5; for public buyers CCP D2192-35)."""
LINES_MAX = 1_000


def not_too_long(document: InvoiceDocument) -> Iterator[Broken]:
    count = len(document.lines)
    if count > LINES_MAX:
        sentence = f"{count:,} lines, and a document has {LINES_MAX:,} at most; issue several documents"
        yield Broken("lines", "limit", sentence)


def kind_has_its_references(document: InvoiceDocument) -> Iterator[Broken]:
    is_credit_note = document.kind == "credit_note"
    if is_credit_note and document.corrects is None:
        sentence = "it is missing; a credit note names the invoice that it corrects, and its date"
        yield Broken("corrects", "BR-FR-CO-05, CGI art. 289", sentence)
    if not is_credit_note and document.corrects is not None:
        yield Broken("corrects", "CGI art. 289", "it is for credit notes")
    is_final = document.kind == "final_invoice"
    if is_final and not document.deposits:
        yield Broken("deposits", "BT-113", "they are missing; a final invoice deducts them")
    if not is_final and document.deposits:
        yield Broken("deposits", "BT-113", "they are for final invoices")


def _references(document: InvoiceDocument) -> Iterator[tuple[str, str, date]]:
    if document.corrects is not None:
        yield "corrects", document.corrects.number, document.corrects.issue_date
    for i, deposit in enumerate(document.deposits):
        yield f"deposits[{i}]", deposit.number, deposit.issue_date


def references_are_earlier_documents(document: InvoiceDocument) -> Iterator[Broken]:
    seen: set[str] = set()
    for field, number, issue_date in _references(document):
        if number == document.number or number in seen:
            yield Broken(f"{field}.number", "BT-25", f"{number} is named twice")
        seen.add(number)
        if issue_date > document.issue_date:
            sentence = f"{issue_date} is after the issue date {document.issue_date}"
            yield Broken(f"{field}.issue_date", "BT-26", sentence)


def delivery_is_dated(document: InvoiceDocument) -> Iterator[Broken]:
    """A deposit is asked for before anything is delivered; a credit note need not concern a delivery."""
    if document.kind in ("invoice", "final_invoice") and not (document.delivery_date or document.period):
        sentence = "it is missing, and so is a period; an invoice says when was delivered or performed"
        yield Broken("delivery_date", "CGI ann. II 242 nonies A, I 10", sentence)
    if document.period is not None and document.period.end < document.period.start:
        yield Broken("period.end", "BR-29", "it is before the start of the period")


def _dates(document: InvoiceDocument) -> Iterator[tuple[str, date | None]]:
    yield "issue_date", document.issue_date
    yield "delivery_date", document.delivery_date
    if document.period is not None:
        yield "period.start", document.period.start
        yield "period.end", document.period.end
    for field, _number, issue_date in _references(document):
        yield f"{field}.issue_date", issue_date
    for i, instalment in enumerate(document.instalments):
        yield f"instalments[{i}].due_date", instalment.due_date


def dates_are_of_this_century(document: InvoiceDocument) -> Iterator[Broken]:
    for field, value in _dates(document):
        if value is not None and not 2000 <= value.year <= 2099:
            yield Broken(field, "BR-FR-03", f"{value} is not from 2000 to 2099")


def late_payment_is_announced(document: InvoiceDocument) -> Iterator[Broken]:
    """Professionals owe interest and 40 EUR when late, private persons neither; a credit note announces nothing."""
    given = {"late_penalty": document.late_penalty, "recovery_indemnity": document.recovery_indemnity}
    if document.kind == "credit_note" or document.buyer.kind == "private_person":
        for field, value in given.items():
            if value is not None:
                sentence = "it is for invoices to companies and public bodies"
                yield Broken(field, "C. com. L441-10", sentence)
        return
    if document.late_penalty is None:
        sentence = "it is missing; an invoice says the rate of interest on late payment"
        yield Broken("late_penalty", "BR-FR-05, C. com. L441-9", sentence)
    if document.recovery_indemnity != RECOVERY_INDEMNITY:
        sentence = f"{document.recovery_indemnity} is not the fixed sum of {RECOVERY_INDEMNITY} EUR"
        yield Broken("recovery_indemnity", "BR-FR-05, C. com. D441-5", sentence)


def discount_can_still_be_taken(document: InvoiceDocument) -> Iterator[Broken]:
    discount = document.early_payment_discount
    if discount is None:
        return
    if document.kind == "credit_note":
        yield Broken("early_payment_discount", "C. com. L441-9", "a credit note has none")
    elif discount.until < document.issue_date:
        sentence = f"{discount.until} is before the issue date {document.issue_date}"
        yield Broken("early_payment_discount.until", "C. com. L441-9", sentence)


MENTIONS: tuple[Rule, ...] = (
    not_too_long,
    kind_has_its_references,
    references_are_earlier_documents,
    delivery_is_dated,
    dates_are_of_this_century,
    late_payment_is_announced,
    discount_can_still_be_taken,
)
