"""A file of settled items, read whole or refused with the place of what is wrong.

Two layouts, known by their header: Lettra's own with ISO dates, and that of the public sample of IBM, whose dates
are day/month/year and nothing else (another edition of it has month/day/year under a header that differs by a letter).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

ROWS_MAX = 2_000_000
OWN = ("customer_id", "item_id", "currency", "amount", "issue_date", "due_date", "settled_date", "disputed")
IBM = (
    "countrycode",
    "customerID",
    "PaperlessDate",
    "invoiceNumber",
    "InvoiceDate",
    "DueDate",
    "InvoiceAmount",
    "Disputed",
    "SettledDate",
    "PaperlessBill",
    "DaysToSettle",
    "DaysLate",
)
Row = Mapping[str, str]


class BadFile(ValueError):
    """Says which line of which file cannot be taken, and why."""


@dataclass(frozen=True, slots=True)
class SettledItem:
    """An item and when it was paid; None: not yet. `disputed`: it was at some time, the file does not say when."""

    customer_id: str
    item_id: str
    currency: str
    amount: Decimal
    issue_date: date
    due_date: date
    settled_on: date | None
    disputed: bool


def read_items(path: Path) -> list[SettledItem]:
    """All items of the file. `BadFile`: it cannot be read, has another header, or a line that cannot be."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(_items(path, csv.DictReader(file)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadFile(f"{path}: cannot be read: {error}") from None


def _items(path: Path, rows: csv.DictReader[str]) -> Iterator[SettledItem]:
    reader = _READERS.get(tuple(rows.fieldnames or ()))
    if reader is None:
        raise BadFile(f"{path}: line 1: the header is neither {','.join(OWN)} nor {','.join(IBM)}")
    seen: set[str] = set()
    for count, row in enumerate(rows, start=1):
        place = f"{path}: line {rows.line_num}"
        if count > ROWS_MAX:
            raise BadFile(f"{place}: more than {ROWS_MAX} items; give a shorter period")
        try:
            item = reader(row)
            _check(item)
        except (ValueError, InvalidOperation, TypeError, AttributeError) as error:
            raise BadFile(f"{place}: {error}") from None
        if item.item_id in seen:
            raise BadFile(f"{place}: item {item.item_id} is there twice")
        seen.add(item.item_id)
        yield item


def _check(item: SettledItem) -> None:
    if not item.customer_id or not item.item_id:
        raise ValueError("a customer or an item without a name")
    if not item.amount.is_finite() or item.amount <= 0:
        raise ValueError(f"amount {item.amount} of an item that can be paid is above 0")
    if item.due_date < item.issue_date:
        raise ValueError(f"due on {item.due_date}, before it was issued on {item.issue_date}")
    if item.settled_on is not None and item.settled_on < item.issue_date:
        raise ValueError(f"settled on {item.settled_on}, before it was issued on {item.issue_date}")


def _own(row: Row) -> SettledItem:
    return SettledItem(
        customer_id=row["customer_id"],
        item_id=row["item_id"],
        currency=row["currency"],
        amount=Decimal(row["amount"]),
        issue_date=date.fromisoformat(row["issue_date"]),
        due_date=date.fromisoformat(row["due_date"]),
        settled_on=date.fromisoformat(row["settled_date"]) if row["settled_date"] else None,
        disputed=_yes(row["disputed"], "true", "false"),
    )


def _ibm(row: Row) -> SettledItem:
    return SettledItem(
        customer_id=row["customerID"],
        item_id=row["invoiceNumber"],
        currency="XXX",  # the file names none
        amount=Decimal(row["InvoiceAmount"]),
        issue_date=_day_first(row["InvoiceDate"]),
        due_date=_day_first(row["DueDate"]),
        settled_on=_day_first(row["SettledDate"]),
        disputed=_yes(row["Disputed"], "Yes", "No"),
    )


def _yes(text: str, yes: str, no: str) -> bool:
    if text not in (yes, no):
        raise ValueError(f"{text!r} is neither {yes} nor {no}")
    return text == yes


def _day_first(text: str) -> date:
    return datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007 - a date without a time of day


_READERS: Mapping[tuple[str, ...], Callable[[Row], SettledItem]] = {OWN: _own, IBM: _ibm}
