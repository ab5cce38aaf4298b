"""From what a bank says to what would be decided: everything about a file that can be wrong is found here.

Pure. After `prepare` nothing of the file can be refused for its content, so that a statement once begun is never
left half taken.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeAlias

from pydantic import TypeAdapter, ValidationError

from lettra_events.contracts.payments import DebitBooked, PaymentReceived, StatementBooked
from lettra_events.money import Amount
from lettra_payment_ingest.bank.camt import read_camt
from lettra_payment_ingest.bank.checks import Verdict, check_statement
from lettra_payment_ingest.bank.errors import UnreadableFile
from lettra_payment_ingest.bank.exact import exact_sum, plain
from lettra_payment_ingest.bank.identity import base_identity
from lettra_payment_ingest.bank.limits import Limits
from lettra_payment_ingest.bank.model import Balance, Statement, Transaction

Draft: TypeAlias = PaymentReceived | DebitBooked
"""A transaction's event, valid but for its payment id and its legal entity, which are known on deciding."""

STATEMENTS_MAX = 5_000
"""Of one file: each is at least one transaction of the database."""
DAYS_MAX = 1_100
"""Between the first and the last booking day of a statement."""
DRAFT_BYTES_MAX = 150_000
"""Far enough below the limit of an event to leave room for what is added on deciding."""
NOT_YET = "?"
INTERIM = "ITBD"

_AMOUNTS: TypeAdapter[tuple[Decimal, ...]] = TypeAdapter(tuple[Amount, ...])


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement that can be decided on.

    `statement` holds the booked transactions that move money, `drafts` their events, `balances` the account's behind
    each (none where the opening one is absent); `left_out` counts the others: announced ones, and amounts of zero.
    `booked` is the final event, but for what is known on deciding.
    """

    statement: Statement
    verdict: Verdict
    drafts: tuple[Draft, ...]
    balances: tuple[Decimal, ...]
    left_out: int
    booked: StatementBooked

    @property
    def account(self) -> str:
        return self.booked.account

    @property
    def currency(self) -> str:
        return self.booked.currency

    @property
    def content_digest(self) -> str:
        return self.booked.content_digest


def prepare(data: bytes, name: str, limits: Limits) -> list[Prepared]:
    """The statements of a file; `UnreadableFile` says place and reason if anything in it cannot be taken."""
    file_digest = hashlib.sha256(data).hexdigest()
    found: list[Prepared] = []
    for statement in read_camt(data, name, limits):
        if len(found) == STATEMENTS_MAX:
            raise UnreadableFile(name, statement.place, f"more than {STATEMENTS_MAX} statements")
        found.append(prepare_statement(statement, name, file_digest))
    return found


def prepare_statement(whole: Statement, name: str, file_digest: str) -> Prepared:
    moving = tuple(t for t in whole.transactions if t.booked and t.amount)
    statement = replace(whole, transactions=moving)
    verdict = check_statement(statement)
    try:
        booked = _booked(statement, verdict, file_digest)
        balances = _AMOUNTS.validate_python(tuple(_balances(statement)))
    except ValueError as error:
        raise UnreadableFile(name, whole.place, _reason(error)) from None
    drafts = tuple(_drafts(statement, name))
    return Prepared(statement, verdict, drafts, balances, len(whole.transactions) - len(moving), booked)


def through_date(statement: Statement) -> date | None:
    """Up to which day a statement tells everything: the day of its closing balance, else what comes nearest.

    An interim balance closes a page, not a day: what the day still brings is on the next page.
    """
    closing = statement.closing
    if closing is not None and closing.date is not None:
        return closing.date - timedelta(days=1) if closing.kind == INTERIM else closing.date
    _, last = _booking_days(statement)
    return statement.to_date or last or (statement.created_at.date() if statement.created_at else None)


def content_digest(statement: Statement) -> str:
    """A hash of account, period, balances and transactions, whatever the statement is called.

    The bank's order is not in it, and no way of writing: two statements of one digest tell the same.
    """
    balances = (_shown(statement.opening), _shown(statement.closing))
    period = (str(statement.from_date), str(statement.to_date))
    told = sorted(str(base_identity(t)) for t in statement.transactions)
    parts = (statement.account, str(statement.currency), *balances, *period, *told)
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _shown(balance: Balance | None) -> str:
    return f"{balance.date} {plain(balance.amount)} {balance.currency}" if balance else ""


def _booked(statement: Statement, verdict: Verdict, file_digest: str) -> StatementBooked:
    first, last = _booking_days(statement)
    through = through_date(statement)
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
        content_digest=content_digest(statement),
        first_booking_date=first,
        last_booking_date=last,
    )


def _booking_days(statement: Statement) -> tuple[date | None, date | None]:
    days = [t.booking_date for t in statement.transactions if t.booking_date]
    return min(days, default=None), max(days, default=None)


def _balances(statement: Statement) -> Iterator[Decimal]:
    """The account's balance behind each transaction; none where the opening one is absent."""
    if statement.opening is None:
        return
    balance = statement.opening.amount
    for transaction in statement.transactions:
        balance = exact_sum((balance, transaction.signed_amount))
        yield balance


def _drafts(statement: Statement, name: str) -> Iterator[Draft]:
    for number, transaction in enumerate(statement.transactions, 1):
        place = f"{statement.place}, transaction {number}"
        try:
            draft = _draft(transaction)
        except ValueError as error:
            raise UnreadableFile(name, place, _reason(error)) from None
        if len(draft.model_dump_json().encode()) > DRAFT_BYTES_MAX:
            raise UnreadableFile(name, place, f"texts of more than {DRAFT_BYTES_MAX} bytes")
        yield draft


def _draft(t: Transaction) -> Draft:
    if t.booking_date is None:
        raise ValueError("no booking date (BookgDt) and no value date (ValDt)")
    kind = PaymentReceived if t.direction == "credit" else DebitBooked
    return kind(
        payment_id=NOT_YET,
        entity_id=NOT_YET,
        account=t.account,
        statement_id=t.statement_id,
        entry_ref=t.entry_ref,
        booking_date=t.booking_date,
        value_date=t.value_date,
        amount=t.amount,
        currency=t.currency,
        reversal=t.reversal,
        end_to_end_id=t.end_to_end_id,
        structured_reference=t.structured_reference,
        remittance=t.remittance,
        counterparty_name=t.counterparty_name,
        counterparty_iban=t.counterparty_iban,
        charges=t.charges,
    )


def _reason(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg'].removeprefix('Value error, ')}"
