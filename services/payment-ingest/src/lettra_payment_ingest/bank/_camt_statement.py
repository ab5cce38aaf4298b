"""What surrounds the entries of a CAMT statement: its header, its balances, and which two of these bound
it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from lettra_payment_ingest.bank._camt_values import account_number, day, direction, instant, money, only, text
from lettra_payment_ingest.bank._xml import Element, Flaw, find
from lettra_payment_ingest.bank.kept import Series
from lettra_payment_ingest.bank.limits import Limits
from lettra_payment_ingest.bank.model import Balance, Message, Statement, Transaction

_INTERIM: Final = "ITBD"
_KINDS: Final = frozenset({"OPBD", "PRCD", "CLBD", _INTERIM})


@dataclass(frozen=True, slots=True)
class Header:
    """What identifies a statement; all of it stands before the first entry."""

    statement_id: str
    account: str
    account_currency: str | None
    from_date: date | None
    to_date: date | None
    electronic_sequence_number: int | None
    legal_sequence_number: int | None
    created_at: datetime | None


def read_header(limits: Limits, statement: Element) -> Header:
    """What identifies the statement. Without an account nothing can be attributed, so that is refused."""
    account = only(statement, "Acct")
    number = account_number(limits, account)
    if account is None or number is None:
        raise Flaw(statement if account is None else account, "no account number (Acct/Id)")
    message = statement.getparent()
    identity = text(limits, statement, "Id")
    if identity is None and message is not None:
        identity = text(limits, message, "GrpHdr", "MsgId")
    if identity is None:
        raise Flaw(statement, "no statement identification (Id)")
    period = find(statement, "FrToDt")
    return Header(
        statement_id=identity,
        account=number,
        account_currency=text(limits, account, "Ccy"),
        from_date=_period_day(period, "Fr"),
        to_date=_period_day(period, "To"),
        electronic_sequence_number=_sequence_number(limits, statement, "ElctrncSeqNb"),
        legal_sequence_number=_sequence_number(limits, statement, "LglSeqNb"),
        created_at=instant(statement, "CreDtTm"),
    )


def _period_day(period: Element | None, end: str) -> date | None:
    """`FrDtTm` or `FrDt` (`To...` likewise)."""
    if period is None:
        return None
    return day(period, end + "DtTm") or day(period, end + "Dt")


def _sequence_number(limits: Limits, statement: Element, name: str) -> int | None:
    """A help for finding missing statements, no more: one that is no number is as good as absent."""
    raw = text(limits, statement, name) or ""
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) <= 18 else None


def assemble(
    header: Header,
    balances: list[Balance],
    transactions: Series[Transaction],
    place: str,
    message: Message,
) -> Statement:
    """The statement of these pieces."""
    opening, closing = _bounds(balances, header.account_currency)
    currencies = [header.account_currency, opening and opening.currency, closing and closing.currency]
    currencies += [t.currency for t in transactions[:1]]
    return Statement(
        statement_id=header.statement_id,
        account=header.account,
        currency=next((c for c in currencies if c), None),
        from_date=header.from_date,
        to_date=header.to_date,
        electronic_sequence_number=header.electronic_sequence_number,
        legal_sequence_number=header.legal_sequence_number,
        created_at=header.created_at,
        opening=opening,
        closing=closing,
        transactions=transactions,
        place=place,
        message=message,
    )


def read_balance(limits: Limits, element: Element) -> Balance | None:
    """A balance that can bound a statement; None for the others (available, forward, ...), which nobody
    relies on.
    """
    paths = (("CdOrPrtry", "Cd"), ("CdOrPrtry", "Prtry"), ("Cd",))
    kind = next((code for path in paths if (code := text(limits, element, "Tp", *path))), None)
    if kind not in _KINDS:
        return None
    amount, currency = money(element)
    signed = amount if direction(element) == "credit" else amount.copy_negate()
    return Balance(kind, day(element, "Dt"), signed, currency)


def _bounds(balances: list[Balance], currency: str | None) -> tuple[Balance | None, Balance | None]:
    """The opening and the closing balance.

    Opening is the booked one (OPBD), else the previous closing one (PRCD); closing is CLBD. A statement over
    several days may repeat them day by day: the earliest and the latest are the statement's. A page of a
    statement begins or ends with an interim balance (ITBD) instead: the first opens, the last closes, a
    single one does what the other kind leaves open.
    """
    opening = _earliest(_of_kind(balances, "OPBD", currency)) or _earliest(
        _of_kind(balances, "PRCD", currency)
    )
    closing = _latest(_of_kind(balances, "CLBD", currency))
    interim = _of_kind(balances, _INTERIM, currency)
    if interim and opening is None and (closing is not None or len(interim) > 1):
        opening = interim[0]
    if interim and closing is None and opening is not None:
        closing = interim[-1]
    return opening, closing


def _of_kind(balances: list[Balance], kind: str, currency: str | None) -> list[Balance]:
    """Those of a kind; where an account shows it in several currencies, those in its own."""
    found = [b for b in balances if b.kind == kind]
    return [b for b in found if b.currency == currency] or found


def _earliest(balances: list[Balance]) -> Balance | None:
    return min(balances, key=lambda b: b.date or date.max, default=None)


def _latest(balances: list[Balance]) -> Balance | None:
    return max(reversed(balances), key=lambda b: b.date or date.min, default=None)
