"""Taking a file of commands: checked whole, then decided in parts that are each one transaction of the database.

A kill leaves the parts before it taken; the same file again adds only what is missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import asyncpg
from fastapi import UploadFile
from pydantic import BaseModel

from lettra_events.decisions.needs import for_each
from lettra_events.decisions.workspace import Workspace
from lettra_events.service.commands import Answer, Commands, Request
from lettra_events.service.rejection import ManyErrors
from lettra_payment_ingest import handlers, queries
from lettra_payment_ingest.csv_rows import BYTES_MAX, ERRORS_MAX, Checked, wrong
from lettra_payment_ingest.decider.payouts import payout_id
from lettra_payment_ingest.domain import RecordPayment, RegisterPayout

ROWS_A_PART = 200

M = TypeVar("M", bound=BaseModel)

_PAYMENTS = "select payment_id as id, amount from payments where payment_id = any($1)"
_PAYOUTS = "select payout_id as id, gross, fees from payouts where payout_id = any($1)"
_ACCOUNTS = "select account, currency from accounts where account = any($1) and not closed"


class Imported(BaseModel):
    """What became of a file: how many commands it has, how many were new, how many payments now have an advice."""

    digest: str
    rows: int
    created: int
    linked: int


async def read_checked(file: UploadFile, read: Callable[[bytes], Checked[M]]) -> tuple[Checked[M], str]:
    """The commands of a file, and its digest; `ManyErrors` where a row is wrong."""
    data = await file.read(BYTES_MAX + 1)
    checked = read(data)
    _refuse(checked.errors)
    return checked, hashlib.sha256(data).hexdigest()


async def take_all(
    commands: Commands, correlation_id: str, asked: Sequence[M], decide: Callable[[Workspace, M], bool]
) -> int:
    """Decide on each; how many of them were new, as `decide` says."""
    created = 0
    for start in range(0, len(asked), ROWS_A_PART):
        part = asked[start : start + ROWS_A_PART]

        def answer(workspace: Workspace, part: Sequence[M] = part) -> Answer:
            return Answer(200, str(sum(for_each(part, lambda each: decide(workspace, each)))).encode())

        created += int((await commands.run(answer, Request(correlation_id))).body)
    return created


async def take_payouts(commands: Commands, correlation_id: str, payouts: Sequence[RegisterPayout]) -> int:
    """Register each payout, with the credits that were booked before it; how many of them were new."""
    created = 0
    for payout in payouts:
        credits = await queries.credits_of(commands.pool, payout)

        def register(workspace: Workspace, each: RegisterPayout, found: list[str] = credits) -> bool:
            return handlers.register_payout(workspace, each, found).created

        created += await take_all(commands, correlation_id, [payout], register)
    return created


async def check_payments(pool: asyncpg.Pool[Any], checked: Checked[RecordPayment]) -> None:
    """`ManyErrors` where one was recorded before, or stands in the file before, with another amount."""
    ids = [handlers.payment_id(each) for each in checked.commands]
    known = {row["id"]: row["amount"] for row in await pool.fetch(_PAYMENTS, ids)}
    errors = []
    for identity, each, line in zip(ids, checked.commands, checked.lines, strict=True):
        amount = known.setdefault(identity, each.amount)
        if amount != each.amount:
            words = f"{each.method} {each.reference} of {each.received_on} came before with {amount}"
            errors.append(wrong(line, "amount", words))
    _refuse(errors)


async def check_payouts(pool: asyncpg.Pool[Any], checked: Checked[RegisterPayout]) -> None:
    """`ManyErrors` where an account is not open, or a payout came before with other payments."""
    ids = [payout_id(each) for each in checked.commands]
    known = {row["id"]: (row["gross"], row["fees"]) for row in await pool.fetch(_PAYOUTS, ids)}
    accounts = {each.account for each in checked.commands}
    opened = {tuple(row) for row in await pool.fetch(_ACCOUNTS, list(accounts))}
    errors = []
    for identity, each, line in zip(ids, checked.commands, checked.lines, strict=True):
        told = (each.gross, each.fees)
        if (each.account, each.currency) not in opened:
            words = (
                f"account {each.account} in {each.currency} is not registered, or closed: register it first"
            )
            errors.append(wrong(line, "account", words))
        elif (before := known.setdefault(identity, told)) != told:
            words = (
                f"payout {each.reference} of {each.provider} came before with {before[0]} less {before[1]}"
            )
            errors.append(wrong(line, "payout_reference", words))
    _refuse(errors)


def _refuse(errors: list[dict[str, Any]]) -> None:
    if errors:
        raise ManyErrors("bad-rows", "nothing was taken", errors[:ERRORS_MAX])
