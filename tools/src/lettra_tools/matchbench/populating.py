"""Customers and open items of a benchmark, from chance alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import combinations, pairwise
from random import Random

from lettra_tools.demo.codes import rf_reference
from lettra_tools.matchbench import codes, words
from lettra_tools.matchbench.world import CREDIT_NOTE, INVOICE, Customer, Entity, Item, Number, Style

START = date(2026, 3, 2)
"""The Monday on which payments begin."""

DASHED = Style("FA", "AV", "-", 6)
ENTITIES = (
    Entity("E01", DASHED, "EUR", 0.46),
    Entity("E02", Style("FC", "AC", "", 5, year_digits=2), "EUR", 0.14),
    Entity("E03", Style("RE", "GS", "-", 5), "EUR", 0.11),
    Entity("E04", Style("INV", "CN", "", 7, year_digits=0), "GBP", 0.05),
    Entity("E05", Style("", "A", "/", 5, month=True), "EUR", 0.10),
    # It numbers as E01 does, so some numbers are there twice.
    Entity("E06", DASHED, "EUR", 0.11),
    Entity("E07", Style("INV", "CN", "-", 6), "USD", 0.03),
)
OLD = Style("V", "W", "", 8, year_digits=0)
"""Numbers of the system before: some of E01's items still bear them."""

CONTRACT_DAYS = (
    date(2025, 11, 5),
    date(2025, 12, 5),
    date(2026, 1, 5),
    date(2026, 2, 5),
    date(2026, 3, 5),
    date(2026, 4, 5),
)
TERMS_DAYS = (30, 30, 30, 45, 45, 60)


@dataclass
class Population:
    """All customers and items, and the legal entities that sell."""

    customers: list[Customer] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    recurring: set[str] = field(default_factory=set)
    """Customers who are invoiced the same amount each month."""
    entities: tuple[Entity, ...] = ENTITIES


@dataclass(frozen=True, slots=True)
class Market:
    """Who sells, and how the names of who buys come about: each a trade and name that nobody else has."""

    entities: tuple[Entity, ...]
    names: Callable[[Random], Iterator[tuple[str, str]]]
    """Endless: a root, and a country or nothing; each root once."""
    kinds: Mapping[str, tuple[str, ...]]
    """By country, templates of a name around the root."""
    twins: tuple[tuple[str, str], ...]


