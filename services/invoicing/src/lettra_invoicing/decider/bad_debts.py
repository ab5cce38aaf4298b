"""Bad debt (irrécouvrable): written off with approval, and never more than is open. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from lettra_events.contracts.invoicing import BadDebtProposed, BadDebtRefused, BadDebtWrittenOff
from lettra_events.service.rejection import Rejected
from lettra_invoicing.decider.following import place_of, requested
from lettra_invoicing.domain import Decide, Document, ProposeBadDebt, Request


@dataclass(frozen=True, slots=True)
class Owed:
    """What matching's events say of an invoice: what is open, and what credit notes and write-offs have settled."""

    open: Decimal
    credited: Decimal
    given_up: Decimal


def propose_bad_debt(
    command: ProposeBadDebt, document: Document, owed: Owed | None, request_id: str
) -> BadDebtProposed:
    """Propose to give up no more than is open of the invoice."""
    at_most = _open_of(document, owed)
    amount = at_most if command.amount is None else command.amount
    _check_open(amount, at_most, document)
    said = requested(command, amount, document, "given up")
    return BadDebtProposed(**said, request_id=request_id)


def write_off(command: Decide, request: Request, document: Document, owed: Owed | None) -> BadDebtWrittenOff:
    """Give up what was proposed; refused where less than that is open of the invoice by now."""
    at_most = _open_of(document, owed)
    _check_open(request.amount, at_most, document)
    return BadDebtWrittenOff(
        **place_of(request),
        request_id=request.request_id,
        amount=request.amount,
        currency=request.currency,
        proposed_by=request.requested_by,
        open_before=at_most,
        **command.model_dump(),
    )


def refuse_write_off(command: Decide, request: Request) -> BadDebtRefused:
    return BadDebtRefused(**place_of(request), request_id=request.request_id, **command.model_dump())


def _open_of(document: Document, owed: Owed | None) -> Decimal:
    """What is open by matching's word, less what was credited and given up here and matching has not said yet."""
    if owed is None:
        raise Rejected(
            "open-not-known",
            f"matching has not said yet what is open of {document.document_number}: try again when"
            f" GET /documents/{document.entity_id}/{document.document_number} shows it as `open`",
            status=409,
            field="document_number",
        )
    credited = max(Decimal(0), document.credited - owed.credited)
    under_way = credited + max(Decimal(0), document.written_off - owed.given_up)
    return max(Decimal(0), min(document.left, owed.open - under_way))


def _check_open(amount: Decimal, at_most: Decimal, document: Document) -> None:
    if not 0 < amount <= at_most:
        raise Rejected(
            "amount-exceeds-open",
            f"{amount} {document.currency}: of {document.document_number}, {at_most} {document.currency} is open,"
            " and no more can be given up",
            field="amount",
        )
