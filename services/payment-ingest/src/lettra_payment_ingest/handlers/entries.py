"""Booking the entries of a statement: what each is, found out from what is known of its account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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


def book_entries(workspace: Workspace, account: Account, drafts: Sequence[Draft]) -> int:
    """Decide on new entries of the account, in the bank's order; how many payments and debits they became."""
    lookup = Lookup(workspace, account)
    payouts = workspace.find(PAYOUTS, "open_on", account_stream(account.account, account.currency))
    settled = {found[0].payout_id for each in drafts if (found := _payout(each, payouts))}
    parts = workspace.find(ANNOUNCEMENTS, "payout_id", *settled)
    lookup.expect([*keys_of(drafts), *(key for part in parts for key in of_received(part, is_batch=True))])
    returning = [each for each in drafts if isinstance(each, DebitBooked) and looks_returned(each)]
    workspace.expect(*((PAYMENTS, (each.payment_id,)) for each in returning))
    count = 0
    for each in drafts:
        if isinstance(each, DebitBooked):
            _book_debit(workspace, lookup, each)
            count += 1
        else:
            count += _book_credit(workspace, lookup, each, payouts)
    return count


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
        ids = [(each,) for row in self._rows((key,)) for each in row.announcements]
        return [each for each in self._workspace.get_many(ANNOUNCEMENTS, ids) if each is not None]

    def payments(self, key: str) -> list[Payment]:
        """The payments that bear this key."""
        ids = [(each,) for row in self._rows((key,)) for each in row.payments]
        return [each for each in self._workspace.get_many(PAYMENTS, ids) if each is not None]

    def _rows(self, keys: Iterable[str]) -> list[EntryKey]:
        found = self._workspace.get_many(ENTRY_KEYS, [(*self._account, key) for key in keys])
        return [row for row in found if row is not None]


def keys_of(drafts: Iterable[Draft]) -> Iterable[str]:
    """The keys by which these entries look for others, and will be found by others."""
    for each in drafts:
        if isinstance(each, DebitBooked):
            yield from (key for key, _ in return_keys(each)) if looks_returned(each) else ()
            continue
        yield from of_announced(each)
        yield from of_received(each, is_batch=True)


def _book_credit(
    workspace: Workspace, lookup: Lookup, credit: PaymentReceived, payouts: Sequence[Payout]
) -> int:
    still_open = [p for p in payouts if (row := workspace.get(PAYOUTS, p.payout_id)) and row.open_on]
    found = _payout(credit, still_open)
    if found is not None:
        payout, evidence = found
        parts = workspace.find(ANNOUNCEMENTS, "payout_id", payout.payout_id)
        return append_new(workspace, settle(payout, credit, parts, evidence))
    reference = bank_reference(credit.entry_ref)
    parts = lookup.announcements(by_batch(reference)) if reference is not None else []
    split = split_batch(credit, parts)
    if split:
        return append_new(workspace, split)
    announced = [lookup.announcements(key) for key in of_announced(credit)]
    return append_new(workspace, receive(credit, announced))


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