def populate(random: Random, customers: int, items: int, market: Market) -> Population:
    """A population of about so many customers and exactly so many items."""
    found = Population(customers=_customers(random, customers, market), entities=market.entities)
    found.recurring = {one.customer_id for one in random.sample(found.customers, max(1, customers // 10))}
    found.items = _items(random, found, items)
    return found


# ---- Customers ----


def invented(random: Random) -> Iterator[tuple[str, str]]:
    """Invented names, any two of them at least three letters apart: near names are made on purpose only."""
    taken: set[str] = set()
    while True:
        middles = random.sample(words.MIDDLES, random.choice((1, 1, 2)))
        root = random.choice(words.BEGINNINGS) + "".join(middles) + random.choice(words.ENDINGS)
        near = _shortened(root.lower())
        if taken.isdisjoint(near):
            taken |= near
            yield root, ""


def _shortened(root: str) -> set[str]:
    """The word without any one or two of its letters."""
    places = range(len(root))
    without = [*combinations(places, 1), *combinations(places, 2)]
    return {root} | {"".join(c for at, c in enumerate(root) if at not in cut) for cut in without}


def _customers(random: Random, count: int, market: Market) -> list[Customer]:
    roots, found = market.names(random), list[Customer]()
    while len(found) < count:
        (root, country), chance = next(roots), random.random()
        if chance < 0.025:
            found += _group(random, root, len(found))
        elif chance < 0.055:
            found += _twins(random, root, len(found), market)
        else:
            country = country or random.choices(*zip(*words.COUNTRIES, strict=True))[0]
            kinds = words.PERSONS if random.random() < 0.05 else market.kinds[country]
            found.append(_customer(random, random.choice(kinds), root, country, len(found)))
    return found[:count]


def _customer(
    random: Random, name: str, root: str, country: str, at: int, group: str = "", twin: bool = False
) -> Customer:
    own = tuple(codes.iban(country, random) for _ in range(random.choice((1, 1, 1, 2))))
    siren, vat = codes.company_numbers(country, at, random)
    return Customer(
        customer_id=f"C{at + 1:05d}",
        name=name.format(root=root),
        root=root,
        country=country,
        siren=siren,
        vat_number=vat,
        ibans=own[:1] if random.random() < 0.6 else (),
        own_ibans=own,
        email=f"compta@c{at + 1:05d}.example",
        language=words.LANGUAGES[country],
        group_id=group,
        twin=twin,
    )


def _group(random: Random, root: str, at: int) -> list[Customer]:
    """A parent and its subsidiaries; in half of the groups all pay from the parent's account, as is known."""
    group = f"G{at + 1:05d}"
    branches = random.sample(words.BRANCHES[:4], random.choice((2, 3, 4)))
    members = [_customer(random, "Groupe {root} SA", root, "FR", at, group)]
    for branch in branches:
        name = f"{{root}} {branch} SAS"
        members.append(_customer(random, name, root, "FR", at + len(members), group))
    if random.random() < 0.5:
        shared = members[0].own_ibans[0]
        members = [replace(one, ibans=(shared,), own_ibans=(shared,)) for one in members]
    return members


def _twins(random: Random, root: str, at: int, market: Market) -> list[Customer]:
    """Two customers who have nothing to do with each other, and nearly the same name."""
    first, second = random.choice(market.twins)
    return [
        _customer(random, name, root, "FR", at + place, twin=True)
        for place, name in enumerate((first, second))
    ]


PLAIN = Market(
    ENTITIES,
    invented,
    words.NAMES,
    (
        ("{root} Distribution SAS", "{root} Distribution SARL"),
        ("Société Nouvelle de Transports {root} Nord", "Société Nouvelle de Transports {root} Sud"),
        ("Menuiserie {root} Père", "Menuiserie {root} Fils"),
        ("{root} Trading Limited", "{root} Trading Holdings Limited"),
    ),
)
"""Names that are far from one another."""


# ---- Items ----


@dataclass(frozen=True)
class _Run:
    """What a customer is invoiced on one day: some consecutive numbers, of one amount where he has a contract."""

    issued: date
    customer: Customer
    entity: Entity
    count: int
    cents: int


def _items(random: Random, population: Population, count: int) -> list[Item]:
    runs = sorted(_runs(random, population, count), key=lambda run: run.issued)
    serials = {entity.entity_id: random.randrange(60, 400) for entity in population.entities}
    serials["E06"] = serials["E01"] + 40
    notes, old = dict.fromkeys(serials, 10), 10_020_000
    found: list[Item] = []
    for run in runs:
        serials[run.entity.entity_id] += random.choice((0, 0, 1, 1, 2, 5))
        for _ in range(run.count):
            is_invoice = run.cents > 0 or random.random() > 0.06
            series = serials if is_invoice else notes
            series[run.entity.entity_id] += 1
            number = _number(run, series[run.entity.entity_id], is_invoice)
            if is_invoice and run.entity.entity_id == "E01" and run.issued < date(2025, 11, 15):
                old += random.choice((1, 1, 2, 7))
                number = Number("V", None, None, old, OLD)
            found.append(_item(random, run, number, is_invoice, len(found)))
    return found[:count]


def _runs(random: Random, population: Population, count: int) -> Iterator[_Run]:
    weights = [random.lognormvariate(0, 1.1) for _ in population.customers]
    entities = {one.customer_id: _entities(random, one, population.entities) for one in population.customers}
    contracts = [one for one in population.customers if one.customer_id in population.recurring]
    made = 0
    for customer in contracts:
        entity, cents = entities[customer.customer_id][0], _cents(random)
        days = CONTRACT_DAYS[random.randrange(len(CONTRACT_DAYS) - 1) :]
        yield from (_Run(issued, customer, entity, 1, cents) for issued in days)
        made += len(days)
    for first, second in pairwise(one for one in population.customers if one.twin):
        if first.root == second.root:
            cents = _cents(random)
            for issued in random.sample(CONTRACT_DAYS, 3):
                yield from (
                    _Run(issued, one, entities[first.customer_id][0], 1, cents) for one in (first, second)
                )
            made += 6
    # A few more than needed: credit notes and items are cut to the count afterwards.
    while made < count:
        customer = random.choices(population.customers, weights)[0]
        size = random.choice((1, 1, 1, 1, 2, 2, 3, 4, 6))
        yield _Run(_issued(random), customer, random.choice(entities[customer.customer_id]), size, 0)
        made += size


def _entities(random: Random, customer: Customer, entities: tuple[Entity, ...]) -> list[Entity]:
    """Who sells to him: one entity as a rule, for one in eight two."""
    count = 2 if random.random() < 0.12 else 1
    found = random.choices(entities, [one.share for one in entities], k=count)
    return found if not customer.twin else found[:1]


def _issued(random: Random) -> date:
    """From half a year before the payments begin to some weeks after, most of them late."""
    return START + timedelta(days=int(random.triangular(-165, 40, 5)))


def _cents(random: Random) -> int:
    cents = round(min(max(random.lognormvariate(6.9, 1.25), 25), 250_000) * 100)
    return cents - cents % 1000 or 1000 if random.random() < 0.15 else cents


def _number(run: _Run, serial: int, is_invoice: bool) -> Number:
    style = run.entity.style
    prefix = style.invoice if is_invoice else style.credit_note
    year = run.issued.year if style.year_digits else None
    return Number(prefix, year, run.issued.month if style.month else None, serial, style)


def _item(random: Random, run: _Run, number: Number, is_invoice: bool, at: int) -> Item:
    cents = run.cents or _cents(random)
    due = run.issued + timedelta(days=random.choice(TERMS_DAYS) if not run.cents else 30)
    item = Item(
        entity_id=run.entity.entity_id,
        customer_id=run.customer.customer_id,
        item_id=f"item-{at + 1:06d}",
        kind=INVOICE if is_invoice else CREDIT_NOTE,
        number=number,
        issued=run.issued,
        due=due if is_invoice else run.issued,
        currency=run.entity.currency,
        cents=cents if is_invoice else max(cents // 8, 500),
        reference=rf_reference(number.printed)
        if is_invoice and run.entity.entity_id in ("E01", "E03")
        else "",
    )
    if not is_invoice or run.cents or int(run.customer.customer_id[1:]) % 7 or cents < 100_000:
        return item
    until = run.issued + timedelta(days=random.choice((14, 21, 30)))
    return replace(item, discount_cents=round(cents * 0.02), discount_until=until)
