"""What dunning decides: each becomes an event once the service stands; nothing here is sent by itself. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from lettra_dunning.domain.agreements import Agreement
from lettra_dunning.domain.customers import Feed, TouchKind
from lettra_dunning.domain.policy import Channel, StepKind, Tone

HoldCode = Literal[
    "insolvency",
    "parked",
    "day_not_processed",
    "feed_stale",
    "money_on_account",
    "money_announced",
    "money_may_be",
    "promise",
    "plan",
    "undelivered",
    "disputed",
    "paused",
    "credits",
]


@dataclass(frozen=True, slots=True)
class Hold:
    """Why no step is taken for an item: a code for programs, a sentence for people."""

    code: HoldCode
    text: str


@dataclass(frozen=True, slots=True)
class HeldItem:
    """An item whose step is due and is not taken, and all the reasons why."""

    item_id: str
    step: str
    reasons: tuple[Hold, ...]


@dataclass(frozen=True, slots=True)
class HoldsChanged:
    """Other items are held, or for other reasons, than was last said; `released`: those held no longer."""

    customer_id: str
    business_date: date
    held: tuple[HeldItem, ...]
    released: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """An item that the customer is asked for: `claimed` is what is open less what is in dispute.

    `step` and `level`: the one of its own that it has with this; None: it is named beside others.
    """

    item_id: str
    entity_id: str
    document_number: str
    due_date: date
    open: Decimal
    disputed: Decimal
    claimed: Decimal
    step: str | None
    level: int


@dataclass(frozen=True, slots=True)
class Credit:
    """An open credit note of the customer, positive: it is named beside what is owed."""

    item_id: str
    entity_id: str
    document_number: str
    open: Decimal


@dataclass(frozen=True, slots=True)
class Follows:
    """What comes next if nothing is paid, and no earlier than when."""

    kind: StepKind
    not_before: date


@dataclass(frozen=True, slots=True)
class Inputs:
    """On what the decision stands: for the auditor, and for whoever checks it again before it goes out."""

    business_date: date
    policy_version: int
    feeds: tuple[Feed, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """A step towards a customer in one currency. `step_id` is the same for the same customer, currency, date and step.

    `net`: what is claimed less the open credits. `goes_out`: the first allowed moment, in UTC; `goes_out_on`: the
    customer's own date then.
    """

    step_id: str
    customer_id: str
    currency: str
    kind: TouchKind
    step: str
    channel: Channel
    template: str
    tone: Tone
    goes_out: datetime
    goes_out_on: date
    lines: tuple[Line, ...]
    credits: tuple[Credit, ...]
    claimed: Decimal
    net: Decimal
    follows: Follows | None
    inputs: Inputs


@dataclass(frozen=True, slots=True)
class MessageRequested(Taken):
    """A statement of account, a reminder before or after the due date: notifications sends it."""


@dataclass(frozen=True, slots=True)
class FormalNoticeRequested(Taken):
    """A formal notice (mise en demeure). `claims`: late interest and the 40 EUR are claimed with it."""

    claims: bool


@dataclass(frozen=True, slots=True)
class CallTaskOpened(Taken):
    """Somebody is to call the customer; `collector`: who, where that is said."""

    collector: str | None


@dataclass(frozen=True, slots=True)
class HandedOver(Taken):
    """The file goes to whoever collects it further (contentieux); dunning does no more for these items."""

    claims: bool


@dataclass(frozen=True, slots=True)
class SalesTold:
    """The customer's sales representative is told of a dispute, or that the customer does not answer."""

    customer_id: str
    business_date: date
    about: Literal["dispute", "silence"]
    items: tuple[str, ...]
    amounts: tuple[tuple[str, Decimal], ...]
    text: str
    sales_representative: str | None


@dataclass(frozen=True, slots=True)
class FilingTaskOpened:
    """The claim is to be filed in the customer's insolvency (déclaration de créance) by `file_by`."""

    customer_id: str
    business_date: date
    file_by: date
    amounts: tuple[tuple[str, Decimal], ...]
    collector: str | None


@dataclass(frozen=True, slots=True)
class AgreementMade:
    """The customer promised to pay, or a plan was agreed on. `who` took it down."""

    customer_id: str
    agreement: Agreement
    who: str


@dataclass(frozen=True, slots=True)
class AgreementWithdrawn:
    """An agreement that holds no longer without being broken: taken down in error, or replaced by another one."""

    customer_id: str
    agreement_id: str
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class AgreementJudged:
    """An agreement was kept, or broken, or what had kept it was undone and it is open again."""

    customer_id: str
    agreement_id: str
    kind: Literal["promise", "plan"]
    verdict: Literal["kept", "broken", "open"]
    business_date: date
    agreed: Decimal
    settled: Decimal
    items: tuple[str, ...]
    text: str


StepTaken = MessageRequested | FormalNoticeRequested | CallTaskOpened | HandedOver
DecidedByRun = HoldsChanged | StepTaken | SalesTold | FilingTaskOpened | AgreementJudged
Decision = DecidedByRun | AgreementMade | AgreementWithdrawn
