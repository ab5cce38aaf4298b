"""The reader of CFONB 120, the French statement in records of 120 columns.

A statement opens with record 01, closes with 07, and between them has an entry in each 04, explained by the 05 behind
it. The last digit of an amount carries its sign. Files without line ends are taken, and several accounts in one. A
statement that lacks its 01 or 07 lacks that balance; what contradicts (an entry of another account, a 05 without a
04, a day that is none) refuses the file.

The account is the IBAN of the bank, branch and number that the records name, its keys computed: so it is the same
account in every format. A statement has no name; it is called by the day of its closing balance.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import BinaryIO, Final

from lettra_payment_ingest.bank._cfonb_details import Complements
from lettra_payment_ingest.bank._cfonb_record import Record, iban_of, records
from lettra_payment_ingest.bank.entries import Detail, Entry, Naming, Side, transactions_of
from lettra_payment_ingest.bank.errors import UnreadableFile
from lettra_payment_ingest.bank.kept import Growing, InMemory, Keep
from lettra_payment_ingest.bank.limits import DEFAULT, Limits
from lettra_payment_ingest.bank.model import BOOKED, Balance, Statement, Transaction
from lettra_payment_ingest.bank.values import Wrong, filled

COMPLEMENTS_MAX: Final = 200
NOT_SPECIFIED: Final = "MS03"


@dataclass(slots=True)
class Movement:
    """An entry and its complements, each as its qualifier and its columns: there may be half a million."""

    record: Record
    complements: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Open:
    """The statement in progress."""

    first: Record
    opening: Record | None = None
    closing: Record | None = None
    movements: Growing[Movement] = field(default_factory=InMemory)
    last: Movement | None = None
    entry_currency: str | None = None

    def flush(self) -> None:
        """The last entry is complete."""
        if self.last is not None:
            self.movements.append(self.last)
            self.last = None


def read_cfonb(
    source: BinaryIO, name: str, limits: Limits = DEFAULT, keep: Keep = InMemory
) -> Iterator[Statement]:
    """The statements of a CFONB 120 file, in its order.

    Raises `UnreadableFile`, and only that (an error of reading `source` itself goes through).
    """
    current: Open | None = None
    taken = 0
    for record in records(source, name, limits):
        if current is not None and (record.kind == "01" or current.closing is not None):
            yield _statement(current, name, limits, keep)
            current = None
        taken += record.kind == "04"
        if taken > limits.transactions_max:
            raise UnreadableFile(name, record.place, f"more than {limits.transactions_max} transactions")
        try:
            current = _take(current, record, keep)
        except Wrong as wrong:
            raise UnreadableFile(name, record.place, wrong.reason) from None
    if current is None:
        raise UnreadableFile(name, "line 1", "no record in the file")
    yield _statement(current, name, limits, keep)


def _take(current: Open | None, record: Record, keep: Keep) -> Open:
    kind = record.kind
    if kind == "05" and (current is None or current.last is None):
        raise Wrong("a complement (05) without an entry (04) before it")
    if current is None:
        current = Open(record, movements=keep())
    elif record.account != current.first.account:
        found, expected = ("/".join(each).strip() for each in (record.account, current.first.account))
        raise Wrong(f"a record {kind} of account {found} in the statement of account {expected}")
    if kind == "01":
        current.opening = record
    elif kind == "07":
        current.closing = record
    elif kind == "04":
        current.flush()
        current.last = Movement(record)
        current.entry_currency = current.entry_currency or record.currency
    elif current.last is not None:
        _complement(current.last, record)
    return current


def _complement(movement: Movement, record: Record) -> None:
    movement.complements.append(record.raw(46, 48) + record.readable(49, 118).rstrip())
    if len(movement.complements) > COMPLEMENTS_MAX:
        raise Wrong(f"more than {COMPLEMENTS_MAX} complements (05) of one entry")


def _statement(found: Open, name: str, limits: Limits, keep: Keep) -> Statement:
    at = found.first
    found.flush()
    try:
        currency = _currency(found)
        opening = _balance(found.opening, "OPBD", currency)
        closing = _balance(found.closing, "CLBD", currency)
        identity = _identity(found, closing, opening)
    except Wrong as wrong:
        raise UnreadableFile(name, at.place, wrong.reason) from None
    account = iban_of(at.raw(3, 7), *at.account)
    naming = Naming(identity, account)
    transactions: Growing[Transaction] = keep()
    for movement in found.movements.sealed():
        try:
            transactions.extend(transactions_of(limits, *_entry(movement, currency), None, naming))
        except Wrong as wrong:
            raise UnreadableFile(name, movement.record.place, wrong.reason) from None
    return Statement(
        statement_id=naming.statement_id,
        account=account,
        currency=currency,
        from_date=None,
        to_date=None,
        electronic_sequence_number=None,
        legal_sequence_number=None,
        created_at=None,
        opening=opening,
        closing=closing,
        transactions=transactions.sealed(),
        place=at.place,
    )


def _currency(found: Open) -> str:
    """That of the first record that names one: many banks leave it blank in some."""
    named = (record.currency for record in (found.opening, found.closing) if record is not None)
    currency = next((code for code in named if code), found.entry_currency)
    if currency is None:
        raise Wrong("no currency in any record of the statement (columns 17 to 19)")
    return currency


def _balance(record: Record | None, kind: str, currency: str) -> Balance | None:
    if record is None:
        return None
    code = record.currency or currency
    return Balance(kind, record.day(35, "date"), record.amount(code), code)


def _identity(found: Open, closing: Balance | None, opening: Balance | None) -> str:
    days = [balance.date for balance in (closing, opening) if balance is not None and balance.date]
    return f"CFONB {days[0] if days else found.first.day(35, 'date')}"


def _entry(movement: Movement, statement_currency: str) -> tuple[Entry, list[Detail]]:
    record, texts = movement.record, Complements(movement.complements)
    currency = record.currency or statement_currency
    amount = record.amount(currency)
    booked = record.day(35, "booking date")
    if booked is None:
        raise Wrong("no booking date (columns 35 to 40)")
    entry = Entry(
        amount=amount.copy_abs(),
        currency=currency,
        direction="credit" if amount >= 0 else "debit",
        reversal=False,
        status=BOOKED,
        booking_date=booked,
        value_date=_value_date(record, booked),
        bank_ref=texts.reference or _reference(record),
        charges=_charges(texts, currency),
        bank_transaction_code=record.text(33, 34),
        additional=record.text(49, 79),
    )
    rejected = record.raw(41, 42).strip(" 0")
    detail = Detail(
        end_to_end_id=texts.end_to_end_id,
        mandate_id=texts.mandate_id,
        debtor=Side(texts.name("NPY", "NPO"), texts.account("CPY")),
        # The payer of a debit is the account's own; a bank that names only a payer means the one who collected.
        creditor=Side(texts.name("NBE", "NBU", "NPY"), texts.account("CBE")),
        structured_reference=texts.structured_reference,
        remittance=texts.remittance(entry.additional),
        return_reason=texts.return_reason or (NOT_SPECIFIED if rejected else None),
        original=texts.original,
        exchange_rate=texts.exchange_rate,
    )
    return entry, [detail]


def _value_date(record: Record, booked: date) -> date | None:
    return record.day(43, "value date") or booked


def _reference(record: Record) -> str | None:
    """The reference zone; a row of zeros is none."""
    value = filled(record.text(105, 120))
    return value if value and value.strip("0") else None


def _charges(texts: Complements, currency: str) -> dict[str, Decimal] | None:
    charge = texts.charges(currency)
    return {currency: charge} if charge is not None else None
