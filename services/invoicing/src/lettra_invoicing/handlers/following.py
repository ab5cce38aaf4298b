"""Commands on invoices that were issued: disputes, credit-note requests, write-offs, statuses."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Literal

from lettra_events.decisions.workspace import Workspace
from lettra_events.envelope import derived_id
from lettra_invoicing.decider import bad_debts, following, issuing, notes
from lettra_invoicing.decider.crediting import Billed
from lettra_invoicing.domain import (
    DISPUTES,
    DOCUMENT_CONTENTS,
    DOCUMENT_STATUSES,
    DOCUMENTS,
    REQUESTS,
    SERIES,
    AcceptDispute,
    ApproveCreditNote,
    CloseDispute,
    Decide,
    Dispute,
    Document,
    IssueCreditNote,
    OpenDispute,
    ProposeBadDebt,
    ReassignDispute,
    ReceiveStatus,
    Request,
    RequestCreditNote,
)
from lettra_invoicing.handlers.answers import DisputeTaken, RequestTaken, StatusTaken
from lettra_invoicing.handlers.documents import append_issue, parties_of
from lettra_invoicing.projections.settlements import SETTLEMENTS

BadDebtDecision = Literal["approve", "refuse"]


def open_dispute(workspace: Workspace, command: OpenDispute) -> DisputeTaken:
    document = _invoice(workspace, command.entity_id, command.document_number)
    event = following.open_dispute(command, document, _next_id(document, "dispute"))
    workspace.append(event)
    return DisputeTaken(dispute_id=event.dispute_id, outcome=following.OPEN, credit_note=None)


def reassign_dispute(workspace: Workspace, dispute_id: str, command: ReassignDispute) -> DisputeTaken:
    dispute = following.need_open_dispute(workspace.get(DISPUTES, dispute_id), dispute_id)
    workspace.append(*following.reassign_dispute(command, dispute))
    return DisputeTaken(dispute_id=dispute_id, outcome=following.OPEN, credit_note=None)


def close_dispute(
    workspace: Workspace, dispute_id: str, command: CloseDispute, outcome: Literal["rejected", "withdrawn"]
) -> DisputeTaken:
    dispute = following.need_open_dispute(workspace.get(DISPUTES, dispute_id), dispute_id)
    _invoice_of(workspace, dispute)
    workspace.append(following.close_dispute(command, dispute, outcome))
    return DisputeTaken(dispute_id=dispute_id, outcome=outcome, credit_note=None)


def accept_dispute(workspace: Workspace, dispute_id: str, command: AcceptDispute) -> DisputeTaken:
    dispute = following.need_open_dispute(workspace.get(DISPUTES, dispute_id), dispute_id)
    document = _invoice_of(workspace, dispute)
    billed = _billed(workspace, document)
    note = notes.note_of_dispute(command, dispute, document, billed)
    issue = _issue(workspace, note, document, billed)
    resolved = following.accept_dispute(command, dispute, issue.document)
    workspace.append(resolved)
    return DisputeTaken(dispute_id=dispute_id, outcome="accepted", credit_note=resolved.credit_note)


def request_credit_note(workspace: Workspace, command: RequestCreditNote) -> RequestTaken:
    document = _invoice(workspace, command.entity_id, command.document_number)
    billed = _billed(workspace, document) if command.lines else None
    event = following.request_credit_note(command, document, billed, _next_id(document, "credit_note"))
    workspace.append(event)
    return RequestTaken(request_id=event.request_id, state=following.OPEN, credit_note=None)


def approve_credit_note(workspace: Workspace, request_id: str, command: ApproveCreditNote) -> RequestTaken:
    request = following.need_open_request(
        workspace.get(REQUESTS, request_id), request_id, "credit_note", command
    )
    document = _invoice_of(workspace, request)
    billed = _billed(workspace, document)
    note = notes.note_of_request(command, request, document, billed)
    number = _issue(workspace, note, document, billed).document.document_number
    workspace.append(following.approve_credit_note(command, request, number))
    return RequestTaken(request_id=request_id, state="approved", credit_note=number)


def refuse_credit_note(workspace: Workspace, request_id: str, command: Decide) -> RequestTaken:
    request = following.need_open_request(
        workspace.get(REQUESTS, request_id), request_id, "credit_note", command
    )
    workspace.append(following.refuse_credit_note(command, request))
    return RequestTaken(request_id=request_id, state="refused", credit_note=None)


def propose_bad_debt(workspace: Workspace, command: ProposeBadDebt) -> RequestTaken:
    document = _invoice(workspace, command.entity_id, command.document_number)
    owed = _owed(workspace, document)
    event = bad_debts.propose_bad_debt(command, document, owed, _next_id(document, "bad_debt"))
    workspace.append(event)
    return RequestTaken(request_id=event.request_id, state=following.OPEN, credit_note=None)


def decide_bad_debt(
    workspace: Workspace, request_id: str, command: Decide, decision: BadDebtDecision
) -> RequestTaken:
    request = following.need_open_request(
        workspace.get(REQUESTS, request_id), request_id, "bad_debt", command
    )
    if decision == "refuse":
        workspace.append(bad_debts.refuse_write_off(command, request))
        return RequestTaken(request_id=request_id, state="refused", credit_note=None)
    document = _invoice_of(workspace, request)
    workspace.append(bad_debts.write_off(command, request, document, _owed(workspace, document)))
    return RequestTaken(request_id=request_id, state="approved", credit_note=None)


def receive_status(workspace: Workspace, command: ReceiveStatus) -> StatusTaken:
    key = (command.entity_id, command.document_number)
    workspace.expect((DOCUMENTS, key), (DOCUMENT_STATUSES, (*key, command.reference)))
    document = _invoice(workspace, *key)
    known = workspace.get(DOCUMENT_STATUSES, *key, command.reference)
    events = following.receive_status(command, document, known)
    workspace.append(*events)
    return StatusTaken(status=command.status, created=bool(events))


def _invoice(workspace: Workspace, entity_id: str, number: str) -> Document:
    return issuing.need_invoice(workspace.get(DOCUMENTS, entity_id, number), number, "document_number")


def _invoice_of(workspace: Workspace, row: Dispute | Request) -> Document:
    return _invoice(workspace, row.entity_id, row.document_number)


def _billed(workspace: Workspace, document: Document) -> Billed | None:
    """The invoice's lines; None where it was not issued here with lines."""
    kept = workspace.get(DOCUMENT_CONTENTS, document.entity_id, document.document_number)
    return None if kept is None else Billed.of(kept.content)


