"""Which transactions of a statement are new, and which were already told by another file.

**The identity of a transaction** is a uuid5 of its account, currency, booking date, the bank's reference
(with amount and direction, because banks give a payment and its fee or its reversal the same one) or else
the digest of its content, and an ordinal among those equal in all of this. Announced transactions (pending,
information) are counted apart from booked ones.

**The ordinal** is the hard part: two equal coffees on one day are two payments, but the same coffee in two
files is one. A statement is a stretch of the account's line of entries, from its opening to its closing
balance. Hence, for each group of equal transactions:

- What a known statement holds that *overlaps* the new one may be the same: the new statement claims these
  ordinals first, in order, those of a statement of the same identification before others. So a file imported
  twice changes nothing, and a month claims what its days brought.
- What a known statement holds that the new one *continues* cannot be the same: its ordinals are never
  claimed.
- What is left over gets new ordinals, above all that exist.

A statement continues another when it opens with the balance that the other closed with, and begins no earlier than
that one's last booking day; or the other way round, when it comes late. Continuation is passed on through statements
that share nothing: what continues the noon statement continues the morning one before it. But a balance can come back
to an earlier value, as that of a swept account does every day. So where balances allow an overlap as well, it is one:
when what the two have in common leads from the beginning of the one to the end of the other.

What is not proven to be apart overlaps: without balances, with a statement missing between, or when two files part in
the middle of equal payments of one day. An equal transaction is then lost rather than counted twice, and it is the
check of the balances that tells of it. Where the bank gives each transaction a reference of its own, none are equal.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Self
from uuid import UUID, uuid5

from lettra_payment_ingest.bank.exact import exact_sum, plain
from lettra_payment_ingest.bank.model import Statement, Transaction

# Fixed for ever: every identity that was ever given depends on it.
NAMESPACE: Final = UUID("5b0ab1c8-7a0e-5d5e-9d0c-2f6d3a0c7e41")

# What a known statement is to a new one, the strongest claim first (see `_pools`).
_APART, _NAMESAKE, _OVERLAPPING = range(3)

_SEPARATOR: Final = "\x1f"  # no text of a bank file can hold it


@dataclass(frozen=True, slots=True)
class KnownStatement:
    """What is remembered of a statement taken before: where on the account's line it lies, and what it holds.

    `ordinals` are its transactions: for each base identity the ordinals it claimed or brought. `first_day`
    and `last_day` are its booked transactions' booking days.
    """

    statement_id: str
    account: str
    currency: str | None
    opening: Decimal | None
    closing: Decimal | None
    first_day: date | None
    last_day: date | None
    ordinals: Mapping[UUID, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Identity:
    """The identity of one transaction; `new` when no known statement told of it."""

    id: UUID
    base: UUID
    ordinal: int
    new: bool


@dataclass(frozen=True, slots=True)
class Identified:
    """The identities, in the order of the statement's transactions, and what to remember of the statement."""

    identities: tuple[Identity, ...]
    known: KnownStatement


def base_identity(transaction: Transaction) -> UUID:
    """The identity without its ordinal: the same for transactions that nothing in the file tells apart."""
    t = transaction
    by_ref = ("ref", t.bank_ref or "", plain(t.amount), t.direction)
    named = ("digest", t.digest) if t.bank_ref is None else by_ref
    day = t.booking_date.isoformat() if t.booking_date else ""
    kind = "booked" if t.booked else "announced"
    return uuid5(NAMESPACE, _SEPARATOR.join((kind, t.account, t.currency, day, *named)))


def identity_of(base: UUID, ordinal: int) -> UUID:
    """The identity of the `ordinal`-th (from 1) of the transactions that nothing in the file tells apart."""
    return uuid5(base, str(ordinal))


