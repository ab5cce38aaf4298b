"""The reader of CSV files, by a mapping (see `mapping`). Every error names the line and the column.

The rows of one account and currency are one statement, in the order of time. Where there is a column of balances, the
one before the first movement opens and the one behind the last closes it. A statement has no name; it is called by
its days.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import BinaryIO, Final

from lettra_payment_ingest.bank.entries import Detail, Entry, Naming, Side, transactions_of
from lettra_payment_ingest.bank.errors import UnreadableFile, quoted
from lettra_payment_ingest.bank.exact import exact_sum
from lettra_payment_ingest.bank.kept import Growing, InMemory, Keep, Series
from lettra_payment_ingest.bank.limits import DEFAULT, Limits
from lettra_payment_ingest.bank.mapping import Column, Mapping, named
from lettra_payment_ingest.bank.model import BOOKED, Balance, Direction, Statement, Transaction
from lettra_payment_ingest.bank.text import FromUtf16, is_utf16, lines
from lettra_payment_ingest.bank.values import Wrong, account_number, checked, creditor_reference, filled

_BLANKS: Final = re.compile(r"\s", re.ASCII)
_WIDE_BLANKS: Final = "\u00a0\u202f\u2009"
_CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """A movement of the file: its entry, what explains it, and the balance behind it where there is one."""

    account: str
    entry: Entry
    detail: Detail
    balance: Decimal | None
    line: int


def read_csv(
    source: BinaryIO, name: str, mapping: Mapping, limits: Limits = DEFAULT, keep: Keep = InMemory
) -> Iterator[Statement]:
    """The statements of a CSV file, by account in the order of the file.

    Raises `UnreadableFile`, and only that (an error of reading `source` itself goes through).
    """
    groups: dict[tuple[str, str], Growing[Row]] = {}
    for count, row in enumerate(_rows(source, name, mapping, limits), 1):
        if count > limits.transactions_max:
            raise UnreadableFile(
                name, f"line {row.line}", f"more than {limits.transactions_max} transactions"
            )
        group = (row.account, row.entry.currency)
        if group not in groups:
            groups[group] = keep()
        groups[group].append(row)
    if not groups:
        raise UnreadableFile(name, "end", "no row of a movement in the file")
    for (account, currency), grown in groups.items():
        rows = grown.sealed()
        yield _statement(account, currency, rows, _newest_first(rows, mapping), limits, keep)


def fits(head: bytes, mapping: Mapping) -> bool:
    """Whether the first bytes of a file are of the kind that this mapping is for: its columns, and a first row."""
    if is_utf16(head):
        head, mapping = FromUtf16(io.BytesIO(head)).readall(), mapping.model_copy(update={"encoding": "auto"})
    whole = head[: head.rfind(b"\n") + 1] or head
    try:
        return next(_rows(io.BytesIO(whole), "", mapping, DEFAULT), None) is not None
    except UnreadableFile:
        return False


def _newest_first(rows: Series[Row], mapping: Mapping) -> bool:
    if mapping.newest_first is not None:
        return mapping.newest_first
    first, last = rows[0].entry.booking_date, rows[-1].entry.booking_date
    return first is not None and last is not None and first > last


def _rows(source: BinaryIO, name: str, mapping: Mapping, limits: Limits) -> Iterator[Row]:
    texts = _texts(source, name, mapping, limits)
    for _ in range(mapping.skip_lines):
        next(texts, None)
    reader = csv.reader(texts, delimiter=mapping.delimiter, strict=True)
    places: dict[Column, int] | None = None if mapping.header else {}
    while True:
        line = reader.line_num + mapping.skip_lines + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableFile(name, f"line {line}", f"is not CSV: {error}") from None
        if not any(cell.strip() for cell in cells):
            continue
        try:
            if places is None:
                places = _places(cells, mapping)
            else:
                yield _Cells(cells, places, mapping).row(line)
        except _Misplaced as wrong:
            place = f"line {line}, column {wrong.column}" if wrong.column else f"line {line}"
            raise UnreadableFile(name, place, wrong.reason) from None


def _texts(source: BinaryIO, name: str, mapping: Mapping, limits: Limits) -> Iterator[str]:
    """The lines with their ends, which may stand inside quotes."""
    if mapping.encoding == "auto":
        for _, text in lines(source, name, limits):
            yield text + "\n"
        return
    decoded = io.TextIOWrapper(source, encoding=mapping.encoding)
    size = number = 0
    try:
        for text in decoded:
            number += 1
            size += len(text)
            if size > limits.bytes_max:
                raise UnreadableFile(name, f"line {number}", f"is larger than {limits.bytes_max} characters")
            yield text.replace("\0", "")
    except UnicodeError:
        raise UnreadableFile(name, f"line {number + 1}", f"is not {mapping.encoding}") from None
    finally:
        decoded.detach()


def _places(header: list[str], mapping: Mapping) -> dict[Column, int]:
    """Where the columns of the mapping stand, by the row of names."""
    names = [_folded(cell) for cell in header]
    found: dict[Column, int] = {}
    for column in named(mapping.columns):
        if isinstance(column, int):
            continue
        count = names.count(_folded(column))
        if count != 1:
            there = ", ".join(quoted(cell.strip()) for cell in header[:20])
            many = "no" if count == 0 else "more than one"
            raise _Misplaced(None, f"{many} column {quoted(column)} in the header: there are {there}")
        found[column] = names.index(_folded(column))
    return found


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip().removeprefix("\ufeff")).casefold()


class _Misplaced(Exception):
    def __init__(self, column: Column | None, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


class _Cells:
    """The values of one row."""

    def __init__(self, cells: list[str], places: dict[Column, int], mapping: Mapping) -> None:
        self._cells = cells
        self._places = places
        self._mapping = mapping

    def row(self, line: int) -> Row:
        columns = self._mapping.columns
        currency = self._currency()
        amount, direction = self._amount(currency)
        booked = self._day(columns.booking_date)
        if booked is None:
            raise _Misplaced(columns.booking_date, "no booking date")
        charges = self._money(columns.charges, currency)
        entry = Entry(
            amount=amount,
            currency=currency,
            direction=direction,
            reversal=False,
            status=BOOKED,
            booking_date=booked,
            value_date=self._day(columns.value_date),
            bank_ref=filled(self._text(columns.reference)),
            charges={currency: charges.copy_abs()} if charges else None,
            bank_transaction_code=None,
            additional=None,
        )
        balance = self._money(columns.balance, currency)
        return Row(self._account(), entry, self._detail(direction), balance, line)

    def _text(self, column: Column | None) -> str:
        if column is None:
            return ""
        place = column - 1 if isinstance(column, int) else self._places[column]
        if place >= len(self._cells):
            raise _Misplaced(column, f"the row has only {len(self._cells)} fields")
        return self._cells[place].strip()

    def _currency(self) -> str:
        column = self._mapping.columns.currency
        currency = self._text(column).upper() or self._mapping.currency or ""
        if not _CURRENCY.fullmatch(currency):
            raise _Misplaced(column, f"wrong currency {quoted(currency)}" if currency else "no currency")
        return currency

    def _account(self) -> str:
        column = self._mapping.columns.account
        account = account_number(self._text(column)) or account_number(self._mapping.account or "")
        if account is None:
            raise _Misplaced(column, "no account number")
        return account

    def _day(self, column: Column | None) -> date | None:
        raw = self._text(column)
        if not raw:
            return None
        found = _parse_day(raw, self._mapping.date_format)
        if found is None:
            raise _Misplaced(column, f"wrong date {quoted(raw)}, not of the form {self._mapping.date_format}")
        return found

    def _money(self, column: Column | None, currency: str) -> Decimal | None:
        """A signed amount; None where nothing stands."""
        raw = self._text(column)
        if not raw:
            return None
        try:
            return checked(parse_amount(raw, self._mapping.decimal, self._mapping.thousands), currency, raw)
        except Wrong as wrong:
            raise _Misplaced(column, wrong.reason) from None

    def _amount(self, currency: str) -> tuple[Decimal, Direction]:
        columns = self._mapping.columns
        if columns.amount is None:
            return self._credit_or_debit(currency)
        amount = self._money(columns.amount, currency)
        if amount is None:
            raise _Misplaced(columns.amount, "no amount")
        if columns.sign is None:
            return amount.copy_abs(), "debit" if amount < 0 else "credit"
        if amount < 0:
            raise _Misplaced(columns.amount, "a negative amount, though a column says the sign")
        return amount.copy_abs(), self._said_direction(columns.sign)

    def _said_direction(self, column: Column) -> Direction:
        raw, sign = self._text(column), self._mapping.sign
        known: list[tuple[Direction, list[str]]] = (
            [("credit", sign.credit), ("debit", sign.debit)] if sign else []
        )
        for direction, words in known:
            if raw.casefold() in [word.casefold() for word in words]:
                return direction
        raise _Misplaced(column, f"wrong sign {quoted(raw)}, neither credit nor debit")

    def _credit_or_debit(self, currency: str) -> tuple[Decimal, Direction]:
        """One of two columns holds the amount; that of debits may be written with a minus."""
        columns = self._mapping.columns
        credit, debit = self._money(columns.credit, currency), self._money(columns.debit, currency)
        if credit and debit:
            raise _Misplaced(columns.debit, "both a credit and a debit")
        if credit is None and debit is None:
            raise _Misplaced(columns.credit, "neither a credit nor a debit")
        if credit is not None and credit < 0:
            raise _Misplaced(columns.credit, f"a negative credit {credit}")
        if debit:
            return debit.copy_abs(), "debit"
        return credit or Decimal(0), "credit"

    def _detail(self, direction: Direction) -> Detail:
        columns = self._mapping.columns
        parts = columns.remittance if isinstance(columns.remittance, list) else [columns.remittance]
        remittance = " ".join(" ".join(self._text(column) for column in parts).split()) or None
        other = Side(
            filled(self._text(columns.counterparty_name)),
            account_number(self._text(columns.counterparty_iban)),
        )
        structured = filled(self._text(columns.structured_reference))
        return Detail(
            end_to_end_id=filled(self._text(columns.end_to_end_id)),
            debtor=other if direction == "credit" else Side(),
            creditor=Side() if direction == "credit" else other,
            structured_reference=creditor_reference(structured or remittance) or structured,
            remittance=filled(remittance),
        )


@lru_cache(maxsize=4096)
def _parse_day(raw: str, form: str) -> date | None:
    try:
        return datetime.strptime(raw, form).date()  # noqa: DTZ007, a day has no zone
    except (ValueError, re.error):
        return None


@lru_cache(maxsize=16)
def _amount_form(decimal: str, thousands: str) -> re.Pattern[str]:
    grouped = rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|" if thousands else ""
    return re.compile(rf"({grouped}\d+)(?:{re.escape(decimal)}(\d*))?", re.ASCII)


def parse_amount(raw: str, decimal: str, thousands: str) -> Decimal:
    """A signed amount as the bank writes it: a sign before or behind, or parentheses for a negative one."""
    text = raw.translate(dict.fromkeys(map(ord, _WIDE_BLANKS), " ")).replace("\u2212", "-").strip()
    negative = False
    if text.startswith("(") and text.endswith(")"):
        negative, text = True, text[1:-1].strip()
    elif text[:1] in ("+", "-"):
        negative, text = text[0] == "-", text[1:].strip()
    elif text[-1:] in ("+", "-"):
        negative, text = text[-1] == "-", text[:-1].strip()
    found = _amount_form(decimal, thousands).fullmatch(text)
    if found is None:
        raise Wrong(f"wrong amount {quoted(raw)}")
    whole = found[1].replace(thousands, "") if thousands else found[1]
    amount = Decimal(f"{whole}.{found[2] or '0'}" if found[2] else whole)
    return amount.copy_negate() if negative else amount


def _statement(
    account: str, currency: str, rows: Series[Row], newest_first: bool, limits: Limits, keep: Keep
) -> Statement:
    days = {row.entry.booking_date for row in rows if row.entry.booking_date}
    naming = Naming(f"CSV {min(days)} {max(days)}", account)
    first, last = (rows[-1], rows[0]) if newest_first else (rows[0], rows[-1])
    opening, closing = _bounds(first, last, currency)
    found: Growing[Transaction] = keep()
    for row in reversed(rows) if newest_first else rows:
        found.extend(transactions_of(limits, row.entry, [row.detail], None, naming))
    return Statement(
        statement_id=naming.statement_id,
        account=account,
        currency=currency,
        from_date=min(days),
        to_date=max(days),
        electronic_sequence_number=None,
        legal_sequence_number=None,
        created_at=None,
        opening=opening,
        closing=closing,
        transactions=found.sealed(),
        place=f"line {first.line}",
    )


def _bounds(first: Row, last: Row, currency: str) -> tuple[Balance | None, Balance | None]:
    """The balances before the first movement and behind the last, where the bank says them there."""
    opening = None
    if first.balance is not None:
        amount = first.entry.amount
        before = exact_sum(
            (first.balance, amount.copy_negate() if first.entry.direction == "credit" else amount)
        )
        opening = Balance("OPBD", first.entry.booking_date, before, currency)
    closing = (
        Balance("CLBD", last.entry.booking_date, last.balance, currency) if last.balance is not None else None
    )
    return opening, closing
