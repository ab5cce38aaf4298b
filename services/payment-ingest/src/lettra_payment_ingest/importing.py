"""Taking a bank file: read and checked whole, kept, then taken statement by statement in resumable chunks."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import islice
from typing import Any, BinaryIO, Literal, TypeVar

import asyncpg
from pydantic import BaseModel, Field

from lettra_events import failpoints
from lettra_events.decisions.needs import for_each
from lettra_events.decisions.workspace import Workspace
from lettra_events.service.commands import Answer, Commands, Request
from lettra_events.service.rejection import ManyErrors, Rejected
from lettra_payment_ingest import handlers, keeping
from lettra_payment_ingest.bank.errors import UnreadableFile
from lettra_payment_ingest.bank.limits import Limits
from lettra_payment_ingest.handlers import Memory, Step
from lettra_payment_ingest.handlers.announcing import Announced, coming
from lettra_payment_ingest.keeping import Kept
from lettra_payment_ingest.preparing import Prepared, Report, prepare
from lettra_payment_ingest.settings import PaymentIngestSettings
from lettra_payment_ingest.spooling import Spool

T = TypeVar("T")

BUSY_POLL_SECONDS = 0.05
TOUCH_SECONDS = 2.0
COLLECT_AFTER_DECISIONS = 10
LARGE_TRANSACTIONS = 2_000
"""Of a statement whose transactions are identified in a thread of their own, so that the process goes on meanwhile."""
DEPTH_MAX = 8
"""Of files that wait for each other's accounts."""


class TakenStatement(BaseModel):
    """What became of one statement of the file.

    `booked` or `quarantined` now, or `known`: it had come to its end before (`known_as`: booked, quarantined,
    dismissed), and nothing was changed; `announced`: a report or a notification. Of its transactions `new` ones became
    payments by this request, `announced` ones announced money; `known` ones had been told of before; `left_out` are
    amounts of zero, mere information, announced debits. `detailed`: told what a payment of before consists of.
    `verified`: its balances add up. `continuity` says whether it goes on with the statements before it; `through_date`
    up to which day the account is known without a gap.
    """

    statement_id: str
    account: str
    currency: str
    content_digest: str | None
    outcome: Literal["booked", "quarantined", "known", "announced"]
    known_as: str | None
    transactions_new: int
    transactions_known: int
    transactions_left_out: int
    transactions_announced: int
    transactions_detailed: int
    verified: bool
    continuity: Literal["ok", "earlier", "gap", "unknown"] | None
    through_date: date | None
    reason: str | None


class TakenFile(BaseModel):
    """What became of a file; `digest` is its SHA-256."""

    file: str
    digest: str
    statements: list[TakenStatement] = Field(default_factory=list)