def identify(statement: Statement, known: Iterable[KnownStatement]) -> Identified:
    """The identities of a statement's transactions, given the statements known of the same account.

    Needed of the known ones are those with a booking day in common with the statement, and those between
    these; more does no harm, and other accounts and currencies are ignored. The result depends on nothing
    else.
    """
    bases = [base_identity(t) for t in statement.transactions]
    related = [k for k in known if (k.account, k.currency) == (statement.account, statement.currency)]
    place = _Place.of(statement, bases)
    pools = _pools(place, related)
    held: dict[UUID, list[int]] = {base: [] for base in bases}
    identities = []
    for base in bases:
        ordinal, new = pools[base].take()
        held[base].append(ordinal)
        identities.append(Identity(identity_of(base, ordinal), base, ordinal, new))
    return Identified(tuple(identities), place.remember(held))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the new statement lies on the account's line, and how often it holds what."""

    statement: Statement
    counts: Counter[UUID]
    effect: Mapping[UUID, Decimal]
    first_day: date | None
    last_day: date | None

    @classmethod
    def of(cls, statement: Statement, bases: Sequence[UUID]) -> Self:
        booked = [(base, t) for base, t in zip(bases, statement.transactions, strict=True) if t.booked]
        days = [t.booking_date for _, t in booked if t.booking_date is not None]
        effect = {base: t.signed_amount for base, t in booked}
        return cls(statement, Counter(bases), effect, min(days, default=None), max(days, default=None))

    @property
    def opening(self) -> Decimal | None:
        return self.statement.opening.amount if self.statement.opening else None

    @property
    def closing(self) -> Decimal | None:
        return self.statement.closing.amount if self.statement.closing else None

    def remember(self, held: Mapping[UUID, Sequence[int]]) -> KnownStatement:
        s = self.statement
        return KnownStatement(
            statement_id=s.statement_id,
            account=s.account,
            currency=s.currency,
            opening=self.opening,
            closing=self.closing,
            first_day=self.first_day,
            last_day=self.last_day,
            ordinals={base: tuple(ordinals) for base, ordinals in held.items()},
        )

    def may_overlap(self, known: KnownStatement) -> bool:
        """Whether balances allow that what the two have in common is the same.

        They do when it leads from where the one begins to where the other ends. That is so of two stretches that
        overlap, and where one lies at the beginning or the end of the other.
        """
        common = (
            self.effect[base]
            for base, ordinals in known.ordinals.items()
            if base in self.effect
            for _ in range(min(self.counts[base], len(ordinals)))
        )
        net = exact_sum(common)
        ends = ((self.opening, known.closing), (known.opening, self.closing))
        return any(a is not None and b is not None and exact_sum((a, net)) == b for a, b in ends)


@dataclass(slots=True)
class _Pool:
    """The ordinals of one base identity: those to claim, the next one last, and the first that nobody has."""

    claimable: list[int]
    unused: int

    def take(self) -> tuple[int, bool]:
        """The next ordinal, and whether it is new."""
        if self.claimable:
            return self.claimable.pop(), False
        self.unused += 1
        return self.unused - 1, True


def _pools(place: _Place, related: Sequence[KnownStatement]) -> dict[UUID, _Pool]:
    """For each base identity of the statement, what it may claim.

    An ordinal held by several statements goes by the strongest: what the same stretch held is ours again,
    else what a statement apart holds is never ours, else what an overlapping one holds may be.
    """
    ranks: dict[UUID, dict[int, int]] = {base: {} for base in place.counts}
    for known, rank in zip(related, _ranks(place, related), strict=True):
        for base in known.ordinals.keys() & ranks.keys():
            of_base = ranks[base]
            for ordinal in known.ordinals[base]:
                of_base[ordinal] = min(rank, of_base.get(ordinal, rank))
    pools = {}
    for base, of_base in ranks.items():
        order = sorted((rank, ordinal) for ordinal, rank in of_base.items() if rank != _APART)
        pools[base] = _Pool([ordinal for _, ordinal in reversed(order)], max(of_base, default=0) + 1)
    return pools


def _ranks(place: _Place, related: Sequence[KnownStatement]) -> list[int]:
    """What each known statement is to the new one."""
    ours = place.statement.statement_id
    ranks = [_NAMESAKE if known.statement_id == ours else _OVERLAPPING for known in related]
    for backwards in (True, False):
        for position in _chain(place, related, backwards):
            if not place.may_overlap(related[position]):
                ranks[position] = _APART
    return ranks


def _chain(place: _Place, related: Sequence[KnownStatement], backwards: bool) -> list[int]:
    """Those that the statement continues, directly or through others (or those that continue it)."""
    chain: list[int] = []
    edges: list[tuple[Decimal | None, int | None]] = [(place.opening if backwards else place.closing, None)]
    while edges:
        balance, through = edges.pop()
        for position, known in enumerate(related):
            if balance is None or position in chain or not _in_order(place, known, backwards):
                continue
            if (known.closing if backwards else known.opening) != balance:
                continue
            if through is not None and _share(known, related[through]):
                continue
            chain.append(position)
            edges.append((known.opening if backwards else known.closing, position))
    return chain


def _in_order(place: _Place, known: KnownStatement, backwards: bool) -> bool:
    """Whether the booking days allow the known statement to lie wholly before (or behind) the new one."""
    earlier, later = (known.last_day, place.first_day) if backwards else (place.last_day, known.first_day)
    return earlier is None or later is None or earlier <= later


def _share(one: KnownStatement, other: KnownStatement) -> bool:
    """Whether two known statements tell of a transaction in common: then neither continues the other."""
    return any(
        not set(one.ordinals[base]).isdisjoint(other.ordinals[base])
        for base in one.ordinals.keys() & other.ordinals.keys()
    )
