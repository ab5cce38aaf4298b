"""From what a bank says to what would be decided: everything about a file that can be wrong is found here.

Pure but for where `keep` puts what was read. After `prepare` nothing of the file can be refused for its content, so
that a statement once begun is never left half taken.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import BinaryIO

from pydantic import TypeAdapter, ValidationError

from lettra_events.contracts import Event
from lettra_events.contracts.payments import StatementBooked
from lettra_events.money import Amount
from lettra_payment_ingest.bank.checks import Verdict, check_statement
from lettra_payment_ingest.bank.errors import UnreadableFile
from lettra_payment_ingest.bank.exact import exact_sum, plain
from lettra_payment_ingest.bank.identity import base_identity
from lettra_payment_ingest.bank.kept import Growing, InMemory, Keep, Series
from lettra_payment_ingest.bank.limits import Limits
from lettra_payment_ingest.bank.mapping import Mapping
from lettra_payment_ingest.bank.model import INFORMATION, Balance, Statement, Transaction
from lettra_payment_ingest.bank.reading import read_file
from lettra_payment_ingest.drafting import NOT_YET, announce, draft

STATEMENTS_MAX = 5_000
"""Of one file: each is at least one transaction of the database."""
DAYS_MAX = 1_100
"""Between the first and the last booking day of a statement."""
DRAFT_BYTES_MAX = 150_000
"""Far enough below the limit of an event to leave room for what is added on deciding."""
_SURELY_SMALL_CHARS = DRAFT_BYTES_MAX // 8
INTERIM = "ITBD"

_AMOUNT: TypeAdapter[Decimal] = TypeAdapter(Amount)


@dataclass(frozen=True, slots=True)
class Report:
    """Announced money: of a report, of a notification, or the pending entries of a statement. Credits alone.

    `left_out` counts the others: debits, amounts of zero, mere information.
    """

    statement_id: str
    account: str
    currency: str
    message: str
    place: str
    announced_on: date
    announced: Series[Transaction]
    left_out: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement that can be decided on.

    `statement` holds the booked transactions that move money; `left_out` counts those that do not and are no announced
    money either, which is in `pending`. `booked` is the final event, but for what is known on deciding.
    """

    statement: Statement
    verdict: Verdict
    pending: Report | None
    left_out: int
    booked: StatementBooked
    keep: Keep

    @property
    def account(self) -> str:
        return self.booked.account

    @property
    def currency(self) -> str:
        return self.booked.currency

    @property
    def content_digest(self) -> str:
        return self.booked.content_digest


@dataclass(frozen=True, slots=True)
class File:
    """A bank file as it came: `digest` is its SHA-256, `mapping` the text for CSV and where it is from."""

    source: BinaryIO
    name: str
    digest: str
    mapping: Mapping | None = None


def prepare(file: File, limits: Limits, keep: Keep = InMemory) -> list[Prepared | Report]:
    """What a file tells; `UnreadableFile` says place and reason if anything in it cannot be taken."""
    found: list[Prepared | Report] = []
    for statement in read_file(file.source, file.name, limits, file.mapping, keep):
        if len(found) == STATEMENTS_MAX:
            raise UnreadableFile(file.name, statement.place, f"more than {STATEMENTS_MAX} statements")
        if statement.message == "statement":
            found.append(prepare_statement(statement, file.name, file.digest, keep))
        else:
            found.append(prepare_report(statement, file.name, keep))
    return found


def prepare_statement(whole: Statement, name: str, file_digest: str, keep: Keep = InMemory) -> Prepared:
    moving, announced, left_out = _sorted_out(whole, keep)
    statement = replace(whole, transactions=moving)
    verdict = check_statement(statement)
    looked_at = _look_through(statement, name)
    try:
        booked = _booked(statement, verdict, file_digest, looked_at)
    except ValueError as error:
        raise UnreadableFile(name, whole.place, _reason(error)) from None
    pending = _report(whole, announced, 0, name, booked.through_date) if len(announced) else None
    return Prepared(statement, verdict, pending, left_out, booked, keep)


def prepare_report(whole: Statement, name: str, keep: Keep = InMemory) -> Report:
    _, announced, left_out = _sorted_out(whole, keep)
    if whole.currency is None:
        raise UnreadableFile(name, whole.place, "names no currency: neither on the account nor on an entry")
    return _report(whole, announced, left_out, name, _told_on(whole))


def _sorted_out(whole: Statement, keep: Keep) -> tuple[Series[Transaction], Series[Transaction], int]:
    """The booked transactions that move money, the announced credits, and how many are neither."""
    if whole.message == "statement" and all(t.booked and t.amount for t in whole.transactions):
        return whole.transactions, (), 0
    moving: Growing[Transaction] = keep()
    announced: Growing[Transaction] = keep()
    left_out = 0
    for t in whole.transactions:
        if t.booked and t.amount:
            moving.append(t)
        elif _is_announced_money(t, whole.currency):
            announced.append(t)
        else:
            left_out += 1
    return moving.sealed(), announced.sealed(), left_out


def _is_announced_money(t: Transaction, currency: str | None) -> bool:
    """What is mere information is no money; what leaves the account holds nobody."""
    coming = not t.booked and t.amount > 0 and t.direction == "credit"
    return coming and t.status != INFORMATION and t.currency == currency


