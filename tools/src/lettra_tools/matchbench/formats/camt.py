"""CAMT.053 in the two versions that banks send most, elements in the order of their schemas."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

from lettra_tools.matchbench.days import Line, Statement
from lettra_tools.matchbench.world import money


def write_camt(statements: Sequence[Statement]) -> bytes:
    """One message with these statements of one account."""
    version = statements[0].bank.format
    first = statements[0]
    head = _tag("MsgId", f"{first.account.iban[-10:]}-{first.day:%Y%m%d}") + _tag(
        "CreDtTm", _evening(statements[-1])
    )
    body = "".join(_statement(statement, version.endswith("08")) for statement in statements)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{version}"><BkToCstmrStmt>'
        f"<GrpHdr>{head}</GrpHdr>{body}</BkToCstmrStmt></Document>\n"
    ).encode()


def _statement(statement: Statement, is_new: bool) -> str:
    account = statement.account
    identity = f"{account.iban[-10:]}-{statement.number:04d}"
    parts = [
        _tag("Id", identity)
        + _tag("ElctrncSeqNb", str(statement.number))
        + _tag("CreDtTm", _evening(statement)),
        f"<Acct><Id><IBAN>{account.iban}</IBAN></Id>{_tag('Ccy', account.currency)}</Acct>",
        _balance("OPBD", statement.opening, statement),
        _balance("CLBD", statement.closing, statement),
    ]
    for batch, group in groupby(statement.lines, key=lambda line: line.batch or line.entry_ref):
        parts.append(_entry(batch, list(group), account.currency, is_new))
    return f"<Stmt>{''.join(parts)}</Stmt>\n"


def _balance(kind: str, cents: int, statement: Statement) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>{_amount(abs(cents), statement.account.currency)}"
        f"{_direction(cents >= 0)}<Dt><Dt>{statement.day}</Dt></Dt></Bal>"
    )


def _entry(reference: str, lines: list[Line], currency: str, is_new: bool) -> str:
    first = lines[0]
    status = "<Sts><Cd>BOOK</Cd></Sts>" if is_new else "<Sts>BOOK</Sts>"
    batch = f"<Btch><NbOfTxs>{len(lines)}</NbOfTxs></Btch>" if len(lines) > 1 else ""
    details = "".join(_transaction(line, currency, is_new) for line in lines)
    day = f"<Dt>{first.booked}</Dt>"
    reversal = "<RvslInd>true</RvslInd>" if first.return_reason else ""
    return (
        f"<Ntry>{_amount(sum(line.cents for line in lines), currency)}{_direction(first.is_credit)}"
        f"{reversal}{status}<BookgDt>{day}</BookgDt>"
        f"<ValDt>{day}</ValDt>{_tag('AcctSvcrRef', reference)}{_code(first)}"
        f"<NtryDtls>{batch}{details}</NtryDtls></Ntry>\n"
    )


def _code(line: Line) -> str:
    family, kind = ("RCDT", "ESCT") if line.is_credit else ("ICDT", "ESCT")
    family, kind = ("IDDT", "UPDD") if line.return_reason else (family, kind)
    return f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{kind}</SubFmlyCd></Fmly></Domn></BkTxCd>"


def _transaction(line: Line, currency: str, is_new: bool) -> str:
    # A bank whose batches have no references of their own gives that of the entry only; the part is told by its place.
    own = "" if "#" in line.entry_ref else _tag("AcctSvcrRef", line.entry_ref)
    amount = _amount(line.cents, currency)
    amounts = amount + _direction(line.is_credit) if is_new else f"<AmtDtls><TxAmt>{amount}</TxAmt></AmtDtls>"
    reason = f"<RtrInf><Rsn><Cd>{line.return_reason}</Cd></Rsn></RtrInf>" if line.return_reason else ""
    return (
        f"<TxDtls><Refs>{own}{_tag('EndToEndId', line.end_to_end or 'NOTPROVIDED')}</Refs>{amounts}"
        f"{_parties(line, is_new)}{_remittance(line)}{reason}</TxDtls>"
    )


def _parties(line: Line, is_new: bool) -> str:
    """The other party; of a return it keeps the role that it had in the payment."""
    role = "Dbtr" if line.is_credit or line.return_reason else "Cdtr"
    name = _tag("Nm", line.name) if line.name else ""
    party = f"<{role}>{f'<Pty>{name}</Pty>' if is_new else name}</{role}>" if name else ""
    account = f"<{role}Acct><Id><IBAN>{line.iban}</IBAN></Id></{role}Acct>" if line.iban else ""
    return f"<RltdPties>{party}{account}</RltdPties>" if party or account else ""


def _remittance(line: Line) -> str:
    text = "".join(
        _tag("Ustrd", part[at : at + 140]) for part in line.lines for at in range(0, len(part), 140)
    )
    if line.structured:
        kind = "<Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry></Tp>"
        text += f"<Strd><CdtrRefInf>{kind}{_tag('Ref', line.structured)}</CdtrRefInf></Strd>"
    return f"<RmtInf>{text}</RmtInf>" if text else ""


def _evening(statement: Statement) -> str:
    return f"{statement.day}T21:30:00+01:00"


def _direction(is_credit: bool) -> str:
    return f"<CdtDbtInd>{'CRDT' if is_credit else 'DBIT'}</CdtDbtInd>"


def _amount(cents: int, currency: str) -> str:
    return f'<Amt Ccy="{currency}">{money(cents)}</Amt>'


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(text, quote=False)}</{name}>"
