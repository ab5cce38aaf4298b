"""Writes a bank's files: CAMT.053.001.08, several statements in one, and CAMT.052.001.08 of what is not booked yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from xml.etree import ElementTree as ET

from lettra_tools.demo.account import DayStatement, Line

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.{}.001.08"
RECALLED = "FOCR"
"""ISO's reason of a return: the payer's bank asked for the money back."""
ENCODED_AT = "T22:15:00+01:00"


def write_camt(message_id: str, statements: Sequence[DayStatement]) -> bytes:
    """The file of these statements, created on the evening of the last one's day."""
    root, message = _message("053", "BkToCstmrStmt", message_id, statements[-1].day)
    for statement in statements:
        _statement(message, statement)
    return _encoded(root)


def write_report(message_id: str, account: str, currency: str, day: date, lines: Sequence[Line]) -> bytes:
    """The file by which the bank tells, on the evening of a day, of what it will book."""
    root, message = _message("052", "BkToCstmrAcctRpt", message_id, day)
    report = ET.SubElement(message, "Rpt")
    _text(report, "Id", message_id)
    _text(report, "CreDtTm", f"{day}{ENCODED_AT}")
    _account(report, account, currency)
    for line in lines:
        _entry(report, [line], currency, status="PDNG")
    return _encoded(root)


def _message(number: str, name: str, message_id: str, day: date) -> tuple[ET.Element, ET.Element]:
    root = ET.Element("Document", xmlns=NAMESPACE.format(number))
    message = ET.SubElement(root, name)
    header = ET.SubElement(message, "GrpHdr")
    _text(header, "MsgId", message_id)
    _text(header, "CreDtTm", f"{day}{ENCODED_AT}")
    return root, message


def _encoded(root: ET.Element) -> bytes:
    ET.indent(root, " ")
    content: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return content + b"\n"


def _statement(message: ET.Element, statement: DayStatement) -> None:
    element = ET.SubElement(message, "Stmt")
    _text(element, "Id", statement.statement_id)
    _text(element, "ElctrncSeqNb", str(statement.number))
    _text(element, "CreDtTm", f"{statement.day}{ENCODED_AT}")
    period = ET.SubElement(element, "FrToDt")
    _text(period, "FrDtTm", f"{statement.day}T00:00:00+01:00")
    _text(period, "ToDtTm", f"{statement.day}T23:59:59+01:00")
    _account(element, statement.account, statement.currency)
    _balance(element, "OPBD", statement.opening, statement)
    _balance(element, "CLBD", statement.closing, statement)
    for lines in statement.entries:
        _entry(element, lines, statement.currency)


def _account(parent: ET.Element, number: str, currency: str) -> None:
    account = ET.SubElement(parent, "Acct")
    _text(account, "Id/IBAN", number)
    _text(account, "Ccy", currency)


def _balance(parent: ET.Element, code: str, amount: Decimal, statement: DayStatement) -> None:
    element = ET.SubElement(parent, "Bal")
    _text(element, "Tp/CdOrPrtry/Cd", code)
    _amount(element, abs(amount), statement.currency)
    _text(element, "CdtDbtInd", "CRDT" if amount >= 0 else "DBIT")
    _text(element, "Dt/Dt", statement.day.isoformat())


def _entry(parent: ET.Element, lines: Sequence[Line], currency: str, status: str = "BOOK") -> None:
    first = lines[0]
    element = ET.SubElement(parent, "Ntry")
    _amount(element, sum((line.amount for line in lines), Decimal(0)), currency)
    _text(element, "CdtDbtInd", _direction(first))
    _text(element, "Sts/Cd", status)
    if status == "BOOK":
        _day(element, "BookgDt", first.day)
    _day(element, "ValDt", first.day)
    _text(element, "AcctSvcrRef", first.ref if len(lines) == 1 else f"B{first.ref}")
    code = ET.SubElement(ET.SubElement(element, "BkTxCd"), "Domn")
    _text(code, "Cd", "PMNT")
    family = ET.SubElement(code, "Fmly")
    _text(family, "Cd", "RCDT" if first.is_credit else "ICDT")
    _text(family, "SubFmlyCd", "ESCT")
    details = ET.SubElement(element, "NtryDtls")
    if len(lines) > 1:
        _text(details, "Btch/NbOfTxs", str(len(lines)))
    for line in lines:
        _transaction(details, line, currency)


def _transaction(parent: ET.Element, line: Line, currency: str) -> None:
    element = ET.SubElement(parent, "TxDtls")
    refs = ET.SubElement(element, "Refs")
    _text(refs, "AcctSvcrRef", line.ref)
    _text(refs, "EndToEndId", line.end_to_end or "NOTPROVIDED")
    _amount(element, line.amount, currency)
    _text(element, "CdtDbtInd", _direction(line))
    role = "Dbtr" if line.is_credit else "Cdtr"
    parties = ET.SubElement(element, "RltdPties")
    _text(parties, f"{role}/Pty/Nm", line.party)
    if line.party_iban:
        _text(parties, f"{role}Acct/Id/IBAN", line.party_iban)
    if line.remittance.structured or line.remittance.text:
        _remittance(element, line)
    if line.is_return:
        _text(element, "RtrInf/Rsn/Cd", RECALLED)


def _remittance(parent: ET.Element, line: Line) -> None:
    element = ET.SubElement(parent, "RmtInf")
    if line.remittance.text:
        _text(element, "Ustrd", line.remittance.text)
    if line.remittance.structured:
        reference = ET.SubElement(ET.SubElement(element, "Strd"), "CdtrRefInf")
        _text(reference, "Tp/CdOrPrtry/Cd", "SCOR")
        _text(reference, "Ref", line.remittance.structured)


def _direction(line: Line) -> str:
    return "CRDT" if line.is_credit else "DBIT"


def _amount(parent: ET.Element, amount: Decimal, currency: str) -> None:
    ET.SubElement(parent, "Amt", Ccy=currency).text = f"{amount:.2f}"


def _day(parent: ET.Element, name: str, day: date) -> None:
    _text(parent, f"{name}/Dt", day.isoformat())


def _text(parent: ET.Element, path: str, text: str) -> None:
    """An element of that text below new ones: Tp/CdOrPrtry/Cd."""
    for name in path.split("/"):
        parent = ET.SubElement(parent, name)
    parent.text = text
