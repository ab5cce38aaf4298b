"""What a caller may ask for of invoices that were issued: disputes, requests, write-offs, statuses. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from lettra_events.values import Identifier, IsoDate
from lettra_invoicing.domain.commands.base import Asked
from lettra_invoicing.domain.commands.documents import CreditedLines, Reason
from lettra_invoicing.domain.values import DocumentNumber, SeriesName, Sum, Text

Positive = Annotated[Sum, Field(gt=0)]
Source = Literal["platform", "buyer", "issuer"]
WHO_MAY_SAY: dict[int, Source] = {
    200: "platform",
    204: "buyer",
    205: "buyer",
    206: "buyer",
    207: "buyer",
    208: "buyer",
    210: "buyer",
    211: "buyer",
    212: "issuer",
    213: "platform",
}
"""The statuses of electronic invoicing that are taken, and from whom each comes."""


class _OnDocument(Asked):
    entity_id: Identifier
    document_number: DocumentNumber


class OpenDispute(_OnDocument):
    """A customer contests an invoice: `amount` of it, or all that is left; `owner` clears it by `due_date`."""

    reason: Reason
    amount: Positive | None = None
    owner: Text
    due_date: IsoDate
    opened_on: IsoDate
    who: Text

    @model_validator(mode="after")
    def _due_after_opening(self) -> Self:
        if self.due_date < self.opened_on:
            raise ValueError(f"due_date {self.due_date} is before opened_on {self.opened_on}")
        return self


class ReassignDispute(Asked):
    """Somebody else clears the dispute, or by another date."""

    owner: Text
    due_date: IsoDate
    who: Text
    why: Text


class _WithCreditNote(Asked):
    """`net` and `vat` of the credit note: in proportion to its invoice's where they are left out."""

    series: SeriesName
    net: Annotated[Sum, Field(ge=0)] | None = None
    vat: Annotated[Sum, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.net is None) != (self.vat is None):
            raise ValueError("net and vat go together; give both or none")
        return self


class AcceptDispute(_WithCreditNote):
    """The customer is right: a credit note of `amount`, of these `lines`, or of all that is contested.

    The rest is owed.
    """

    amount: Positive | None = None
    lines: CreditedLines = ()
    resolved_on: IsoDate
    who: Text
    why: Text


class CloseDispute(Asked):
    """The dispute is rejected, or withdrawn by the customer: all of it is owed."""

    resolved_on: IsoDate
    who: Text
    why: Text


class RequestCreditNote(_OnDocument):
    """Ask for a credit note of `amount`, of these `lines`, or of all that is left of the invoice."""

    reason: Reason
    amount: Positive | None = None
    lines: CreditedLines = ()
    requested_on: IsoDate
    who: Text
    why: Text


class ApproveCreditNote(_WithCreditNote):
    """Issue the credit note that another person asked for."""

    decided_on: IsoDate
    who: Text
    why: Text


class ProposeBadDebt(_OnDocument):
    """Propose to give up `amount` of an invoice, or all that is left of it (irrécouvrable)."""

    amount: Positive | None = None
    requested_on: IsoDate
    who: Text
    why: Text


class Decide(Asked):
    """Approve or refuse what another person asked for."""

    decided_on: IsoDate
    who: Text
    why: Text


def _moment(value: Any) -> Any:
    """pydantic would take a number for seconds since 1970."""
    if isinstance(value, datetime) or (isinstance(value, str) and "T" in value):
        return value
    raise ValueError("a moment is written with its offset: 2026-03-16T09:30:00+01:00")


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a moment has an offset: 2026-03-16T09:30:00+01:00")
    return value.astimezone(UTC)


Moment = Annotated[
    datetime, BeforeValidator(_moment, json_schema_input_type=datetime), AfterValidator(_aware)
]


class ReceiveStatus(_OnDocument):
    """A status of electronic invoicing that came in; `reference` is its message's own."""

    status: int
    source: Source
    occurred_at: Moment
    reference: Text
    reason: Annotated[str, Field(pattern=r"^[A-Z0-9_]{1,40}$")] | None = None
    amount: Positive | None = None

    @model_validator(mode="after")
    def _from_whom_it_comes(self) -> Self:
        expected = WHO_MAY_SAY.get(self.status)
        if expected is None:
            raise ValueError(f"status {self.status} is none of {', '.join(map(str, WHO_MAY_SAY))}")
        if self.source != expected:
            raise ValueError(f"status {self.status} comes from the {expected}, not from the {self.source}")
        return self
