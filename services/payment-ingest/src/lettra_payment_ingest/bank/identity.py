"""Which transactions of a statement are new, and which were already told by another file.

**The identity of a transaction** is a uuid5 of its account, currency, booking date, the bank's reference
(with amount and direction, because banks give a payment and its fee or its reversal the same one) or else
the digest of its content, and an ordinal among those equal in all of this. Announced transactions (pending,
information) are counted apart from booked ones.

**The ordinal** is the hard part: two equal coffees on one day are two payments, but the same coffee in two files is
one. The account is a line of entries with a balance behind each, and a statement is a stretch of that line. Hence, for
each group of equal transactions, the new statement

- claims first the ordinals of those with the same balance behind them: they stand at the same place;
- never claims what only statements hold that it *continues*, or that continue it: they end where it begins;
- claims in order what others hold, of its own identification first: these *overlap* it, perhaps with the entries of a
  day in another order. So a file imported twice changes nothing, and a month claims what its days brought;
- claims what stands at the same place with the same amount under another name, where both have balances and neither
  continues the other: so a bank's CAMT and MT940 of one day are the same money, though their texts differ;
- gives new ordinals, above all that exist, to what is left over.

A statement continues another when it opens with the balance that the other closed with, and begins no earlier than
that one's last booking day; or the other way round, when it comes late. Continuation is passed on through statements
that share nothing: what continues the noon statement continues the morning one before it. But a balance can come back
to an earlier value, as that of a swept account does every day. So the same place is believed before a continuation,
and statements whose common entries sum to nothing, about which balances then say nothing, overlap.

What is not proven to be apart overlaps: without balances, with a statement missing between (of which `checks` warns),
or when an overlap begins amid equal transactions of one day. An equal transaction is then lost rather than counted
twice. Where the bank gives each transaction a reference of its own, none are equal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
class Held:
    """A transaction that a known statement holds: its ordinal, and the balance behind it where balances are known.

    `id` and `amount` (signed) let a transaction of another name claim it, at the same place.
    """

    ordinal: int
    balance: Decimal | None
    id: UUID | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class KnownStatement:
    """What is remembered of a statement taken before: where on the account's line it lies, and what it holds.

    `held` are its transactions, by base identity. `first_day` and `last_day` are its booked ones' booking days.
    """

    statement_id: str
    account: str
    currency: str | None
    opening: Decimal | None
    closing: Decimal | None
    first_day: date | None
    last_day: date | None
    held: Mapping[UUID, tuple[Held, ...]]


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


def identify(statement: Statement, known: Iterable[KnownStatement]) -> Identified:
    """The identities of a statement's transactions, given the statements known of the same account.

    Needed of the known ones are those with a booking day in common with the statement, and those between
    these; more does no harm, and other accounts and currencies are ignored. The result depends on nothing
    else.
    """
    place = _Place.of(statement, known)
    held: dict[UUID, list[Held]] = {}
    identities = []
    for (identity, balance), t in zip(_identities(place), statement.transactions, strict=True):
        remembered = Held(identity.ordinal, balance, identity.id, t.signed_amount)
        held.setdefault(identity.base, []).append(remembered)
        identities.append(identity)
    return Identified(tuple(identities), place.remember(held))


def identities(
    statement: Statement, known: Iterable[KnownStatement]
) -> Iterator[tuple[Identity, Decimal | None]]:
    """As `identify`, one after the other, each with the account's balance behind it: little is held in memory of a
    statement of which little is known.
    """
    return _identities(_Place.of(statement, known))


def _identities(place: _Place) -> Iterator[tuple[Identity, Decimal | None]]:
    pools = _pools(place)
    others = _Others.of(place)
    at_place: dict[int, int] = {}
    if pools:
        for number, (base, balance) in enumerate(place.line()):
            claimed = pools[base].at(balance) if base in pools else None
            if claimed is not None:
                at_place[number] = claimed
    # Of a base that nobody holds, the transactions are simply counted; as numbers, there may be half a million.
    counted: Counter[int] = Counter()
    for number, ((base, balance), t) in enumerate(
        zip(place.line(), place.statement.transactions, strict=True)
    ):
        if number in at_place:
            ordinal, new = at_place[number], False
        elif base in pools:
            ordinal, new = pools[base].next()
        elif (other := others.claim(t, balance)) is not None:
            yield other, balance
            continue
        else:
            counted[base.int] += 1
            ordinal, new = counted[base.int], True
        yield Identity(uuid5(base, str(ordinal)), base, ordinal, new), balance


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the new statement lies on the account's line. `counts` and `effect`: how often it tells of each
    transaction that a known statement holds, and by how much the balance changes by one of these.
    """

    statement: Statement
    related: tuple[KnownStatement, ...]
    counts: Mapping[UUID, int]
    effect: Mapping[UUID, Decimal]
    first_day: date | None
    last_day: date | None

    @classmethod
    def of(cls, statement: Statement, known: Iterable[KnownStatement]) -> Self:
        account = (statement.account, statement.currency)
        related = tuple(k for k in known if (k.account, k.currency) == account)
        held = {base for each in related for base in each.held}
        counts: Counter[UUID] = Counter()
        effect: dict[UUID, Decimal] = {}
        days: set[date] = set()
        for t in statement.transactions:
            if t.booked and t.booking_date is not None:
                days.add(t.booking_date)
            if held and (base := base_identity(t)) in held:
                counts[base] += 1
                if t.booked:
                    effect[base] = t.signed_amount
        return cls(statement, related, counts, effect, min(days, default=None), max(days, default=None))

    def line(self) -> Iterator[tuple[UUID, Decimal | None]]:
        """The transactions, each with the balance behind it. Announced ones stand nowhere yet, so they have none."""
        balance = self.opening
        for t in self.statement.transactions:
            if balance is not None and t.booked:
                balance = exact_sum((balance, t.signed_amount))
            yield base_identity(t), balance if t.booked else None

    @property
    def opening(self) -> Decimal | None:
        return self.statement.opening.amount if self.statement.opening else None

    @property
    def closing(self) -> Decimal | None:
        return self.statement.closing.amount if self.statement.closing else None

    def remember(self, held: Mapping[UUID, Sequence[Held]]) -> KnownStatement:
        s = self.statement
        return KnownStatement(
            statement_id=s.statement_id,
            account=s.account,
            currency=s.currency,
            opening=self.opening,
            closing=self.closing,
            first_day=self.first_day,
            last_day=self.last_day,
            held={base: tuple(each) for base, each in held.items()},
        )

    def common_sums_to_nothing(self, known: KnownStatement) -> bool:
        """Whether balances say nothing about what the two have in common. (So it is when that is nothing.)"""
        common = (
            self.effect[base]
            for base, each in known.held.items()
            if base in self.effect
            for _ in range(min(self.counts[base], len(each)))
        )
        return exact_sum(common) == 0


