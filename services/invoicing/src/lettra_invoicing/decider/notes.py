"""The credit notes that disputes and requests lead to: with lines, where the invoice has lines. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from lettra_events.service.rejection import Rejected
from lettra_invoicing.decider.crediting import Billed, Credited, credit_amount, named_lines, vat_in_euros
from lettra_invoicing.decider.following import amount_of, check_order
from lettra_invoicing.documents.amounts import rounded
from lettra_invoicing.domain import (
    AcceptDispute,
    ApproveCreditNote,
    CreditedLineAsked,
    Dispute,
    Document,
    IssueCreditNote,
    IssueCreditNoteOfAmount,
    Request,
)

Command = AcceptDispute | ApproveCreditNote


def note_of_dispute(
    command: AcceptDispute, dispute: Dispute, document: Document, billed: Billed | None
) -> IssueCreditNote:
    """The credit note that accepts the dispute: for no more than is contested."""
    check_order(command.resolved_on, dispute.opened_on, "resolved_on")
    named = named_lines(document, billed, command.lines, command.amount)
    at_most = min(dispute.amount, document.left)
    amount = amount_of(named.gross if named else command.amount, at_most, document, "credited")
    said = {"issue_date": command.resolved_on, "reason": dispute.reason}
    return _note(command, said, amount, document, billed, named)


def note_of_request(
    command: ApproveCreditNote, request: Request, document: Document, billed: Billed | None
) -> IssueCreditNote:
    """The credit note that was asked for; refused where less than that is left of the invoice by now."""
    amount = amount_of(request.amount, document.left, document, "credited")
    named = named_lines(document, billed, _lines_of(request), request.amount)
    said = {"issue_date": command.decided_on, "reason": request.reason}
    return _note(command, said, amount, document, billed, named)


def _lines_of(request: Request) -> list[CreditedLineAsked]:
    written = (text.partition(" ") for text in request.lines)
    return [CreditedLineAsked(line=int(line), quantity=quantity or None) for line, _, quantity in written]


def _note(
    command: Command,
    said: dict[str, Any],
    gross: Decimal,
    document: Document,
    billed: Billed | None,
    named: Credited | None,
) -> IssueCreditNote:
    said = said | {
        "entity_id": document.entity_id,
        "series": command.series,
        "corrects": document.document_number,
        "currency": document.currency,
    }
    if billed is None:
        net, vat = _in_proportion(command, gross, document)
        return IssueCreditNote.model_validate(said | {"net": net, "vat": vat, "gross": gross})
    credited = named or credit_amount(billed, gross)
    if command.net is not None and (command.net, command.vat) != (credited.net, credited.vat):
        raise Rejected(
            "does-not-add-up",
            f"what is credited comes to net {credited.net} and VAT {credited.vat} {document.currency}:"
            " leave net and vat out, or name the lines",
            field="net",
        )
    return _with_lines(said, credited, billed)


def _with_lines(said: dict[str, Any], credited: Credited, billed: Billed) -> IssueCreditNote:
    content = billed.content
    said = said | {
        "lines": credited.lines,
        "net": credited.net,
        "vat": credited.vat,
        "gross": credited.gross,
        "vat_in_euros": vat_in_euros(billed, credited.vat),
        "operation_category": content["mentions"]["operation_category"],
        "buyer_reference": content["buyer_reference"],
        "order_number": content["order_number"],
        "contract_number": content["contract_number"],
    }
    if not credited.vat_of_lines:
        return IssueCreditNote.model_validate(said)
    return IssueCreditNoteOfAmount.model_validate(said | {"vat_of_lines": credited.vat_of_lines})


def _in_proportion(command: Command, gross: Decimal, document: Document) -> tuple[Decimal, Decimal]:
    """Net and VAT as given, or in proportion to the invoice's."""
    vat = command.vat
    if vat is None:
        if document.vat is None:
            raise Rejected(
                "vat-unknown",
                f"the VAT of {document.document_number} is not known here: give net and vat of the credit note",
                field="vat",
            )
        vat = rounded(gross * document.vat / document.gross, document.currency)
    net = gross - vat if command.net is None else command.net
    if net + vat != gross:
        raise Rejected(
            "does-not-add-up", f"net {net} + vat {vat} is not the {gross} to be credited", field="net"
        )
    return net, vat