class Importer:
    """Takes bank files on one database."""

    def __init__(self, commands: Commands, settings: PaymentIngestSettings) -> None:
        self._commands = commands
        self.pool: asyncpg.Pool[Any] = commands.pool
        self._decisions = 0
        self._chunk = settings.import_chunk_transactions
        self._wait_seconds = settings.import_wait_seconds
        self._limits = Limits(
            bytes_max=settings.upload_bytes_max, transactions_max=settings.import_transactions_max
        )

    async def take(self, kept: Kept, source: BinaryIO) -> TakenFile:
        """Take a file, or raise `ManyErrors`: for what cannot be read, with its place, or naming each statement whose
        account is unknown or closed; then none of it is taken.

        Sending a file again takes what was not taken yet: nothing, or, after a kill, the rest.
        """
        with Spool() as spool:
            told = await self._read(kept, source, spool)
            await self._check_accounts(kept, told)
            await keeping.keep(self.pool, kept, source)
            failpoints.reach("import.kept")
            return await self._take(kept, told, 0)

    async def go_on(self, digest: str, depth: int = 0) -> TakenFile | None:
        """Go on with a kept file, whoever began with it; None if it is not kept (any longer)."""
        async with keeping.opened(self.pool, digest) as found:
            if found is None:
                return None
            kept, source = found
            await keeping.touch(self.pool, digest)
            with Spool() as spool:
                told = await self._read(kept, source, spool)
                return await self._take(kept, told, depth)

    async def _read(self, kept: Kept, source: BinaryIO, spool: Spool) -> list[Prepared | Report]:
        try:
            return await asyncio.to_thread(prepare, kept.read(source), self._limits, spool.keep)
        except UnreadableFile as error:
            place = {"file": error.name, "place": error.place, "reason": error.reason}
            raise ManyErrors("unreadable-file", str(error), [place]) from None

    async def _check_accounts(self, kept: Kept, told: Sequence[Prepared | Report]) -> None:
        def decide(workspace: Workspace) -> list[str | None]:
            return for_each(told, lambda each: handlers.why_refused(workspace, each))

        reasons = await self._commands.preview(decide, kept.correlation_id)
        errors = [
            {"file": kept.name, "place": _place(each), "reason": reason, "account": each.account}
            for each, reason in zip(told, reasons, strict=True)
            if reason is not None
        ]
        if errors:
            words = "; ".join(dict.fromkeys(error["reason"] for error in errors))
            raise ManyErrors("account-not-open", f"nothing of the file was taken: {words}", errors)

    async def _take(self, kept: Kept, told: Sequence[Prepared | Report], depth: int) -> TakenFile:
        taken = []
        for each in told:
            if isinstance(each, Prepared):
                taken.append(await self._take_statement(kept, each, depth))
            else:
                taken.append(_announced(each, await self._announce(kept, each)))
        failpoints.reach("import.taken")
        await keeping.finish(self.pool, kept.digest)
        return TakenFile(file=kept.name, digest=kept.digest, statements=taken)

    async def _take_statement(self, kept: Kept, prepared: Prepared, depth: int) -> TakenStatement:
        memory = Memory()
        new = 0
        waiting = _Patience(self._wait_seconds)
        if len(prepared.statement.transactions) > LARGE_TRANSACTIONS:
            ahead = partial(handlers.identify_ahead, prepared=prepared, memory=memory)
            await self._commands.preview(ahead, kept.correlation_id)
        touched = time.monotonic()
        while True:
            step = await self._decide(
                kept, lambda workspace: handlers.take_statement(workspace, prepared, memory, self._chunk)
            )
            new += step.new
            if step.outcome == "busy":
                if not await waiting.for_progress(step):
                    await self._finish_other(step, prepared, depth)
            elif step.outcome != "taking":
                return await self._ended(kept, prepared, step, new)
            if time.monotonic() - touched > TOUCH_SECONDS:
                await keeping.touch(self.pool, kept.digest)
                touched = time.monotonic()

    async def _finish_other(self, step: Step, prepared: Prepared, depth: int) -> None:
        """Another statement of the account stands half taken: go on with its file, which whoever took it left."""
        digest = step.account.unfinished_file
        if digest is None or depth >= DEPTH_MAX or await self.go_on(digest, depth + 1) is None:
            raise Rejected(
                "statement-unfinished",
                f"another statement of {prepared.account} in {prepared.currency} is half taken"
                f" ({step.account.taken} transactions); send its file again first",
                status=409,
            )

    async def _ended(self, kept: Kept, prepared: Prepared, step: Step, new: int) -> TakenStatement:
        """What its pending entries announce is taken behind it, also where it was known."""
        quarantined = "quarantined" in (step.outcome, step.known_outcome)
        pending = Announced()
        if prepared.pending is not None and not quarantined:
            pending = await self._announce(kept, prepared.pending)
        return _taken(prepared, step, new, pending)

    async def _announce(self, kept: Kept, report: Report) -> Announced:
        """Chunk by chunk; each is known when it comes again, so there is nothing to resume."""
        done = Announced()
        groups = coming(report)
        while chunk := list(islice(groups, self._chunk)):
            done.add(
                await self._decide(kept, partial(handlers.announce, report=report, groups=chunk, before=done))
            )
        return done

    async def _decide(self, kept: Kept, decide: Callable[[Workspace], T]) -> T:
        """Run a decision and give back what it said when it was committed.

        Its workspace refers to itself, and the process collects such garbage seldom (`collect_seldom`): of a large file
        it would fill the memory before.
        """
        self._decisions += 1
        if self._decisions % COLLECT_AFTER_DECISIONS == 0:
            gc.collect()
        results: list[T] = []

        def answer(workspace: Workspace) -> Answer:
            results[:] = [decide(workspace)]
            return Answer(200, b"")

        await self._commands.run(answer, Request(kept.correlation_id))
        return results[0]


def _place(told: Prepared | Report) -> str:
    return told.statement.place if isinstance(told, Prepared) else told.place


@dataclass(slots=True)
class _Patience:
    """Waits while another statement of the account is being taken; gives up when that stands still."""

    seconds: float
    _seen: tuple[str | None, int] = (None, 0)
    _since: float = 0.0

    async def for_progress(self, step: Step) -> bool:
        """Wait a little; False when it has stood still for so long."""
        seen = (step.account.unfinished, step.account.taken)
        now = time.monotonic()
        if seen != self._seen:
            self._seen, self._since = seen, now
        if now - self._since >= self.seconds:
            self._since = now
            return False
        await asyncio.sleep(BUSY_POLL_SECONDS)
        return True


def _taken(prepared: Prepared, step: Step, new: int, pending: Announced) -> TakenStatement:
    outcome = step.outcome
    assert outcome in ("booked", "quarantined", "known"), "the others are not the end"
    untaken = {step.outcome, step.known_outcome} & {"quarantined", "dismissed"}
    reasons = [step.reason, step.continuity.reason if step.continuity else None]
    return TakenStatement(
        statement_id=prepared.booked.statement_id,
        account=prepared.account,
        currency=prepared.currency,
        content_digest=prepared.content_digest,
        outcome=outcome,
        known_as=step.known_outcome,
        transactions_new=new,
        transactions_known=0 if untaken else len(prepared.statement.transactions) - new,
        transactions_left_out=prepared.left_out,
        transactions_announced=pending.new,
        transactions_detailed=pending.detailed,
        verified=step.verified,
        continuity=step.continuity.outcome if step.continuity else None,
        through_date=step.account.through_date,
        reason="; ".join(reason for reason in reasons if reason) or None,
    )


def _announced(report: Report, done: Announced) -> TakenStatement:
    return TakenStatement(
        statement_id=report.statement_id,
        account=report.account,
        currency=report.currency,
        content_digest=None,
        outcome="announced",
        known_as=None,
        transactions_new=0,
        transactions_known=done.known,
        transactions_left_out=report.left_out,
        transactions_announced=done.new,
        transactions_detailed=done.detailed,
        verified=False,
        continuity=None,
        through_date=None,
        reason=None,
    )
