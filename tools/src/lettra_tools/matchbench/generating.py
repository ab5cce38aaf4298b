"""Makes a benchmark: from a seed a folder of customers, open items, bank statements and the truth.

The same seed, mix and size give the same bytes. The files are named so that their names' order is the order of the
payments, in which each sees what the ones before it settled.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from lettra_tools.matchbench.booking import Booking, accounts, slots
from lettra_tools.matchbench.days import Week, weeks
from lettra_tools.matchbench.formats import WRITERS
from lettra_tools.matchbench.ledger import Ledger
from lettra_tools.matchbench.mixes import MIXES
from lettra_tools.matchbench.populating import Population, populate
from lettra_tools.matchbench.world import Customer, Item, Payment, money

CUSTOMERS = 1_500
ITEMS = 11_000
PAYMENTS = 5_800
CUSTOMER_COLUMNS = ("customer_id", "name", "siren", "vat_number", "ibans", "email", "language", "group_id")
ITEM_COLUMNS = (
    "entity_id",
    "customer_id",
    "item_id",
    "kind",
    "document_number",
    "issue_date",
    "due_date",
    "currency",
    "amount",
    "payment_reference",
    "discount_amount",
    "discount_until",
)
TRUTH_COLUMNS = ("entry_ref", "case", "item_id", "amount")

Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How large a benchmark is. Payments that nothing could be made up for are left out, so there may be fewer."""

    customers: int = CUSTOMERS
    items: int = ITEMS
    payments: int = PAYMENTS


@dataclass(frozen=True, slots=True)
class Made:
    """What was made: the population, the files of statements in their order, and the payment of each `entry_ref`."""

    population: Population
    files: list[Week]
    labels: dict[str, Payment]
    by_case: Counter[str] = field(default_factory=Counter)


def make(seed: int, mix: str = "open", size: Size | None = None, advance: Advance = lambda _: None) -> Made:
    """A benchmark in memory; `advance` is told how many payments are done."""
    wanted = size or Size()
    random = Random(f"matchbench {mix} {seed}")  # noqa: S311 - invented data, to be the same again
    population = populate(random, wanted.customers, wanted.items, MIXES[mix].market)
    where = slots(random, wanted.payments, accounts(random, population.entities))
    booking = Booking(random, Ledger(population), MIXES[mix])
    files, labels = weeks(random, booking.payments(where, advance))
    return Made(population, files, labels, Counter(one.draft.case for one in labels.values()))


def write(made: Made, folder: Path) -> None:
    """Write all files of a benchmark into a folder, which is made; what it holds under these names is overwritten."""
    statements = folder / "statements"
    statements.mkdir(parents=True, exist_ok=True)
    _table(folder / "customers.csv", CUSTOMER_COLUMNS, map(_customer, made.population.customers))
    _table(folder / "open_items.csv", ITEM_COLUMNS, map(_item, made.population.items))
    truth = (row for entry_ref, payment in made.labels.items() for row in _truth(entry_ref, payment))
    _table(folder / "truth.csv", TRUTH_COLUMNS, truth)
    for file in made.files:
        ending, writer = WRITERS[file.statements[0].bank.format]
        (statements / f"{file.name}.{ending}").write_bytes(writer(file.statements))


def _table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _customer(one: Customer) -> tuple[str, ...]:
    ibans = " ".join(one.ibans)
    return one.customer_id, one.name, one.siren, one.vat_number, ibans, one.email, one.language, one.group_id


def _item(item: Item) -> tuple[str, ...]:
    return (
        item.entity_id,
        item.customer_id,
        item.item_id,
        item.kind,
        item.number.printed,
        item.issued.isoformat(),
        item.due.isoformat(),
        item.currency,
        money(item.cents),
        item.reference,
        money(item.discount_cents) if item.discount_until else "",
        item.discount_until.isoformat() if item.discount_until else "",
    )


def _truth(entry_ref: str, payment: Payment) -> list[tuple[str, str, str, str]]:
    draft = payment.draft
    rows = [(entry_ref, draft.case, item.item_id, money(cents)) for item, cents in draft.settles.items()]
    return rows or [(entry_ref, draft.case, "", "")]