def _issue(
    workspace: Workspace, note: IssueCreditNote, document: Document, billed: Billed | None
) -> issuing.Issue:
    """Issue the credit note, with lines where the invoice has them."""
    parties = None
    if billed is not None:
        known = parties_of(workspace, document.entity_id, document.customer_id, with_address=True)
        parties = replace(known, contact=known.contact or billed.addressee)
    series = workspace.get(SERIES, note.entity_id, note.series)
    issue = issuing.issue_credit_note(note, document, parties, series)
    append_issue(workspace, issue)
    return issue


def _owed(workspace: Workspace, document: Document) -> bad_debts.Owed | None:
    """What matching's events say of all its items; None before they told of each."""
    place = f"{document.entity_id}:{document.document_number}"
    parts = range(1, len(document.instalments) + 1)
    keys = [(document.customer_id, item) for item in (place, *(f"{place}#{part}" for part in parts))]
    found = [row for row in workspace.get_many(SETTLEMENTS, keys) if row is not None]
    if document.payable and len(found) < max(1, len(parts)):
        return None
    return bad_debts.Owed(
        open=sum((row.open for row in found), Decimal(0)),
        credited=sum((row.credited for row in found), Decimal(0)),
        given_up=sum((row.given_up for row in found), Decimal(0)),
    )


def _next_id(document: Document, what: str) -> str:
    """An id that follows from the invoice, and that goes into an address as it is."""
    place = f"invoice:{document.entity_id}:{document.document_number}"
    return str(derived_id(place, what, document.followed))
