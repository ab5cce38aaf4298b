"""What the company's bank writes: CAMT.053 statements with whatever a transaction needs to be told by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

IBAN = "FR7630006000011234567890189"
_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"


@dataclass(frozen=True)
class Entry:
    """One booked transaction: a credit, or, with a reason of ISO's, the debit that takes a credit back."""

    ref: str
    amount: str
    text: str = ""
    payer: str = ""
    payer_iban: str = ""
    end_to_end_id: str = ""
    return_reason: str = ""

    @property
    def signed(self) -> Decimal:
        return -Decimal(self.amount) if self.return_reason else Decimal(self.amount)

    @property
    def xml(self) -> str:
        direction = "DBIT" if self.return_reason else "CRDT"
        return (
            f"<Ntry><Amt Ccy='EUR'>{self.amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd><Sts>BOOK</Sts>"
            f"<BookgDt><Dt>{{day}}</Dt></BookgDt><ValDt><Dt>{{day}}</Dt></ValDt><AcctSvcrRef>{self.ref}</AcctSvcrRef>"
            f"<NtryDtls><TxDtls>{self._references}{self._parties}{self._words}</TxDtls></NtryDtls></Ntry>"
        )

    @property
    def _references(self) -> str:
        known = self.end_to_end_id
        return f"<Refs><EndToEndId>{known}</EndToEndId></Refs>" if known else ""

    @property
    def _parties(self) -> str:
        name = f"<Dbtr><Nm>{self.payer}</Nm></Dbtr>" if self.payer else ""
        account = f"<DbtrAcct><Id><IBAN>{self.payer_iban}</IBAN></Id></DbtrAcct>" if self.payer_iban else ""
        return f"<RltdPties>{name}{account}</RltdPties>" if name or account else ""

    @property
    def _words(self) -> str:
        text = f"<RmtInf><Ustrd>{self.text}</Ustrd></RmtInf>" if self.text else ""
        reason = self.return_reason
        return text + (f"<RtrInf><Rsn><Cd>{reason}</Cd></Rsn></RtrInf>" if reason else "")


def statement(number: int, day: str, opening: str, closing: str, entries: Sequence[Entry]) -> str:
    """A CAMT.053 statement of one day; its balances are as given, so that a wrong one can be written too."""
    lines = "".join(entry.xml.format(day=day) for entry in entries)
    balances = "".join(
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{amount}</Amt>"
        f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
        for code, amount in (("OPBD", opening), ("CLBD", closing))
    )
    return (
        f"<?xml version='1.0'?><Document xmlns='{_NAMESPACE}'><BkToCstmrStmt>"
        f"<GrpHdr><MsgId>M{number}</MsgId><CreDtTm>{day}T20:00:00</CreDtTm></GrpHdr>"
        f"<Stmt><Id>S{number}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb><CreDtTm>{day}T20:00:00</CreDtTm>"
        f"<FrToDt><FrDtTm>{day}T00:00:00</FrDtTm><ToDtTm>{day}T23:59:59</ToDtTm></FrToDt>"
        f"<Acct><Id><IBAN>{IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>{balances}{lines}</Stmt></BkToCstmrStmt></Document>"
    )