def _report(
    whole: Statement, announced: Series[Transaction], left_out: int, name: str, told_on: date | None
) -> Report:
    if told_on is None:
        raise UnreadableFile(name, whole.place, "names no day: neither of the message nor of an entry")
    for number, t in enumerate(announced, 1):
        place = f"{whole.place}, announced transaction {number}"
        try:
            event = announce(t, NOT_YET, NOT_YET, told_on)
        except ValueError as error:
            raise UnreadableFile(name, place, _reason(error)) from None
        _check_size(event, t, name, place)
    return Report(
        whole.statement_id,
        whole.account,
        whole.currency or "",
        whole.message,
        whole.place,
        told_on,
        announced,
        left_out,
    )


def _told_on(statement: Statement) -> date | None:
    """The day that a message tells of: when it was made, else the last day in it."""
    if statement.created_at is not None:
        return statement.created_at.date()
    days = [d for t in statement.transactions for d in (t.booking_date, t.value_date) if d is not None]
    return statement.to_date or max(days, default=None)


@dataclass(frozen=True, slots=True)
class LookedAt:
    """What one pass over a statement's transactions finds: its days, and a hash of what it tells in any order."""

    first: date | None
    last: date | None
    told: bytes


def _look_through(statement: Statement, name: str) -> LookedAt:
    """One pass, for there may be a million; `UnreadableFile` at the first transaction that no event can hold."""
    days: set[date] = set()
    told: list[bytes] = []
    balance = statement.opening.amount if statement.opening is not None else None
    for number, t in enumerate(statement.transactions, 1):
        place = f"{statement.place}, transaction {number}"
        try:
            event = draft(t, NOT_YET, NOT_YET)
            if balance is not None:
                # Each amount is within the limits of an event; what they sum to may not be.
                balance = exact_sum((balance, t.signed_amount))
                _AMOUNT.validate_python(balance)
        except ValueError as error:
            raise UnreadableFile(name, place, _reason(error)) from None
        _check_size(event, t, name, place)
        told.append(base_identity(t).bytes)
        days.add(event.booking_date)
    told.sort()
    return LookedAt(min(days, default=None), max(days, default=None), hashlib.sha256(b"".join(told)).digest())


def through_date(statement: Statement, last: date | None) -> date | None:
    """Up to which day a statement tells everything: the day of its closing balance, else what comes nearest.

    An interim balance closes a page, not a day: what the day still brings is on the next page. `last`: its last
    booking day.
    """
    closing = statement.closing
    if closing is not None and closing.date is not None:
        return closing.date - timedelta(days=1) if closing.kind == INTERIM else closing.date
    return statement.to_date or last or (statement.created_at.date() if statement.created_at else None)


def content_digest(statement: Statement, told: bytes) -> str:
    """A hash of account, period, balances and transactions (`told`), whatever the statement is called.

    The bank's order is not in it, and no way of writing: two statements of one digest tell the same.
    """
    balances = (_shown(statement.opening), _shown(statement.closing))
    period = (str(statement.from_date), str(statement.to_date))
    parts = (statement.account, str(statement.currency), *balances, *period, told.hex())
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _shown(balance: Balance | None) -> str:
    return f"{balance.date} {plain(balance.amount)} {balance.currency}" if balance else ""


def _booked(statement: Statement, verdict: Verdict, file_digest: str, looked_at: LookedAt) -> StatementBooked:
    first, last = looked_at.first, looked_at.last
    through = through_date(statement, last)
    if through is None:
        raise ValueError("the statement names no day: neither on a balance nor on an entry")
    if statement.currency is None:
        raise ValueError(
            "the statement names no currency: neither on the account nor on a balance or an entry"
        )
    if first and last and (last - first).days > DAYS_MAX:
        raise ValueError(f"booking days from {first} to {last}: more than {DAYS_MAX} days in one statement")
    opening = statement.opening
    return StatementBooked(
        entity_id=NOT_YET,
        account=statement.account,
        currency=statement.currency,
        statement_id=statement.statement_id,
        from_date=statement.from_date or first,
        through_date=through,
        opening_balance=opening.amount if opening else None,
        closing_balance=statement.closing.amount if statement.closing else None,
        transactions=len(statement.transactions),
        verified=verdict.outcome == "balanced",
        file_digest=file_digest,
        content_digest=content_digest(statement, looked_at.told),
        first_booking_date=first,
        last_booking_date=last,
    )


def _texts(t: Transaction) -> Iterator[str]:
    told = (t.remittance, t.counterparty_name, t.structured_reference, t.end_to_end_id, t.entry_ref)
    others = (t.mandate_id, t.counterparty_iban, t.statement_id, t.return_reason, t.bank_transaction_code)
    return (text for text in (*told, *others) if text)


def _check_size(event: Event, t: Transaction, name: str, place: str) -> None:
    if sum(map(len, _texts(t))) <= _SURELY_SMALL_CHARS:
        return
    if len(event.model_dump_json().encode()) > DRAFT_BYTES_MAX:
        raise UnreadableFile(name, place, f"texts of more than {DRAFT_BYTES_MAX} bytes")


def _reason(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg'].removeprefix('Value error, ')}"
