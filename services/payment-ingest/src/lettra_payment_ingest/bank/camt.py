"""The reader of CAMT.053 (bank to customer statement), CAMT.052 (intraday report) and CAMT.054 (notification of
single movements), all versions, as banks really send them.

`read_messages` gives the statements of a file one by one, and `message` says what each is; `read_camt` takes only
what is booked, and refuses in words what announces. Neither checks against the schema (real files fail it); they take
any namespace or none, and are strict only about money: an amount, currency or direction that is wrong or missing
refuses the file. The statements given before an `UnreadableFile` are not to be used: a file is taken whole or not at
all.

Memory: entries and transactions are freed from the XML tree as soon as they end, so what remains is the
statement itself, wherever `keep` puts it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from lettra_payment_ingest.bank._camt_details import read_detail
from lettra_payment_ingest.bank._camt_entries import announced_size, read_entry
from lettra_payment_ingest.bank._camt_statement import Header, assemble, read_balance, read_header
from lettra_payment_ingest.bank._xml import Document, Element, Flaw, drop_before, local_name
from lettra_payment_ingest.bank.entries import Detail, Naming, transactions_of
from lettra_payment_ingest.bank.errors import UnreadableFile, quoted
from lettra_payment_ingest.bank.kept import Growing, InMemory, Keep
from lettra_payment_ingest.bank.limits import DEFAULT, Limits
from lettra_payment_ingest.bank.model import Balance, Message, Statement, Transaction

BALANCES_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Form:
    """One of the three messages: what holds its statements (without the V01 of version 01), and what it calls them."""

    name: str
    words: str
    message: Message
    root: str
    statement: str


_FORMS: Final = (
    Form("camt.053", "statement", "statement", "BkToCstmrStmt", "Stmt"),
    Form("camt.052", "account report", "report", "BkToCstmrAcctRpt", "Rpt"),
    Form("camt.054", "debit credit notification", "notification", "BkToCstmrDbtCdtNtfctn", "Ntfctn"),
)
_WITHIN: Final = ("Bal", "Ntry", "NtryDtls", "TxDtls")


def read_camt(
    source: bytes | BinaryIO, name: str, limits: Limits = DEFAULT, keep: Keep = InMemory
) -> Iterator[Statement]:
    """The statements of a CAMT.053 file. `name` is what errors call the file.

    Raises `UnreadableFile`, and only that (an error of reading `source` itself goes through).
    """
    document = Document(source, name, limits)
    form = _form(document.first_names())
    if form is not None and form.message != "statement":
        words = f"is a {form.name.upper()} {form.words}: it announces money, and is no statement (CAMT.053)"
        raise document.fail("root element", words)
    return _read(document, form, limits, keep)


def read_messages(
    source: bytes | BinaryIO, name: str, limits: Limits = DEFAULT, keep: Keep = InMemory
) -> Iterator[Statement]:
    """The statements, reports or notifications of a CAMT.053, CAMT.052 or CAMT.054 file; errors as of `read_camt`."""
    document = Document(source, name, limits)
    return _read(document, _form(document.first_names()), limits, keep)


def _read(document: Document, form: Form | None, limits: Limits, keep: Keep) -> Iterator[Statement]:
    if form is None:
        begins = quoted("/".join(document.first_names()[:2]))
        words = f"is XML, but no bank statement (CAMT.053): it begins with {begins}"
        raise document.fail("root element", words)
    reader = _Reader(document, form, limits, keep)
    found = False
    for element in document.ends((form.statement, *_WITHIN), freeing=(form.statement, "Ntry", "TxDtls")):
        statement = reader.take(element)
        if statement is not None:
            found = True
            yield statement
    if not found:
        raise document.fail(form.root, f"no {form.words} ({form.statement}) in the file")


def recognise(head: bytes) -> str | None:
    """ "camt.053", "camt.052" or "camt.054" where the first bytes of a file say so, else None."""
    try:
        form = _form(Document(head, "", DEFAULT).first_names())
    except UnreadableFile:
        return None
    return form.name if form is not None else None


def _form(names: tuple[str, ...]) -> Form | None:
    """By the name of the message element: namespaces are absent or wrong too often. (Version 01 ends it in V01.)"""
    bare = {re.sub(r"V\d\d\Z", "", name): None for name in names}
    return next((form for name in bare for form in _FORMS if form.root == name), None)


class _Reader:
    """The statement in progress. `take` is given the elements in the order in which they end."""

    def __init__(self, document: Document, form: Form, limits: Limits, keep: Keep) -> None:
        self._document = document
        self._form = form
        self._limits = limits
        self._keep = keep
        self._statements = 0
        self._of_earlier_statements = 0
        self._reset()

    def _reset(self) -> None:
        self._header: Header | None = None
        self._naming = Naming("", "")
        self._balances: list[Balance] = []
        self._entries = 0
        self._details: list[Detail] = []
        self._announced: int | None = None
        self._transactions: Growing[Transaction] = self._keep()

    def take(self, element: Element) -> Statement | None:
        """A statement when its end has come."""
        name = local_name(element)
        try:
            if name == self._form.statement:
                return self._end_statement(element)
            self._end_within(name, element)
        except Flaw as flaw:
            raise self._document.fail(self._place(flaw.element), flaw.reason) from None
        return None

    def _end_within(self, name: str, element: Element) -> None:
        if name == "TxDtls":
            self._end_detail(element)
        elif name == "NtryDtls":
            self._end_group(element)
        elif name == "Ntry":
            self._end_entry(element)
        else:
            self._end_balance(element)

    def _end_detail(self, element: Element) -> None:
        if _parent_name(element) not in ("NtryDtls", "Ntry"):
            raise Flaw(element, "transaction details outside an entry")
        self._refuse_more_than_allowed(element, len(self._details) + 1)
        self._details.append(read_detail(self._limits, element))
        if _parent_name(element) == "Ntry":
            element.clear(keep_tail=True)  # what stands before it are the entry's own facts
        else:
            drop_before(element, keep="Btch")

    def _end_group(self, element: Element) -> None:
        # Anywhere else, the details read from it would be taken for those of the next entry.
        if _parent_name(element) != "Ntry":
            raise Flaw(element, "transaction details outside an entry")
        size = announced_size(element)
        if size is not None:
            self._announced = size + (self._announced or 0)
        element.clear(keep_tail=True)

    def _end_entry(self, element: Element) -> None:
        statement = element.getparent()
        if statement is None or local_name(statement) != self._form.statement:
            raise Flaw(element, "an entry outside a statement")
        self._begin(statement)
        self._refuse_more_than_allowed(element, max(1, len(self._details)))
        entry = read_entry(self._limits, element)
        # Version 01 knows no NtryDtls: what is said of a batch stands in the entry itself.
        size = announced_size(element) if self._announced is None else self._announced
        parts = transactions_of(self._limits, entry, self._details, size, self._naming)
        self._transactions.extend(parts)
        self._entries += 1
        self._details, self._announced = [], None
        drop_before(element)

    def _refuse_more_than_allowed(self, element: Element, more: int) -> None:
        if self._of_earlier_statements + len(self._transactions) + more > self._limits.transactions_max:
            raise Flaw(element, f"more than {self._limits.transactions_max} transactions")

    def _end_balance(self, element: Element) -> None:
        if _parent_name(element) != self._form.statement:
            return
        balance = read_balance(self._limits, element)
        if balance is None:
            return
        self._balances.append(balance)
        if len(self._balances) > BALANCES_MAX:
            raise Flaw(element, f"more than {BALANCES_MAX} balances")

    def _begin(self, statement: Element) -> Header:
        """Read, once, what stands before the entries: with the first of them it is freed."""
        if self._header is None:
            self._header = read_header(self._limits, statement)
            self._naming = Naming(self._header.statement_id, self._header.account, self._form.message)
        return self._header

    def _end_statement(self, element: Element) -> Statement:
        if not _parent_name(element).startswith(self._form.root):
            raise Flaw(element, f"a {self._form.words} outside {self._form.root}")
        header = self._begin(element)
        place = f"{self._form.statement}[{self._statements + 1}], {self._document.line(element)}"
        statement = assemble(header, self._balances, self._transactions.sealed(), place, self._form.message)
        self._statements += 1
        self._of_earlier_statements += len(self._transactions)
        self._reset()
        drop_before(element, keep="GrpHdr")
        return statement

    def _place(self, element: Element) -> str:
        """Line and path of a flaw, statements, entries and details counted from 1 as in XPath."""
        names: list[str] = []
        at: Element | None = element
        while at is not None and local_name(at) != self._form.statement:
            names.append(self._numbered(local_name(at)))
            at = at.getparent()
        path = "/".join([f"{self._form.statement}[{self._statements + 1}]", *reversed(names)])
        return f"{self._document.line(element)}, {path}"

    def _numbered(self, name: str) -> str:
        number = {"Ntry": self._entries + 1, "TxDtls": len(self._details) + 1}.get(name)
        return f"{name}[{number}]" if number else name


def _parent_name(element: Element) -> str:
    parent = element.getparent()
    return local_name(parent) if parent is not None else ""