@dataclass(slots=True)
class _Pool:
    """The ordinals of one base identity: at a place, in the order of claiming, taken, and the highest of all."""

    placed: dict[Decimal, list[int]] = field(default_factory=dict)
    ranks: dict[int, int] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)
    highest: int = 0

    def add(self, held: Held, rank: int) -> None:
        """An ordinal held by several statements goes by the strongest of them."""
        if held.balance is not None:
            self.placed.setdefault(held.balance, []).append(held.ordinal)
        self.ranks[held.ordinal] = min(rank, self.ranks.get(held.ordinal, rank))

    def seal(self) -> None:
        """All is added: put the ordinals in order, the first to be claimed last."""
        claimable = [(rank, ordinal) for ordinal, rank in self.ranks.items() if rank != _APART]
        self.order = [ordinal for _, ordinal in sorted(claimable, reverse=True)]
        self.highest = max(self.ranks, default=0)

    def at(self, balance: Decimal | None) -> int | None:
        """Claim an ordinal that stands at this place."""
        here = self.placed.get(balance, []) if balance is not None else []
        ordinal = next((o for o in here if o not in self.taken), None)
        if ordinal is not None:
            self.taken.add(ordinal)
        return ordinal

    def next(self) -> tuple[int, bool]:
        """Claim the next ordinal in order; where there is none, a new one (and True)."""
        while self.order:
            ordinal = self.order.pop()
            if ordinal not in self.taken:
                return ordinal, False
        self.highest += 1
        return self.highest, True


def _pools(place: _Place) -> dict[UUID, _Pool]:
    """For each base identity that a known statement holds too, what the statement may claim."""
    pools = {base: _Pool() for base in place.counts}
    for known, rank in zip(place.related, _ranks(place, place.related), strict=True):
        for base in known.held.keys() & pools.keys():
            for held in known.held[base]:
                pools[base].add(held, rank)
    for pool in pools.values():
        pool.seal()
    return pools


def _ranks(place: _Place, related: Sequence[KnownStatement]) -> list[int]:
    """What each known statement is to the new one."""
    ours = place.statement.statement_id
    ranks = [_NAMESAKE if known.statement_id == ours else _OVERLAPPING for known in related]
    for position in _continued(place):
        if not place.common_sums_to_nothing(related[position]):
            ranks[position] = _APART
    return ranks


def _continued(place: _Place) -> set[int]:
    """Which known statements the statement continues, or is continued by, directly or through others."""
    return {at for backwards in (True, False) for at in _chain(place, place.related, backwards)}


@dataclass(slots=True)
class _Others:
    """What overlapping statements hold under other names, by balance and amount."""

    held: dict[tuple[Decimal, Decimal], list[tuple[KnownStatement, UUID, Held]]]

    @classmethod
    def of(cls, place: _Place) -> Self:
        found: dict[tuple[Decimal, Decimal], list[tuple[KnownStatement, UUID, Held]]] = {}
        continued = _continued(place) if place.related and place.opening is not None else set()
        for position, known in enumerate(place.related if place.opening is not None else ()):
            if position in continued:
                continue
            for base, each in known.held.items():
                for held in each if base not in place.counts else ():
                    if held.balance is not None and held.amount is not None and held.id is not None:
                        found.setdefault((held.balance, held.amount), []).append((known, base, held))
        return cls(found)

    def claim(self, t: Transaction, balance: Decimal | None) -> Identity | None:
        """The one that stands where this transaction does, on a day that its statement tells of."""
        day = t.booking_date
        if balance is None or day is None:
            return None
        here = self.held.get((balance, t.signed_amount), [])
        for known, base, held in here:
            if known.first_day is None or known.last_day is None or held.id is None:
                continue
            if known.first_day <= day <= known.last_day:
                claimed = held.id
                self.held[balance, t.signed_amount] = [h for h in here if h[2].id != claimed]
                return Identity(claimed, base, held.ordinal, new=False)
        return None


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
        not {h.ordinal for h in one.held[base]}.isdisjoint(h.ordinal for h in other.held[base])
        for base in one.held.keys() & other.held.keys()
    )
