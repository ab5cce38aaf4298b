"""The reader of CAMT.053 (bank to customer statement), all versions, as banks really send it.

`read_camt` gives the statements of a file one by one. It never checks against the schema (real files fail
it), takes any namespace or none, and is strict only about money: an amount, currency or direction that is
wrong or missing refuses the file. The statements given before an `UnreadableFile` are not to be used: a file
is taken whole or not at all. CAMT.052 and CAMT.054 are recognised and refused in words; they announce money
and come with a later part.

Memory: entries and transactions are freed from the XML tree as soon as they end, so what remains is the
statement itself.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from lettra_payment_ingest.bank._camt_details import Detail, read_detail
from lettra_payment_ingest.bank._camt_entries import Naming, announced_size, read_entry, transactions_of
from lettra_payment_ingest.bank._camt_statement import Header, assemble, read_balance, read_header
from lettra_payment_ingest.bank._xml import Document, Element, Flaw, drop_before, local_name
from lettra_payment_ingest.bank.errors import UnreadableFile, quoted
from lettra_payment_ingest.bank.limits import DEFAULT, Limits
from lettra_payment_ingest.bank.model import Balance, Statement, Transaction

BALANCES_MAX: Final = 1_000

_ELEMENTS: Final = ("Stmt", "Bal", "Ntry", "NtryDtls", "TxDtls")

_MESSAGES: Final = {
    "BkToCstmrStmt": "camt.053",
    "BkToCstmrAcctRpt": "camt.052",
    "BkToCstmrDbtCdtNtfctn": "camt.054",
}
_WORDS: Final = {"camt.052": "account report", "camt.054": "debit credit notification"}


def read_camt(source: bytes | BinaryIO, name: str, limits: Limits = DEFAULT) -> Iterator[Statement]:
    """The statements of a CAMT.053 file. `name` is what errors call the file.

    Raises `UnreadableFile`, and only that (an error of reading `source` itself goes through).
    """
    document = Document(source, name, limits)
    kind = _kind(document.first_names())
    if kind != "camt.053":
        raise document.fail("root element", _not_a_statement(document, kind))
    reader = _Reader(document, limits)
    found = False
    for element in document.ends(_ELEMENTS, freeing=("Stmt", "Ntry", "TxDtls")):
        statement = reader.take(element)
        if statement is not None:
            found = True
            yield statement
    if not found:
        raise document.fail("BkToCstmrStmt", "no statement (Stmt) in the file")


def recognise(head: bytes) -> str | None:
    """ "camt.053", "camt.052" or "camt.054" where the first bytes of a file say so, else None."""
    try:
        return _kind(Document(head, "", DEFAULT).first_names())
    except UnreadableFile:
        return None


def _kind(names: tuple[str, ...]) -> str | None:
    """By the name of the message element: namespaces are absent or wrong too often. (Version 01 ends it in V01.)"""
    bare = (re.sub(r"V\d\d\Z", "", name) for name in names)
    return next((_MESSAGES[name] for name in bare if name in _MESSAGES), None)


def _not_a_statement(document: Document, kind: str | None) -> str:
    if kind is None:
        begins = quoted("/".join(document.first_names()[:2]))
        return f"is XML, but no bank statement (CAMT.053): it begins with {begins}"
    return f"is a {kind.upper()} {_WORDS[kind]}: it announces money, and is not read yet (only CAMT.053 is)"


class _Reader:
    """The statement in progress. `take` is given the elements in the order in which they end."""

    def __init__(self, document: Document, limits: Limits) -> None:
        self._document = document
        self._limits = limits
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
        self._transactions: list[Transaction] = []

    def take(self, element: Element) -> Statement | None:
        """A statement when its end has come."""
        name = local_name(element)
        try:
            if name == "Stmt":
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
        if statement is None or local_name(statement) != "Stmt":
            raise Flaw(element, "an entry outside a statement")
        self._begin(statement)
        self._refuse_more_than_allowed(element, max(1, len(self._details)))
        entry = read_entry(self._limits, element)
        parts = transactions_of(self._limits, entry, self._details, self._announced, self._naming)
        self._transactions += parts
        self._entries += 1
        self._details, self._announced = [], None
        drop_before(element)

    def _refuse_more_than_allowed(self, element: Element, more: int) -> None:
        if self._of_earlier_statements + len(self._transactions) + more > self._limits.transactions_max:
            raise Flaw(element, f"more than {self._limits.transactions_max} transactions")

    def _end_balance(self, element: Element) -> None:
        if _parent_name(element) != "Stmt":
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
            self._naming = Naming(self._header.statement_id, self._header.account)
        return self._header

    def _end_statement(self, element: Element) -> Statement:
        if not _parent_name(element).startswith("BkToCstmrStmt"):
            raise Flaw(element, "a statement outside BkToCstmrStmt")
        header = self._begin(element)
        place = f"Stmt[{self._statements + 1}], {self._document.line(element)}"
        statement = assemble(header, self._balances, tuple(self._transactions), place)
        self._statements += 1
        self._of_earlier_statements += len(self._transactions)
        self._reset()
        drop_before(element, keep="GrpHdr")
        return statement

    def _place(self, element: Element) -> str:
        """Line and path of a flaw, statements, entries and details counted from 1 as in XPath."""
        names: list[str] = []
        at: Element | None = element
        while at is not None and local_name(at) != "Stmt":
            names.append(self._numbered(local_name(at)))
            at = at.getparent()
        path = "/".join([f"Stmt[{self._statements + 1}]", *reversed(names)])
        return f"{self._document.line(element)}, {path}"

    def _numbered(self, name: str) -> str:
        number = {"Ntry": self._entries + 1, "TxDtls": len(self._details) + 1}.get(name)
        return f"{name}[{number}]" if number else name


def _parent_name(element: Element) -> str:
    parent = element.getparent()
    return local_name(parent) if parent is not None else ""
