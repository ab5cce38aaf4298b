"""What becomes of invoices that were issued: disputes, credit-note requests, write-offs, statuses. Pure."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Literal

from lettra_events.contracts import Event
from lettra_events.contracts.invoicing import (
    CreditedLine,
    CreditNoteIssued,
    CreditNoteRequestApproved,
    CreditNoteRequested,
    CreditNoteRequestRefused,
    DisputeOpened,
    DisputeReassigned,
    DisputeResolved,
    InvoiceIssued,
    LifecycleStatusReceived,
)
from lettra_events.service.rejection import Rejected
from lettra_invoicing.decider.crediting import Billed, named_lines
from lettra_invoicing.decider.terms import check_whole
from lettra_invoicing.domain import (
    AcceptDispute,
    ApproveCreditNote,
    CloseDispute,
    Decide,
    Dispute,
    Document,
    DocumentStatus,
    OpenDispute,
    ProposeBadDebt,
    ReassignDispute,
    ReceiveStatus,
    Request,
    RequestCreditNote,
)

OPEN = "open"


def _on(document: Document) -> dict[str, Any]:
    return {
        "customer_id": document.customer_id,
        "entity_id": document.entity_id,
        "document_number": document.document_number,
    }


def amount_of(asked: Decimal | None, at_most: Decimal, document: Document, what: str) -> Decimal:
    """What was asked for, or as much as can be."""
    amount = at_most if asked is None else asked
    check_whole([amount], document.currency, "amount")
    if not 0 < amount <= at_most:
        raise Rejected(
            "amount-exceeds-invoice",
            f"{amount} {document.currency}: of {document.document_number}, {at_most} can be {what}",
            field="amount",
        )
    return amount


# -- disputes ---------------------------------------------------------------------------------------------------


def open_dispute(command: OpenDispute, document: Document, dispute_id: str) -> DisputeOpened:
    """So much of the invoice is contested, and no part of it twice."""
    if command.opened_on < document.issue_date:
        raise Rejected(
            "before-invoice",
            f"{command.opened_on} is before the invoice's {document.issue_date}",
            field="opened_on",
        )
    amount = amount_of(command.amount, document.left - document.disputed, document, "contested")
    said = command.model_dump(include={"reason", "owner", "due_date", "opened_on", "who"})
    return DisputeOpened(
        **_on(document), **said, dispute_id=dispute_id, amount=amount, currency=document.currency
    )


def need_open_dispute(dispute: Dispute | None, dispute_id: str) -> Dispute:
    if dispute is None:
        raise Rejected("unknown-dispute", f"there is no dispute {dispute_id}", status=404, field="dispute_id")
    if dispute.outcome != OPEN:
        raise Rejected(
            "dispute-closed", f"the dispute was {dispute.outcome} on {dispute.resolved_on}", status=409
        )
    return dispute


def reassign_dispute(command: ReassignDispute, dispute: Dispute) -> list[Event]:
    """Another owner or date. As it is already: nothing."""
    if (command.owner, command.due_date) == (dispute.owner, dispute.due_date):
        return []
    return [DisputeReassigned(**place_of(dispute), dispute_id=dispute.dispute_id, **command.model_dump())]


def close_dispute(
    command: CloseDispute, dispute: Dispute, outcome: Literal["rejected", "withdrawn"]
) -> DisputeResolved:
    """Nothing is taken back."""
    check_order(command.resolved_on, dispute.opened_on, "resolved_on")
    return DisputeResolved(
        **place_of(dispute),
        dispute_id=dispute.dispute_id,
        outcome=outcome,
        amount=dispute.amount,
        currency=dispute.currency,
        credited=Decimal(0),
        **command.model_dump(),
    )


def accept_dispute(
    command: AcceptDispute, dispute: Dispute, note: InvoiceIssued | CreditNoteIssued
) -> DisputeResolved:
    """The dispute ends with this credit note."""
    return DisputeResolved(
        **place_of(dispute),
        dispute_id=dispute.dispute_id,
        outcome="accepted",
        amount=dispute.amount,
        currency=dispute.currency,
        credited=note.gross,
        credit_note=note.document_number,
        resolved_on=command.resolved_on,
        who=command.who,
        why=command.why,
    )


def place_of(row: Dispute | Request) -> dict[str, Any]:
    return {
        "customer_id": row.customer_id,
        "entity_id": row.entity_id,
        "document_number": row.document_number,
    }


def check_order(day: date, before: date, field: str) -> None:
    if day < before:
        raise Rejected("date-goes-back", f"{day} is before {before}", field=field)


# -- credit notes by request, and write-offs --------------------------------------------------------------------


def request_credit_note(
    command: RequestCreditNote, document: Document, billed: Billed | None, request_id: str
) -> CreditNoteRequested:
    """Ask for a credit note of no more than is left of the invoice; of lines, for what they come to."""
    named = named_lines(document, billed, command.lines, command.amount)
    amount = requested(command, named.gross if named else command.amount, document, "credited")
    lines = tuple(CreditedLine(**each.model_dump()) for each in command.lines)
    return CreditNoteRequested(**amount, request_id=request_id, reason=command.reason, lines=lines)


def requested(
    command: RequestCreditNote | ProposeBadDebt, asked: Decimal | None, document: Document, what: str
) -> dict[str, Any]:
    """What is said of any request on an invoice."""
    check_order(command.requested_on, document.issue_date, "requested_on")
    amount = amount_of(asked, document.left, document, what)
    said = command.model_dump(include={"requested_on", "who", "why"})
    return _on(document) | said | {"amount": amount, "currency": document.currency}


def need_open_request(
    request: Request | None, request_id: str, kind: str, command: Decide | ApproveCreditNote
) -> Request:
    """The request, if another person than who asked decides on it."""
    if request is None or request.kind != kind:
        raise Rejected(
            "unknown-request", f"there is no such request {request_id}", status=404, field="request_id"
        )
    if request.state != OPEN:
        raise Rejected("request-decided", f"it was {request.state} on {request.decided_on}", status=409)
    if command.who.casefold() == request.requested_by.casefold():
        raise Rejected(
            "own-request",
            f"{command.who} asked for it: another person decides (four eyes)",
            status=409,
            field="who",
        )
    check_order(command.decided_on, request.requested_on, "decided_on")
    return request


def approve_credit_note(
    command: ApproveCreditNote, request: Request, number: str
) -> CreditNoteRequestApproved:
    return CreditNoteRequestApproved(
        **place_of(request),
        request_id=request.request_id,
        decided_on=command.decided_on,
        who=command.who,
        why=command.why,
        credit_note=number,
    )


def refuse_credit_note(command: Decide, request: Request) -> CreditNoteRequestRefused:
    return CreditNoteRequestRefused(
        **place_of(request), request_id=request.request_id, **command.model_dump()
    )


# -- statuses of electronic invoicing ---------------------------------------------------------------------------


def receive_status(command: ReceiveStatus, document: Document, known: DocumentStatus | None) -> list[Event]:
    """A status that came in. The same message again: nothing; another one of the same reference: refused."""
    said = command.model_dump(exclude={"entity_id", "document_number"})
    if known is None:
        return [LifecycleStatusReceived(**_on(document), **said)]
    if all(getattr(known, name) == value for name, value in said.items()):
        return []
    raise Rejected(
        "status-exists",
        f"the message {command.reference} came with other data",
        status=409,
        field="reference",
    )
