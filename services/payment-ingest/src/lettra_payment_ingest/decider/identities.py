"""Which transactions of a statement are new: what is remembered of earlier statements, as `bank.identity` asks it.

What is remembered of a transaction is its payment id alone. Its ordinal among equal ones is found again by counting:
whoever may hold an equal transaction books on its day, so all of them are here, and ordinals have no hole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from typing import NamedTuple
from uuid import UUID, uuid5

from lettra_payment_ingest.bank.exact import exact_sum
from lettra_payment_ingest.bank.identity import Held, KnownStatement, base_identity, identities
from lettra_payment_ingest.bank.kept import Growing, Keep, Series
from lettra_payment_ingest.bank.model import Statement
from lettra_payment_ingest.domain import Part, StatementRow


class Told(NamedTuple):
    """One transaction of a statement: its payment id, whether it is new, and the account's balance behind it."""

    payment_id: str
    new: bool
    balance: Decimal | None


@dataclass(frozen=True, slots=True)
class Identities:
    """The statement's transactions in the bank's order. `new_sum`: by how much the new ones change the balance.

    They hold as long as no other statement of the account came to an end: `after` is how many had.
    """

    after: int
    told: Series[Told]
    new: int
    new_sum: Decimal


def identify_transactions(
    statement: Statement, after: int, rows: Iterable[StatementRow], parts: Sequence[Part], keep: Keep
) -> Identities:
    """`rows` are the booked statements that book on the same days, `parts` all of their transactions."""
    known = _known_statements(statement, rows, parts)
    told: Growing[Told] = keep()
    new, new_sum = 0, Decimal(0)
    found = identities(statement, known)
    for (identity, balance), transaction in zip(found, statement.transactions, strict=True):
        told.append(Told(str(identity.id), identity.new, balance))
        if identity.new:
            new, new_sum = new + 1, exact_sum((new_sum, transaction.signed_amount))
    return Identities(after, told.sealed(), new, new_sum)


def _known_statements(
    statement: Statement, rows: Iterable[StatementRow], parts: Sequence[Part]
) -> list[KnownStatement]:
    places = _places(statement, {payment for part in parts for payment in part.payments})
    of_statement: defaultdict[str, list[Part]] = defaultdict(list)
    for part in parts:
        of_statement[part.content_digest].append(part)
    return [_known(row, of_statement[row.content_digest], places) for row in rows]


def _places(statement: Statement, held: set[str]) -> dict[str, tuple[UUID, int]]:
    """Base identity and ordinal of those held transactions that equal one of the statement's."""
    places: dict[str, tuple[UUID, int]] = {}
    for base in map(base_identity, statement.transactions if held else ()):
        ordinal = 1
        while (payment := str(uuid5(base, str(ordinal)))) in held and payment not in places:
            places[payment] = base, ordinal
            ordinal += 1
    return places


def _known(row: StatementRow, parts: Iterable[Part], places: dict[str, tuple[UUID, int]]) -> KnownStatement:
    held: defaultdict[UUID, list[Held]] = defaultdict(list)
    before = row.opening_balance
    for part in sorted(parts, key=lambda part: part.taken_before):
        for payment, text in zip_longest(part.payments, part.balances):
            # A transaction that equals none of ours is told apart from all others by its own id.
            base, ordinal = places.get(payment, (UUID(payment), 1))
            balance = None if text is None else Decimal(text)
            amount = None
            if balance is not None and before is not None:
                amount = exact_sum((balance, before.copy_negate()))
            held[base].append(Held(ordinal, balance, UUID(payment), amount))
            before = balance
    return KnownStatement(
        statement_id=row.statement_id,
        account=row.account,
        currency=row.currency,
        opening=row.opening_balance,
        closing=row.closing_balance,
        first_day=row.first_booking_date,
        last_day=row.last_booking_date,
        held={base: tuple(each) for base, each in held.items()},
    )
