"""What payment-ingest would take from a bank file, said in plain values: the service's answer without the service.

`lettra bank parse` finds `parse_file` by its entry point, and knows nothing of the types behind it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import BinaryIO, TypeAlias

from lettra_payment_ingest.bank.checks import check_statement
from lettra_payment_ingest.bank.exact import plain
from lettra_payment_ingest.bank.limits import DEFAULT, Limits
from lettra_payment_ingest.bank.mapping import read_mapping
from lettra_payment_ingest.bank.model import Balance, Message, Statement, Transaction
from lettra_payment_ingest.bank.reading import read_file
from lettra_payment_ingest.bank.values import decimals_of

Row: TypeAlias = dict[str, str | int | bool | None]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A statement of a file. `quarantined` is why none of it would be taken; `unverified` why nobody can tell.

    `kinds` says of each transaction whether it is booked, pending or a notification, in the order of `rows`.
    """

    statement_id: str
    account: str
    currency: str | None
    message: Message
    place: str
    transactions: int
    opening: str | None
    closing: str | None
    quarantined: str | None
    unverified: str | None
    statement: Statement

    def rows(self) -> Iterator[Row]:
        """One row a transaction, those of amount zero and the announced ones included; absent is None."""
        return map(row_of, self.statement.transactions)

    def kinds(self) -> Iterator[str]:
        return (transaction.kind for transaction in self.statement.transactions)


def parse_file(
    source: BinaryIO, name: str, mapping: tuple[str, str] | None = None, limits: Limits = DEFAULT
) -> Iterator[Parsed]:
    """The statements of a file; `mapping` is the text of a mapping for CSV, and its file's name.

    Raises `errors.UnreadableFile`: then none of the file would be taken, whatever came before.
    """
    read = read_mapping(*mapping) if mapping is not None else None
    return map(_parsed, read_file(source, name, limits, read))


def _parsed(statement: Statement) -> Parsed:
    verdict = check_statement(statement)
    return Parsed(
        statement_id=statement.statement_id,
        account=statement.account,
        currency=statement.currency,
        message=statement.message,
        place=statement.place,
        transactions=len(statement.transactions),
        opening=_shown(statement.opening),
        closing=_shown(statement.closing),
        quarantined=verdict.reason if verdict.outcome == "quarantined" else None,
        unverified=verdict.reason if verdict.outcome == "unverified" else None,
        statement=statement,
    )


def _shown(balance: Balance | None) -> str | None:
    return written(balance.amount, balance.currency) if balance is not None else None


def row_of(t: Transaction) -> Row:
    """A transaction without its file's name, as `lettra bank parse --json` writes it."""
    return {
        "statement_id": t.statement_id,
        "account": t.account,
        "booking_date": t.booking_date.isoformat() if t.booking_date else None,
        "value_date": t.value_date.isoformat() if t.value_date else None,
        "amount": written(t.amount, t.currency),
        "currency": t.currency,
        "direction": t.direction,
        "reversal": t.reversal,
        "entry_ref": t.entry_ref,
        "end_to_end_id": t.end_to_end_id,
        "structured_reference": t.structured_reference,
        "remittance": t.remittance,
        "counterparty_name": t.counterparty_name,
        "counterparty_iban": t.counterparty_iban,
        "charges": written(t.charges, t.currency) if t.charges is not None else None,
        "batch_size": t.batch_size,
    }


def written(amount: Decimal, currency: str) -> str:
    """The amount with at least the decimals of its currency."""
    whole, _, fraction = plain(amount).partition(".")
    fraction = fraction.ljust(decimals_of(currency) or 0, "0")
    return f"{whole}.{fraction}" if fraction else whole
