"""The reader of MT940 (statement) and MT942 (intraday report), in the dialects of the banks.

`read_mt` gives the statements of a file one by one. Balances, amounts and directions are read strictly; fields that
nobody relies on (available balances, sums of an MT942) are not looked at. The pages of one statement (:62M: continued
by :60M:) that stand in one file are one statement; a page that stands alone is one by itself, bounded by its interim
balances.

A statement is called by its reference (:20:) and its number (:28C:), since many banks give all the same reference.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from typing import BinaryIO, Final

from lettra_payment_ingest.bank._mt_details import (
    Facts,
    Lengths,
    charge_of,
    full_lines,
    original_of,
    read_facts,
    read_numbered,
    supplement_charges,
    supplement_original,
)
from lettra_payment_ingest.bank._mt_fields import Field, messages
from lettra_payment_ingest.bank._mt_line import KINDS, Line, read_amount, read_balance, read_line
from lettra_payment_ingest.bank._mt_values import (
    account_and_currency,
    created_at,
    floor_currency,
    number_and_page,
)
from lettra_payment_ingest.bank.entries import Detail, Entry, Naming, Side, transactions_of
from lettra_payment_ingest.bank.errors import UnreadableFile
from lettra_payment_ingest.bank.kept import Growing, InMemory, Keep
from lettra_payment_ingest.bank.limits import DEFAULT, Limits
from lettra_payment_ingest.bank.model import BOOKED, Balance, Statement, Transaction
from lettra_payment_ingest.bank.values import Wrong, filled, is_iban

PENDING: Final = "PDNG"
INTERIM: Final = "ITBD"
DETAILS_CHARS_MAX: Final = 200_000
"""Of all the fields behind a statement line: each is copied to those before it."""
# What is in a field of its own is an IBAN by its form; masked ones have no right check digits.
_DUTCH: Final = re.compile(r"NL\d{2}[A-Z]{4}\d{10}", re.ASCII)
_REPORTS: Final = frozenset({"13", "13D", "34F", "90C", "90D"})


@dataclass(slots=True)
class Lines:
    """A statement line and the fields that follow it and belong to it."""

    line: Line
    at: int
    # As one text each: a statement may have half a million of these.
    details: str | None = None
    numbered: str | None = None


@dataclass(slots=True)
class Page:
    """What a message says, before it is a statement."""

    at: int
    reference: str | None = None
    account: str | None = None
    currency: str | None = None
    number: int | None = None
    page: int | None = None
    numbering: str = ""
    created: datetime | None = None
    opening: Balance | None = None
    closing: Balance | None = None
    lines: Growing[Lines] = field(default_factory=InMemory)
    last: Lines | None = None
    longest: int = 0
    report: bool = False

    @property
    def count(self) -> int:
        return len(self.lines) + (self.last is not None)

    def flush(self) -> None:
        """The last line is complete."""
        if self.last is not None:
            texts = (self.last.details or "").split("\n")
            self.longest = max(self.longest, *map(len, texts))
            self.lines.append(self.last)
            self.last = None


def read_mt(
    source: BinaryIO, name: str, limits: Limits = DEFAULT, keep: Keep = InMemory
) -> Iterator[Statement]:
    """The statements and reports of an MT940 or MT942 file, in its order.

    Raises `UnreadableFile`, and only that (an error of reading `source` itself goes through).
    """
    held: Page | None = None
    taken = 0
    for message in messages(source, name, limits):
        page = _read_page(message, name, limits.transactions_max, taken, keep)
        taken += page.count
        if held is not None and _continues(held, page):
            held = _merged(held, page)
            continue
        if held is not None:
            yield _statement(held, name, limits, keep)
        held = page
    if held is None:
        raise UnreadableFile(name, "line 1", "no statement (:20:) in the file")
    yield _statement(held, name, limits, keep)


def _continues(page: Page, following: Page) -> bool:
    """Whether the second is the next page of the first: an interim balance closes the one and opens the other."""
    ends, begins = page.closing, following.opening
    if ends is None or begins is None or ends.kind != INTERIM or begins.kind != INTERIM:
        return False
    in_order = page.page is None or following.page in (page.page, page.page + 1)
    same = (page.account, page.number) == (following.account, following.number)
    return same and in_order and (ends.amount, ends.currency) == (begins.amount, begins.currency)


def _merged(page: Page, following: Page) -> Page:
    page.lines.extend(following.lines.sealed())
    page.longest = max(page.longest, following.longest)
    page.closing, page.page = following.closing, following.page
    return page


def _read_page(message: Iterator[Field], name: str, most: int, taken: int, keep: Keep) -> Page:
    first = next(message)
    page = Page(first.line, lines=keep())
    line: Lines | None = None
    tags = set()
    for each in chain((first,), message):
        tags.add(each.tag)
        try:
            line = _take(page, each, line)
        except Wrong as wrong:
            raise UnreadableFile(name, f"line {each.line}", wrong.reason) from None
        if taken + page.count > most:
            raise UnreadableFile(name, f"line {each.line}", f"more than {most} transactions")
    page.flush()
    if page.account is None:
        raise UnreadableFile(name, f"line {page.at}", "no account (:25:) in the statement")
    page.report = first.number in ("941", "942") or (bool(tags & _REPORTS) and not tags & {"62F", "62M"})
    if not (page.count or page.opening or page.closing or page.report):
        raise UnreadableFile(name, f"line {page.at}", "the statement has neither a balance nor an entry")
    return page


def _take(page: Page, each: Field, line: Lines | None) -> Lines | None:
    """Take a field; the statement line that a :86: behind it belongs to, if any."""
    if each.tag == "61":
        return _take_line(page, each)
    if each.tag == "86" and line is not None:
        line.details = _more(line.details, each)
        return line
    if each.tag == "NS" and line is not None:
        line.numbered = _more(line.numbered, each)
        return line
    if each.tag in KINDS:
        _take_balance(page, each)
    else:
        _take_header(page, each)
    return None


def _more(text: str | None, each: Field) -> str:
    """What was told of a statement line, and what this field adds to it."""
    lines = each.lines if text is None else [text, *each.lines]
    if sum(map(len, lines)) > DETAILS_CHARS_MAX:
        raise Wrong(f"more than {DETAILS_CHARS_MAX} characters of information about one statement line")
    return "\n".join(lines)


def _take_header(page: Page, each: Field) -> None:
    if each.tag == "20":
        page.reference = filled(each.first)
    elif each.tag in ("25", "25P"):
        if page.account is not None:
            raise Wrong("a second account (:25:) in the statement")
        page.account, page.currency = account_and_currency(each.first)
    elif each.tag in ("28", "28C", "28D"):
        page.numbering = each.first
        page.number, page.page = number_and_page(each.first)
    elif each.tag == "34F":
        page.currency = page.currency or floor_currency(each.first)
    elif each.tag in ("13", "13D"):
        page.created = created_at(each.first)


def _take_line(page: Page, each: Field) -> Lines:
    if page.account is None:
        raise Wrong("a statement line (:61:) outside a statement: no account (:25:) before it")
    page.flush()
    page.last = Lines(read_line(each, page.currency), each.line)
    return page.last


def _take_balance(page: Page, each: Field) -> None:
    if page.account is None:
        raise Wrong(f"a balance (:{each.tag}:) outside a statement: no account (:25:) before it")
    balance = read_balance(each, page.currency)
    opens = each.tag.startswith("60")
    if (page.opening if opens else page.closing) is not None:
        raise Wrong(f"a second {'opening' if opens else 'closing'} balance (:{each.tag}:) in the statement")
    if opens and page.count:
        raise Wrong(f"an opening balance (:{each.tag}:) behind the first statement line")
    if opens:
        page.opening = balance
    else:
        page.closing = balance
    page.currency = balance.currency


def _statement(page: Page, name: str, limits: Limits, keep: Keep) -> Statement:
    account = page.account or ""
    identity = _identity(page)
    naming = Naming(identity, account, "report" if page.report else "statement")
    found: Growing[Transaction] = keep()
    # The lengths of the whole statement tell how its lines are cut; those of one field often do not.
    full = full_lines((page.longest,))
    for each in page.lines.sealed():
        try:
            found.extend(_transactions(page, each, full, naming, limits))
        except Wrong as wrong:
            raise UnreadableFile(name, f"line {each.at}", wrong.reason) from None
    return Statement(
        statement_id=identity,
        account=account,
        currency=page.currency,
        from_date=None,
        to_date=None,
        electronic_sequence_number=page.number,
        legal_sequence_number=None,
        created_at=page.created,
        opening=page.opening,
        closing=page.closing,
        transactions=found.sealed(),
        place=f"line {page.at}",
        message=naming.message,
    )


def _identity(page: Page) -> str:
    """Reference and number; the closing day where there is no number, for statement after statement has number 0."""
    last = page.closing or page.opening
    number = page.numbering if page.number is not None else str(last.date) if last else ""
    return " ".join(part for part in (page.reference, number) if part) or f"line {page.at}"


def _transactions(
    page: Page, each: Lines, full: Lengths, naming: Naming, limits: Limits
) -> list[Transaction]:
    line, currency = each.line, page.currency
    if currency is None:
        raise Wrong("no currency: neither a balance nor the account (:25:) names one")
    read_amount(f"{line.amount:f}", currency)
    facts = _facts(each, full, naming.account)
    if any(len(text) > limits.text_chars_max for text in (facts.remittance or "", line.supplement)):
        raise Wrong(f"text of more than {limits.text_chars_max} characters")
    charges = charge_of(facts.charges, currency) or charge_of(supplement_charges(line.supplement), currency)
    entry = Entry(
        amount=line.amount,
        currency=currency,
        direction=line.direction,
        reversal=line.reversal,
        status=PENDING if line.expected else BOOKED,
        booking_date=line.entry_date or line.value_date,
        value_date=line.value_date,
        bank_ref=line.bank_reference or facts.bank_ref,
        charges={currency: read_amount(charges, currency)} if charges else None,
        bank_transaction_code="/".join(part for part in (line.code, facts.code) if part) or None,
        additional=None if _is_account(line.supplement) else line.supplement or None,
    )
    return transactions_of(limits, entry, [_detail(line, facts)], facts.batch_size, naming)


def _facts(each: Lines, full: Lengths, account: str) -> Facts:
    facts = read_facts(each.details.split("\n"), full, account) if each.details is not None else Facts()
    if each.numbered is not None:
        numbered = read_numbered(each.numbered.split("\n"))
        remittance = facts.remittance or numbered.remittance
        facts = replace(facts, remittance=remittance, name=facts.name or numbered.name)
    return facts


def _detail(line: Line, facts: Facts) -> Detail:
    """The facts of the text, and of the statement line what the text leaves open."""
    owner, end_to_end = line.owner_reference, facts.end_to_end_id
    account = facts.account or _account_in(line)
    if end_to_end is None and owner is not None and not _is_account(owner) and line.name_behind is None:
        end_to_end = owner
    beside = line.supplement if owner is not None and _is_account(owner) else None
    name = facts.name or line.name_behind or beside or None
    payer, payee = facts.payer, facts.payee
    if line.direction == "credit":
        payer = payer or name
    else:
        payee = payee or name
    returned = facts.return_reason or ("MS03" if (line.code or "")[1:] == "RTI" else None)
    credit = line.direction == "credit"
    return Detail(
        end_to_end_id=end_to_end,
        mandate_id=facts.mandate_id,
        debtor=Side(payer, account if credit else None),
        creditor=Side(payee, None if credit else account),
        structured_reference=facts.structured_reference,
        remittance=facts.remittance,
        return_reason=returned,
        original=original_of(facts.original) or original_of(supplement_original(line.supplement)),
        exchange_rate=facts.exchange_rate,
    )


def _is_account(text: str) -> bool:
    return is_iban(text) or _DUTCH.fullmatch(text) is not None


def _account_in(line: Line) -> str | None:
    """The other party's IBAN where some banks write it: as the owner's reference, or in a further line."""
    return next((text for text in (line.owner_reference or "", line.supplement) if _is_account(text)), None)
