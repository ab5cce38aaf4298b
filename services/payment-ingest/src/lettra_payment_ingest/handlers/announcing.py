"""Announcing money: a few transactions of a report or a notification at a time; what is known already is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from uuid import UUID, uuid5

from lettra_events.contracts.payments import PaymentAnnounced
from lettra_events.decisions.workspace import Workspace
from lettra_payment_ingest import decider
from lettra_payment_ingest.bank.identity import base_identity
from lettra_payment_ingest.bank.model import BOOKED, Transaction
from lettra_payment_ingest.decider.announcing import detail, is_known_day, told_before
from lettra_payment_ingest.domain import ACCOUNTS, ANNOUNCEMENTS, PAYMENTS, Account
from lettra_payment_ingest.domain.keys import (
    bank_reference,
    by_batch,
    by_reference,
    of_announced,
    of_received,
)
from lettra_payment_ingest.drafting import announce as announced_event
from lettra_payment_ingest.handlers.entries import Lookup, append_new
from lettra_payment_ingest.preparing import Report


@dataclass(frozen=True, slots=True)
class Coming:
    """An announced transaction and its two identities: as what it is, and as what it will be once it is booked."""

    transaction: Transaction
    event: PaymentAnnounced
    booked_id: str


@dataclass(slots=True)
class Announced:
    """What became of a report: `claimed` are the announcements of before that it tells of again."""

    new: int = 0
    known: int = 0
    detailed: int = 0
    claimed: set[str] = field(default_factory=set)

    def add(self, more: Announced) -> None:
        """What became of the next ones."""
        self.new, self.known = self.new + more.new, self.known + more.known
        self.detailed += more.detailed
        self.claimed |= more.claimed


def coming(report: Report) -> Iterator[list[Coming]]:
    """The announced transactions in their order, those of one entry together."""
    counts: dict[UUID, int] = {}
    for _, group in groupby(enumerate(report.announced), lambda each: each[1].batch_ref or each[0]):
        yield [_coming(report, t, counts) for _, t in group]


def _coming(report: Report, t: Transaction, counts: dict[UUID, int]) -> Coming:
    base = base_identity(t)
    ordinal = counts[base] = counts.get(base, 0) + 1
    booked = base_identity(replace(t, message="statement", status=BOOKED))
    event = announced_event(t, str(uuid5(base, str(ordinal))), "?", report.announced_on)
    return Coming(t, event, str(uuid5(booked, str(ordinal))))


def announce(
    workspace: Workspace, report: Report, groups: Sequence[Sequence[Coming]], before: Announced
) -> Announced:
    """Announce what is not known: neither booked, nor announced before. `before`: what became of those before them."""
    found = workspace.get(ACCOUNTS, report.account, report.currency)
    account = decider.need_open(found, report.account, report.currency)
    lookup = Lookup(workspace, account)
    lookup.expect(key for group in groups for each in group for key in _keys(each))
    workspace.expect(
        *((ANNOUNCEMENTS, (each.event.announcement_id,)) for group in groups for each in group),
        *((PAYMENTS, (each.booked_id,)) for group in groups for each in group),
    )
    done = Announced(claimed=set(before.claimed))
    for group in groups:
        _take_group(workspace, lookup, account, group, done)
    return done


def _keys(each: Coming) -> Iterator[str]:
    yield from of_announced(each.event)
    yield from of_received(each.event, is_batch=True)
    reference = bank_reference(each.event.entry_ref)
    if reference is not None:
        yield by_reference(reference)
    if each.event.batch_ref is not None:
        yield by_batch(each.event.batch_ref)


def _take_group(
    workspace: Workspace, lookup: Lookup, account: Account, group: Sequence[Coming], done: Announced
) -> None:
    events = [each.event.model_copy(update={"entity_id": account.entity_id}) for each in group]
    before = workspace.get_many(ANNOUNCEMENTS, [(event.announcement_id,) for event in events])
    if all(row is not None for row in before):
        done.known += len(group)
        return
    for payment in lookup.payments(_entry_key(events[0])):
        if (told := detail(payment, events)) and append_new(workspace, told):
            done.detailed += len(group)
            return
    for each, event in zip(group, events, strict=True):
        if _is_known(workspace, lookup, account, each, event, done):
            done.known += 1
        else:
            workspace.create(event)
            done.new += 1
            done.claimed.add(event.announcement_id)


def _entry_key(event: PaymentAnnounced) -> str:
    if event.batch_ref is not None:
        return by_batch(event.batch_ref)
    return by_reference(event.entry_ref)


def _is_known(
    workspace: Workspace,
    lookup: Lookup,
    account: Account,
    each: Coming,
    event: PaymentAnnounced,
    done: Announced,
) -> bool:
    if workspace.get(ANNOUNCEMENTS, event.announcement_id) or workspace.get(PAYMENTS, each.booked_id):
        return True
    reference = bank_reference(event.entry_ref)
    booked = lookup.payments(by_reference(reference)) if reference is not None else []
    if any(p.amount == event.amount and p.booking_date == event.booking_date for p in booked):
        return True
    if is_known_day(account, event, each.transaction.status):
        return True
    keys = list(of_announced(event))
    strong = [row for key in keys[: _strong(event)] for row in lookup.announcements(key)]
    same = told_before(event, [row for row in strong if row.state == "open"], done.claimed)
    if same is not None:
        done.claimed.add(same)
    return same is not None


def _strong(event: PaymentAnnounced) -> int:
    return (bank_reference(event.entry_ref) is not None) + (event.end_to_end_id is not None)
