"""What disputes, requests, write-offs and statuses do to the state. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from lettra_events.contracts import Event
from lettra_events.contracts.invoicing import (
    BadDebtProposed,
    BadDebtRefused,
    BadDebtWrittenOff,
    CreditNoteRequestApproved,
    CreditNoteRequested,
    CreditNoteRequestRefused,
    DisputeOpened,
    DisputeReassigned,
    DisputeResolved,
    LifecycleStatusReceived,
)
from lettra_events.decisions.tables import Change, change, put
from lettra_invoicing.domain import (
    DISPUTES,
    DOCUMENT_STATUSES,
    DOCUMENTS,
    REQUESTS,
    Dispute,
    Document,
    DocumentStatus,
    Request,
)


def of_followed(event: Event) -> Iterable[Change[Any]]:
    """What an own event about an issued invoice does."""
    yield from _of_disputes(event)
    yield from _of_requests(event)
    if isinstance(event, LifecycleStatusReceived):
        yield put(DOCUMENT_STATUSES, DocumentStatus(**event.model_dump(exclude={"customer_id"})))
        yield change(
            DOCUMENTS, (event.entity_id, event.document_number), lambda row: _with_status(row, event)
        )


def _of_disputes(event: Event) -> Iterable[Change[Any]]:
    match event:
        case DisputeOpened():
            said = event.model_dump(exclude={"who"})
            yield put(
                DISPUTES,
                Dispute(
                    **said,
                    opened_by=event.who,
                    outcome="open",
                    credited=Decimal(0),
                    credit_note=None,
                    resolved_on=None,
                ),
            )
            yield of_document(event.entity_id, event.document_number, disputed=event.amount, followed=1)
        case DisputeReassigned():
            yield change(
                DISPUTES,
                (event.dispute_id,),
                lambda row: replace(row, owner=event.owner, due_date=event.due_date),
            )
        case DisputeResolved():
            yield change(DISPUTES, (event.dispute_id,), lambda row: _resolved(row, event))
            yield of_document(event.entity_id, event.document_number, disputed=-event.amount)


def _resolved(row: Dispute, event: DisputeResolved) -> Dispute:
    return replace(
        row,
        outcome=event.outcome,
        credited=event.credited,
        credit_note=event.credit_note,
        resolved_on=event.resolved_on,
    )


def _of_requests(event: Event) -> Iterable[Change[Any]]:
    match event:
        case CreditNoteRequested():
            yield from _requested(event, "credit_note", event.reason)
        case BadDebtProposed():
            yield from _requested(event, "bad_debt", None)
        case CreditNoteRequestApproved():
            yield _decided(event, "approved", event.credit_note)
        case BadDebtWrittenOff():
            yield _decided(event, "approved", None)
            yield of_document(event.entity_id, event.document_number, written_off=event.amount)
        case CreditNoteRequestRefused() | BadDebtRefused():
            yield _decided(event, "refused", None)


def _requested(
    event: CreditNoteRequested | BadDebtProposed, kind: str, reason: str | None
) -> Iterable[Change[Any]]:
    said = event.model_dump(exclude={"who", "reason", "lines"})
    lines = event.lines if isinstance(event, CreditNoteRequested) else ()
    yield put(
        REQUESTS,
        Request(
            **said,
            kind=kind,
            reason=reason,
            requested_by=event.who,
            state="open",
            decided_on=None,
            decided_by=None,
            credit_note=None,
            lines=tuple(
                str(each.line) if each.quantity is None else f"{each.line} {each.quantity}" for each in lines
            ),
        ),
    )
    yield of_document(event.entity_id, event.document_number, followed=1)


def _decided(
    event: CreditNoteRequestApproved | CreditNoteRequestRefused | BadDebtWrittenOff | BadDebtRefused,
    state: str,
    credit_note: str | None,
) -> Change[Any]:
    return change(
        REQUESTS,
        (event.request_id,),
        lambda row: replace(
            row, state=state, decided_on=event.decided_on, decided_by=event.who, credit_note=credit_note
        ),
    )


def _with_status(row: Document, event: LifecycleStatusReceived) -> Document:
    """The status that occurred last, in whatever order they come."""
    if row.status_at is not None and event.occurred_at < row.status_at:
        return row
    return replace(row, status=event.status, status_at=event.occurred_at)


def of_document(entity_id: str, document_number: str, **more: Decimal | int) -> Change[Any]:
    """So much is added to these columns; more than the document is for is an error of the history."""

    def add(row: Document) -> Document:
        after = replace(row, **{name: getattr(row, name) + amount for name, amount in more.items()})
        if after.left < 0 or not 0 <= after.disputed <= after.gross:
            raise ValueError(f"{document_number}: {more} is more than is left of {row.gross}")
        return after

    return change(DOCUMENTS, (entity_id, document_number), add)
