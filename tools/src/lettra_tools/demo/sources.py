"""Where the demo's sales come from: public data where there are, else a company that it invents itself.

Both give `Sale`s in the order of their issue, and the same ones for the same input and seed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from random import Random

from lettra_tools.demo.model import CENT, Sale

TERM_DAYS = 30
INVENTED_FROM = date(2024, 1, 2)


class DataError(Exception):
    """The public data cannot be used; the message names the file, the place and the remedy."""


@dataclass(frozen=True)
class Size:
    """How much of it: so many customers at most, and the weeks of so many at most."""

    customers_max: int
    weeks_max: int


SIZES = {"full": Size(customers_max=1_000, weeks_max=110), "small": Size(customers_max=25, weeks_max=12)}


def read_late_payments(path: Path) -> list[Sale]:
    """The sales of `ibm-late-payments.csv` (d/m/Y dates)."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            sales = [_sale(path, line, row) for line, row in enumerate(csv.DictReader(file), 2)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{path} cannot be read: {error}. Correct LETTRA_DATA, or set it to nothing."
        ) from error
    return sorted(sales, key=lambda sale: (sale.issued, sale.number))


def _sale(path: Path, line: int, row: dict[str, str]) -> Sale:
    try:
        return Sale(
            customer=row["customerID"],
            country=row["countrycode"],
            number=row["invoiceNumber"],
            issued=_day(row["InvoiceDate"]),
            due=_day(row["DueDate"]),
            gross=Decimal(row["InvoiceAmount"]).quantize(CENT),
            disputed=row["Disputed"] == "Yes",
            settled=_day(row["SettledDate"]),
        )
    except (KeyError, ValueError, InvalidOperation) as error:
        raise DataError(
            f"{path}, line {line}: {error!r}. Correct LETTRA_DATA, or set it to nothing."
        ) from error


def _day(text: str) -> date:
    return datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007 - a day has no time zone


def invent_sales(seed: int, customers: int = 60, days: int = 364) -> list[Sale]:
    """A company's sales of a year: some customers pay late as a habit, some invoices are disputed."""
    random = Random(f"sales {seed}")  # noqa: S311 - figures of a demo, to be the same again
    # None reads as a date, in whatever order: matching takes eight digits that do for one, and not for a number.
    numbers = random.sample(range(40_000_000, 99_999_999), k=customers * days // 10)
    sales = [sale for customer in range(customers) for sale in _sales_of(customer, days, random, numbers)]
    return sorted(sales, key=lambda sale: (sale.issued, sale.number))


def _sales_of(customer: int, days: int, random: Random, numbers: list[int]) -> Iterator[Sale]:
    """One customer's: about every fortnight, and his own habit of paying."""
    days_late = random.choice((-6, -3, 0, 0, 2, 9, 21))
    size = random.choice((40, 120, 300, 900))
    day = random.randrange(14)
    while day < days:
        issued = INVENTED_FROM + timedelta(days=day)
        disputed = random.random() < 0.12
        late = max(-TERM_DAYS, days_late + random.randint(-4, 8) + (12 if disputed else 0))
        yield Sale(
            customer=f"C{customer + 1:04d}",
            country="FR",
            number=str(numbers.pop()),
            issued=issued,
            due=issued + timedelta(days=TERM_DAYS),
            gross=Decimal(random.randint(size * 20, size * 400)) / 100,
            disputed=disputed,
            settled=issued + timedelta(days=TERM_DAYS + late),
        )
        day += random.randint(10, 20)


def of_size(sales: list[Sale], size: Size) -> list[Sale]:
    """The sales of the first customers in the first weeks."""
    until = sales[0].issued + timedelta(weeks=size.weeks_max)
    customers = list(dict.fromkeys(sale.customer for sale in sales))[: size.customers_max]
    return [sale for sale in sales if sale.customer in customers and sale.issued < until]
