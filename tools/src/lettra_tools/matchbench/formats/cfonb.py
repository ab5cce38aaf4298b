"""CFONB 120: records 01, 04, 05 and 07 of 120 columns, the sign punched over the last digit of an amount."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from lettra_tools.matchbench.days import Line, Statement

WIDTH = 70
_PLUS = "{ABCDEFGHI"
_MINUS = "}JKLMNOPQR"


def write_cfonb(statements: Sequence[Statement]) -> bytes:
    """The records of these statements of one account."""
    return "".join(f"{record}\r\n" for statement in statements for record in _records(statement)).encode(
        "ascii"
    )


def _records(statement: Statement) -> list[str]:
    found = [_balance("01", statement, statement.opening)]
    for line in statement.lines:
        found.append(_entry(statement, line))
        found += [_complement(statement, line, qualifier, text) for qualifier, text in _texts(line)]
    return [*found, _balance("07", statement, statement.closing)]


def _head(kind: str, statement: Statement, code: str) -> str:
    """Columns 1 to 34: kind, bank, internal code, branch, currency, decimals, account, code of the operation."""
    bban = statement.account.iban[4:]
    bank, branch, number = bban[:5], bban[5:10], bban[10:21]
    internal = f"{code:>4}" if code else "    "
    return f"{kind}{bank}{internal}{branch}{statement.account.currency}2 {number}{code:>2}"


def _balance(kind: str, statement: Statement, cents: int) -> str:
    head = f"{_head(kind, statement, '')}{_day(statement.day)}"
    return f"{head:<90}{_punched(cents)}".ljust(120)


def _entry(statement: Statement, line: Line) -> str:
    label = "VIR SEPA RECU" if line.is_credit else "VIR SEPA EMIS"
    head = (
        f"{_head('04', statement, '05' if line.is_credit else '06')}{_day(line.booked)}  {_day(line.booked)}"
    )
    columns = f"{head}{f'{label} {line.name}'[:31]:<31}  0000000"
    cents = line.cents if line.is_credit else -line.cents
    return f"{columns:<90}{_punched(cents)}{line.entry_ref:<16}"


def _complement(statement: Statement, line: Line, qualifier: str, text: str) -> str:
    head = f"{_head('05', statement, '05' if line.is_credit else '06')}{_day(line.booked)}     "
    return f"{head}{qualifier}{text[:WIDTH]:<70}".ljust(120)


def _texts(line: Line) -> list[tuple[str, str]]:
    found = [("NPY" if line.is_credit else "NBE", line.name)] if line.name else []
    if line.iban:
        found.append(("CPY" if line.is_credit else "CBE", line.iban))
    text = " ".join(line.lines)
    found += [
        (qualifier, text[at : at + WIDTH]) for qualifier, at in (("LCC", 0), ("LC2", WIDTH)) if text[at:]
    ]
    if line.structured:
        found.append(("LCS", line.structured))
    if line.end_to_end:
        found.append(("RCN", line.end_to_end[:35]))
    return found


def _day(day: date) -> str:
    return f"{day:%d%m%y}"


def _punched(cents: int) -> str:
    """14 columns; the last digit is a letter that carries the sign."""
    digits = f"{abs(cents):014d}"
    return digits[:-1] + (_PLUS if cents >= 0 else _MINUS)[int(digits[-1])]
