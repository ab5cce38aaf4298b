"""Booking the entries of a statement: what each is, found out from what is known of its account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lettra_events.contracts import Event
from lettra_events.contracts.payments import DebitBooked, PaymentReceived, PaymentReturned
from lettra_events.decisions.workspace import Workspace
from lettra_payment_ingest.decider.entries import receive, split_batch
from lettra_payment_ingest.decider.payouts import credit_of, settle
from lettra_payment_ingest.decider.returning import looks_returned, return_keys, take_back
from lettra_payment_ingest.domain import (
    ANNOUNCEMENTS,
    ENTRY_KEYS,
    PAYMENTS,
    PAYOUTS,
    Account,
    Announcement,
    EntryKey,
    Payment,
    Payout,
    account_stream,
)
from lettra_payment_ingest.domain.keys import bank_reference, by_batch, of_announced, of_received
from lettra_payment_ingest.drafting import Draft


@dataclass(frozen=True, slots=True)
class Booking:
    """A new entry, and what it looks for others by, worked out once: a decision is taken over and over while rows are
    fetched for it. `announced`: what may have announced it; `received`: what will find it; `returned`: of a debit that
    takes back what was received, the keys of the original.
    """

    draft: Draft
    announced: tuple[str, ...] = ()
    received: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()

    @classmethod
    def of(cls, draft: Draft) -> Booking:
        """The draft and its keys."""
        if isinstance(draft, DebitBooked):
            keys = (key for key, _ in return_keys(draft)) if looks_returned(draft) else ()
            return cls(draft, returned=tuple(keys))
        return cls(draft, tuple(of_announced(draft)), tuple(of_received(draft, is_batch=True)))


def book_entries(workspace: Workspace, account: Account, bookings: Sequence[Booking]) -> None:
    """Decide on new entries of the account, in the bank's order."""
    lookup = Lookup(workspace, account)
    payouts = workspace.find(PAYOUTS, "open_on", account_stream(account.account, account.currency))
    settled = {found[0].payout_id for each in bookings if (found := _payout(each.draft, payouts))}
    parts = workspace.find(ANNOUNCEMENTS, "payout_id", *settled)
    own = (key for each in bookings for key in (*each.announced, *each.received, *each.returned))
    lookup.expect([*own, *(key for part in parts for key in of_received(part, is_batch=True))])
    workspace.expect(*((PAYMENTS, (each.draft.payment_id,)) for each in bookings if each.returned))
    for each in bookings:
        if isinstance(each.draft, DebitBooked):
            _book_debit(workspace, lookup, each.draft)
        else:
            _book_credit(workspace, lookup, each, each.draft, payouts)


def _payout(each: Draft, payouts: Sequence[Payout]) -> tuple[Payout, str] | None:
    return credit_of(payouts, each) if payouts and isinstance(each, PaymentReceived) else None


class Lookup:
    """What an account's entries are found by, as it is now: also by what was decided just before."""

    def __init__(self, workspace: Workspace, account: Account) -> None:
        self._workspace = workspace
        self._account = (account.account, account.currency)

    def expect(self, keys: Iterable[str]) -> None:
        """Fetch what will be asked for in as few rounds as can be."""
        rows = self._rows(dict.fromkeys(keys))
        announcements = dict.fromkeys(each for row in rows for each in row.announcements)
        payments = dict.fromkeys(each for row in rows for each in row.payments)
        self._workspace.expect(
            *((ANNOUNCEMENTS, (each,)) for each in announcements), *((PAYMENTS, (each,)) for each in payments)
        )
        # What an announcement may become is found by keys of its own.
        rows_of = self._workspace.get_many(ANNOUNCEMENTS, [(each,) for each in announcements])
        self._rows(dict.fromkeys(key for row in rows_of if row for key in of_received(row, is_batch=True)))

    def announcements(self, key: str) -> list[Announcement]:
        """The announcements that bear this key."""
        return self._announcements(self._rows((key,)))

    def announced(self, keys: Sequence[str]) -> list[list[Announcement]]:
        """The announcements of each key; none at all where no key has any."""
        found = self._workspace.get_many(ENTRY_KEYS, [(*self._account, key) for key in keys])
        if not any(row is not None and row.announcements for row in found):
            return []
        return [self._announcements([row] if row else []) for row in found]

    def _announcements(self, rows: Sequence[EntryKey]) -> list[Announcement]:
        ids = [(each,) for row in rows for each in row.announcements]
        return [each for each in self._workspace.get_many(ANNOUNCEMENTS, ids) if each is not None]

    def payments(self, key: str) -> list[Payment]:
        """The payments that bear this key."""
        ids = [(each,) for row in self._rows((key,)) for each in row.payments]
        return [each for each in self._workspace.get_many(PAYMENTS, ids) if each is not None]

    def _rows(self, keys: Iterable[str]) -> list[EntryKey]:
        found = self._workspace.get_many(ENTRY_KEYS, [(*self._account, key) for key in keys])
        return [row for row in found if row is not None]


def _book_credit(
    workspace: Workspace,
    lookup: Lookup,
    booking: Booking,
    credit: PaymentReceived,
    payouts: Sequence[Payout],
) -> None:
    still_open = [p for p in payouts if (row := workspace.get(PAYOUTS, p.payout_id)) and row.open_on]
    found = _payout(credit, still_open)
    if found is not None:
        payout, evidence = found
        parts = workspace.find(ANNOUNCEMENTS, "payout_id", payout.payout_id)
        append_new(workspace, settle(payout, credit, parts, evidence))
        return
    reference = bank_reference(credit.entry_ref)
    if reference is not None:
        split = split_batch(credit, lookup.announcements(by_batch(reference)))
        if split:
            append_new(workspace, split)
            return
    append_new(workspace, receive(credit, lookup.announced(booking.announced)))


def _book_debit(workspace: Workspace, lookup: Lookup, debit: DebitBooked) -> None:
    event = take_back(debit, lookup.payments) if looks_returned(debit) else debit
    if isinstance(event, PaymentReturned):
        workspace.expect((PAYMENTS, (event.return_id,)), (PAYMENTS, (event.payment_id,)))
        workspace.append(event)
    else:
        workspace.create(event)


def append_new(workspace: Workspace, events: Sequence[Event]) -> int:
    """Append what a credit became; its payments are new, what they replace is there. How many payments it became."""
    received = [event for event in events if isinstance(event, PaymentReceived)]
    if len(received) == len(events) == 1:
        workspace.create(events[0])
        return 1
    keys = [
        (each.account, each.currency, key)
        for each in received
        if each.account is not None
        for key in of_received(each, is_batch=True)
    ]
    workspace.get_many(ENTRY_KEYS, keys)
    for event in events:
        if isinstance(event, PaymentReceived):
            workspace.create(event)
        else:
            workspace.append(event)
    return len(received)
