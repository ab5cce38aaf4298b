"""The command that registers a payout: its payments are announced, or received where its credit came before."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from lettra_events.decisions.workspace import Workspace
from lettra_events.service.rejection import Rejected
from lettra_payment_ingest import decider
from lettra_payment_ingest.decider import payouts
from lettra_payment_ingest.decider.evolving_money import payout_row
from lettra_payment_ingest.domain import ACCOUNTS, PAYMENTS, PAYOUTS, Payment, Payout, RegisterPayout
from lettra_payment_ingest.handlers.entries import append_new


class Collected(BaseModel):
    """The payout; `created` is false where it was registered before. `entry_id`: the credit, once it is booked."""

    payout_id: str
    created: bool
    entry_id: str | None


def register_payout(workspace: Workspace, command: RegisterPayout, credits: Sequence[str]) -> Collected:
    """`credits` are payments that may be its credit: booked before, of its amount, on its account."""
    key = payouts.payout_id(command)
    found = workspace.get(ACCOUNTS, command.account, command.currency)
    account = decider.need_open(found, command.account, command.currency)
    existing = workspace.get(PAYOUTS, key)
    if existing is not None:
        return _before(existing, command)
    registered, announced = payouts.register(command, account)
    candidates = [p for p in workspace.get_many(PAYMENTS, [(c,) for c in credits]) if _is_whole(p)]
    row = payout_row(registered)
    meant = [
        (p, why) for p in candidates if p and (match := payouts.credit_of([row], p)) for why in [match[1]]
    ]
    named = [each for each in meant if each[1].startswith("reference")] or meant
    if len(named) == 1:
        payment, evidence = named[0]
        append_new(workspace, payouts.detail_by_payout(registered, announced, payment, evidence))
        return Collected(payout_id=key, created=True, entry_id=payment.payment_id)
    workspace.append(registered)
    for each in announced:
        workspace.create(each)
    return Collected(payout_id=key, created=True, entry_id=None)


def _is_whole(payment: Payment | None) -> bool:
    """Whether nothing stands in its place yet, and nothing of it went back."""
    return payment is not None and not payment.detailed and not payment.returned and payment.part_of is None


def _before(existing: Payout, command: RegisterPayout) -> Collected:
    if (existing.gross, existing.fees) != (command.gross, command.fees):
        raise Rejected(
            "payout-exists",
            f"payout {command.reference} of {command.provider} came before, with {existing.gross} less {existing.fees}",
            status=409,
            field="reference",
        )
    return Collected(payout_id=existing.payout_id, created=False, entry_id=existing.entry_id)
