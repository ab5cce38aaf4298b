"""The policy (scénario): who is reminded when, by which channel, in which tone. Data, versioned, with a date. Pure.

A segment has rules; an override changes some of them for an entity, a customer or an invoice, and the closest wins.
How a policy is read from JSON, and what is wrong with it, is in `reading_policy`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from lettra_dunning.domain.calendar import QuietHours
from lettra_events.values import IsoDate

StepKind = Literal["pre_due_reminder", "reminder", "call_task", "formal_notice", "handover"]
"""Rappel avant échéance, relance, appel, mise en demeure, remise au contentieux."""
Channel = Literal["preferred", "email", "sms", "letter", "registered_letter", "webhook", "call"]
"""`preferred`: the one that the customer chose."""
Tone = Literal["friendly", "courteous", "firm", "formal"]
Scope = Literal["entity", "customer", "invoice"]
SCOPES: tuple[Scope, ...] = ("entity", "customer", "invoice")
"""From far to close: what a closer one says wins."""
OFFSET_DAYS_MAX = 730
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Days = Annotated[int, Field(ge=1, le=OFFSET_DAYS_MAX)]


class Data(BaseModel):
    """Immutable, and no field is taken that is not known: a misspelt setting must not be silent."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(Data):
    """What is done `offset_days` after the due date (before it where negative).

    `level`: how far an item has come once it had this step; it never goes back, also where the policy changes, so the
    same stage keeps its level in every version. `minimum_interval_days`: between the day on which the last message of
    this customer and currency went out, and this one. `then`: `stop`: nothing follows for the item.
    """

    name: Name
    kind: StepKind
    level: int = Field(ge=1, le=1_000)
    offset_days: int = Field(ge=-60, le=OFFSET_DAYS_MAX)
    channel: Channel = "preferred"
    template: Name
    tone: Tone
    minimum_interval_days: Days
    claims: bool = Field(default=False, description="late interest and the 40 EUR are claimed with it")
    then: Literal["next", "stop"] = "next"


class FrequencyCap(Data):
    """At most so many messages to one customer, all currencies together, in so many days."""

    messages: int = Field(ge=1, le=100)
    days: Days


class Quiet(Data):
    """Local times of the customer between which nothing is sent; over midnight where `end` is before `start`."""

    start: time
    end: time

    @cached_property
    def hours(self) -> QuietHours:
        return QuietHours(self.start, self.end)


class Statement(Data):
    """The monthly statement of account (relevé de compte); a day that the month lacks is its last one."""

    day_of_month: int = Field(ge=1, le=31)
    channel: Channel = "preferred"
    template: Name
    minimum_interval_days: Days


class Promising(Data):
    """`grace_days`: bank days after the promised one by which the money is to be here. `days_max`: how far ahead."""

    grace_days: int = Field(ge=0, le=30)
    days_max: Days


class Rules(Data):
    """What is done for the items of a segment. `steps` in the order of their levels.

    `feed_days`: how many bank days the statements of an account may be behind the business date. `money_holds`: money
    of the payer that settles nothing yet holds all that it owes (`payer`), or what it owes to the same entity in the
    same currency (`ledger`). `silence_messages`: after so many without an answer the sales representative is told.
    """

    steps: tuple[Step, ...] = Field(min_length=1, max_length=30)
    frequency_cap: FrequencyCap
    business_days_only: bool = True
    quiet: Quiet
    feed_days: int = Field(ge=0, le=30)
    money_holds: Literal["payer", "ledger"] = "payer"
    promising: Promising
    statement: Statement | None = None
    silence_messages: int | None = Field(default=None, ge=1, le=20)
    paused: str | None = Field(default=None, min_length=1, max_length=500, description="why nothing is done")


class Override(Data):
    """Other rules for one entity, customer or invoice (`<entity>:<number>`); what is absent stays as it was.

    `until`: the last business date on which it holds. `who` and `why`: for whoever reads it later.
    """

    scope: Scope
    id: str = Field(min_length=1, max_length=130)
    who: str = Field(min_length=1, max_length=200)
    why: str = Field(min_length=1, max_length=500)
    until: IsoDate | None = None
    segment: Name | None = None
    steps: tuple[Step, ...] | None = Field(default=None, min_length=1, max_length=30)
    frequency_cap: FrequencyCap | None = None
    business_days_only: bool | None = None
    quiet: Quiet | None = None
    feed_days: int | None = Field(default=None, ge=0, le=30)
    money_holds: Literal["payer", "ledger"] | None = None
    promising: Promising | None = None
    statement: Statement | None = None
    silence_messages: int | None = Field(default=None, ge=1, le=20)
    paused: str | None = Field(default=None, min_length=1, max_length=500)

    @cached_property
    def changes(self) -> Mapping[str, Any]:
        """The rules that it sets, by name."""
        named = {name: getattr(self, name) for name in Rules.model_fields}
        return {name: value for name, value in named.items() if value is not None}


class ShareAtRisk(Data):
    """Of what is late by at least so many days, this share is expected to be lost."""

    from_days_late: int = Field(ge=0, le=3_650)
    share: Decimal = Field(ge=0, le=1)


class Policy(Data):
    """One version. It holds from business date `effective_from` on, until a later version does."""

    version: int = Field(ge=1)
    effective_from: IsoDate
    default_segment: Name
    time_zone: str = Field(description="IANA name; of customers that have none of their own")
    segments: dict[Name, Rules] = Field(min_length=1, max_length=100)
    overrides: tuple[Override, ...] = Field(default=(), max_length=100_000)
    at_risk: tuple[ShareAtRisk, ...] = Field(
        default=(), max_length=50, description="where no score is known; empty: nothing is lost"
    )

    @cached_property
    def _by_target(self) -> Mapping[tuple[Scope, str], Override]:
        return {(one.scope, one.id): one for one in self.overrides}

    def rules_for(
        self,
        business_date: date,
        segment: str | None,
        entity_id: str | None,
        customer_id: str,
        invoice: str | None,
    ) -> Rules:
        """The rules for one item: its segment's, as changed by entity, customer, invoice, the closest last.

        Where an override names another segment, that one's rules come in its place, and what farther ones changed
        holds no longer. `entity_id` and `invoice` are None for what concerns the customer as a whole.
        """
        rules = self.segments.get(segment or self.default_segment) or self.segments[self.default_segment]
        if not self.overrides:
            return rules
        for scope, target in zip(SCOPES, (entity_id, customer_id, invoice), strict=True):
            found = self._by_target.get((scope, target)) if target is not None else None
            if found is None or (found.until is not None and found.until < business_date):
                continue
            if found.segment is not None:
                rules = self.segments[found.segment]
            rules = rules.model_copy(update=dict(found.changes)) if found.changes else rules
        return rules


def in_force(versions: tuple[Policy, ...], business_date: date) -> Policy:
    """The version of this business date: the last of those that hold from it or from an earlier one.

    LookupError: the first version holds only later.
    """
    begun = [one for one in versions if one.effective_from <= business_date]
    if not begun:
        raise LookupError(f"no dunning policy is in force on {business_date}: the first one begins later")
    return max(begun, key=lambda one: (one.effective_from, one.version))


def invoice_of(item_id: str) -> str:
    """The invoice that an item is of: `<entity>:<number>`, without the `#n` of an instalment."""
    return item_id.partition("#")[0]
