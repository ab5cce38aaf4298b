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
from uuid import UUID, uuid5

from lettra_payment_ingest.bank.identity import Held, KnownStatement, base_identity, identify
from lettra_payment_ingest.bank.model import Statement
from lettra_payment_ingest.domain import Part, StatementRow


@dataclass(frozen=True, slots=True)
class Identities:
    """The payment ids of a statement's transactions in the bank's order, and which of them are new.

    They hold as long as no other statement of the account came to an end: `after` is how many had.
    """

    after: int
    payments: tuple[str, ...]
    new: tuple[bool, ...]


def identify_transactions(
    statement: Statement, after: int, rows: Iterable[StatementRow], parts: Sequence[Part]
) -> Identities:
    """`rows` are the booked statements that book on the same days, `parts` all of their transactions."""
    known = _known_statements(statement, rows, parts)
    identities = identify(statement, known).identities
    return Identities(after, tuple(str(i.id) for i in identities), tuple(i.new for i in identities))


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
    places = {}
    for base in {base_identity(t) for t in statement.transactions}:
        ordinal = 1
        while (payment := str(uuid5(base, str(ordinal)))) in held:
            places[payment] = base, ordinal
            ordinal += 1
    return places


def _known(row: StatementRow, parts: Iterable[Part], places: dict[str, tuple[UUID, int]]) -> KnownStatement:
    held: defaultdict[UUID, list[Held]] = defaultdict(list)
    for part in sorted(parts, key=lambda part: part.taken_before):
        for payment, balance in zip_longest(part.payments, part.balances):
            # A transaction that equals none of ours is told apart from all others by its own id.
            base, ordinal = places.get(payment, (UUID(payment), 1))
            held[base].append(Held(ordinal, None if balance is None else Decimal(balance)))
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
