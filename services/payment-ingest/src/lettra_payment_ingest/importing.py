"""Taking a bank file: read and checked whole, then taken statement by statement in resumable chunks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeVar

from pydantic import BaseModel, Field

from lettra_events.decisions.workspace import Workspace, for_each
from lettra_events.service.commands import Answer, Commands, Request
from lettra_events.service.rejection import ManyErrors, Rejected
from lettra_payment_ingest import handlers
from lettra_payment_ingest.bank.errors import UnreadableFile
from lettra_payment_ingest.bank.limits import Limits
from lettra_payment_ingest.handlers import Memory, Step
from lettra_payment_ingest.preparing import Prepared, prepare

T = TypeVar("T")

BUSY_POLL_SECONDS = 0.05


class TakenStatement(BaseModel):
    """What became of one statement of the file.

    `booked` or `quarantined` now, or `known`: it had come to its end before, and nothing was changed. Of its booked
    transactions `new` ones became payments by this request, `known` ones had been told of before; `left_out` are
    announced ones and amounts of zero. `verified`: its balances add up. `continuity` says whether it goes on with
    the statements before it; `through_date` up to which day the account is known without a gap.
    """

    statement_id: str
    account: str
    currency: str
    outcome: Literal["booked", "quarantined", "known"]
    transactions_new: int
    transactions_known: int
    transactions_left_out: int
    verified: bool
    continuity: Literal["ok", "earlier", "gap", "unknown"] | None
    through_date: date | None
    reason: str | None


class TakenFile(BaseModel):
    """What became of a file; `digest` is its SHA-256."""

    file: str
    digest: str
    statements: list[TakenStatement] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Job:
    """How a file is taken: `chunk` transactions are one transaction of the database; `wait_seconds`: how long a
    statement of the same account that is being taken may stand still before this one is refused.
    """

    name: str
    digest: str
    chunk: int
    wait_seconds: float
    correlation_id: str


async def read(data: bytes, name: str, limits: Limits) -> list[Prepared]:
    """The statements of a file, read beside the event loop; `ManyErrors` with the place if it cannot be taken."""
    try:
        return await asyncio.to_thread(prepare, data, name, limits)
    except UnreadableFile as error:
        place = {"file": error.name, "place": error.place, "reason": error.reason}
        raise ManyErrors("unreadable-file", str(error), [place]) from None


async def take(commands: Commands, job: Job, statements: Sequence[Prepared]) -> TakenFile:
    """Take the file, or raise `ManyErrors` naming each statement whose account is unknown or closed, and take none.

    Sending a file again takes what was not taken yet: nothing, or, after a kill, the rest.
    """
    await _check_accounts(commands, job, statements)
    taken = [await _take_statement(commands, job, each) for each in statements]
    return TakenFile(file=job.name, digest=job.digest, statements=taken)


async def _check_accounts(commands: Commands, job: Job, statements: Sequence[Prepared]) -> None:
    def decide(workspace: Workspace) -> list[str | None]:
        return for_each(statements, lambda each: handlers.why_refused(workspace, each))

    reasons = await commands.preview(decide, job.correlation_id)
    errors = [
        {"file": job.name, "place": each.statement.place, "reason": reason, "account": each.account}
        for each, reason in zip(statements, reasons, strict=True)
        if reason is not None
    ]
    if errors:
        words = "; ".join(dict.fromkeys(error["reason"] for error in errors))
        raise ManyErrors("account-not-open", f"nothing of the file was taken: {words}", errors)


async def _take_statement(commands: Commands, job: Job, prepared: Prepared) -> TakenStatement:
    memory = Memory()
    new = 0
    waiting = _Patience(job)
    while True:
        step = await _step(commands, job, prepared, memory)
        new += step.new
        if step.outcome == "busy":
            await waiting.for_progress(step, prepared)
        elif step.outcome != "taking":
            return _taken(prepared, step, new, step.outcome)


async def _step(commands: Commands, job: Job, prepared: Prepared, memory: Memory) -> Step:
    return await _decide(
        commands,
        job.correlation_id,
        lambda workspace: handlers.take_statement(workspace, prepared, memory, job.chunk),
    )


async def _decide(commands: Commands, correlation_id: str, decide: Callable[[Workspace], T]) -> T:
    """Run a decision and give back what it said when it was committed."""
    results: list[T] = []

    def answer(workspace: Workspace) -> Answer:
        results[:] = [decide(workspace)]
        return Answer(200, b"")

    await commands.run(answer, Request(correlation_id))
    return results[0]


class _Patience:
    """Waits while another statement of the account is being taken; gives up when that stands still."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._seen: tuple[str | None, int] = (None, 0)
        self._since = time.monotonic()

    async def for_progress(self, step: Step, prepared: Prepared) -> None:
        seen = (step.account.unfinished, step.account.taken)
        now = time.monotonic()
        if seen != self._seen:
            self._seen, self._since = seen, now
        if now - self._since >= self._job.wait_seconds:
            raise Rejected(
                "statement-unfinished",
                f"another statement of {prepared.account} in {prepared.currency} is half taken"
                f" ({step.account.taken} transactions); send its file again first",
                status=409,
            )
        await asyncio.sleep(BUSY_POLL_SECONDS)


def _taken(
    prepared: Prepared, step: Step, new: int, outcome: Literal["booked", "quarantined", "known"]
) -> TakenStatement:
    quarantined = "quarantined" in (step.outcome, step.known_outcome)
    reasons = [step.reason, step.continuity.reason if step.continuity else None]
    return TakenStatement(
        statement_id=prepared.booked.statement_id,
        account=prepared.account,
        currency=prepared.currency,
        outcome=outcome,
        transactions_new=new,
        transactions_known=0 if quarantined else len(prepared.drafts) - new,
        transactions_left_out=prepared.left_out,
        verified=step.verified,
        continuity=step.continuity.outcome if step.continuity else None,
        through_date=step.account.through_date,
        reason="; ".join(reason for reason in reasons if reason) or None,
    )
