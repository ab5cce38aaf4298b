"""Small CAMT.053 files, said in a line. All names and numbers are invented; the account is a public example."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from lettra_payment_ingest.bank.limits import DEFAULT
from lettra_payment_ingest.preparing import File, Prepared, Report, prepare

ACCOUNT = "FR7630006000011234567890189"
OTHER_ACCOUNT = "DE89370400440532013000"


@dataclass(frozen=True)
class Entry:
    """One movement: positive is money received. Two equal ones are told apart by nothing."""

    amount: str
    text: str = ""
    day: int | None = None
    status: str = "BOOK"
    ref: str = ""
    e2e: str = ""
    name: str = ""
    mandate: str = ""
    reason: str = ""
    code: str = ""
    charges: str = ""
    batch: int = 0
    parts: tuple[Entry, ...] = ()

    def xml(self, day: int) -> str:
        amount = Decimal(self.amount)
        way = "DBIT" if amount < 0 else "CRDT"
        date = f"2026-03-{self.day or day:02d}"
        details = "".join(part.details(own=True) for part in self.parts) or self.details()
        ref = f"<AcctSvcrRef>{self.ref}</AcctSvcrRef>" if self.ref else ""
        batch = f"<Btch><NbOfTxs>{self.batch}</NbOfTxs></Btch>" if self.batch else ""
        domain, _, rest = self.code.partition("-")
        family, _, sub = rest.partition("-")
        code = (
            f"<BkTxCd><Domn><Cd>{domain}</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{sub}</SubFmlyCd></Fmly></Domn></BkTxCd>"
            if self.code
            else ""
        )
        return (
            f'<Ntry><Amt Ccy="EUR">{abs(amount)}</Amt><CdtDbtInd>{way}</CdtDbtInd><Sts>{self.status}</Sts>'
            f"<BookgDt><Dt>{date}</Dt></BookgDt><ValDt><Dt>{date}</Dt></ValDt>{ref}{code}"
            f"<NtryDtls>{batch}{'' if self.batch else details}</NtryDtls></Ntry>"
        )

    def details(self, own: bool = False) -> str:
        """One `TxDtls`; `own`: it has an amount of its own, as the parts of a batch have."""
        side = "Cdtr" if (Decimal(self.amount) < 0) != bool(self.reason) else "Dbtr"
        refs = f"<EndToEndId>{self.e2e}</EndToEndId>" if self.e2e else ""
        refs += f"<MndtId>{self.mandate}</MndtId>" if self.mandate else ""
        return (
            "<TxDtls>"
            + (f"<Refs>{refs}</Refs>" if refs else "")
            + (f'<Amt Ccy="EUR">{self.amount}</Amt>' if own else "")
            + (f'<Chrgs><Rcrd><Amt Ccy="EUR">{self.charges}</Amt></Rcrd></Chrgs>' if self.charges else "")
            + (f"<RltdPties><{side}><Nm>{self.name}</Nm></{side}></RltdPties>" if self.name else "")
            + (f"<RmtInf><Ustrd>{self.text}</Ustrd></RmtInf>" if self.text else "")
            + (f"<RtrInf><Rsn><Cd>{self.reason}</Cd></Rsn></RtrInf>" if self.reason else "")
            + "</TxDtls>"
        )


@dataclass(frozen=True)
class Stmt:
    """The statement of the day `day` of March 2026 (from `first` on), which opens with `opening`.

    It closes with what the entries make of it, or with `closing`; without `opening` it has no balances. `leave_out`
    is the kind of one that it lacks.
    """

    day: int
    opening: str | None = "100.00"
    entries: Sequence[Entry] = ()
    first: int | None = None
    closing: str | None = None
    name: str | None = None
    account: str = ACCOUNT
    leave_out: str | None = None

    @property
    def closes(self) -> str:
        """What the next day opens with."""
        booked = (Decimal(e.amount) for e in self.entries if e.status == "BOOK")
        return str(sum(booked, Decimal(self.opening or 0)))

    def xml(self) -> str:
        first, last = f"2026-03-{self.first or self.day:02d}", f"2026-03-{self.day:02d}"
        found = {}
        if self.opening is not None:
            found = {"OPBD": (self.opening, first), "CLBD": (self.closing or self.closes, last)}
        balances = "".join(_balance(kind, *each) for kind, each in found.items() if kind != self.leave_out)
        entries = "".join(entry.xml(self.day) for entry in self.entries)
        return (
            f"<Stmt><Id>{self.name or f'S-{self.day}'}</Id>"
            f"<FrToDt><FrDtTm>{first}T00:00:00</FrDtTm><ToDtTm>{last}T23:59:59</ToDtTm></FrToDt>"
            f"<Acct><Id><IBAN>{self.account}</IBAN></Id><Ccy>EUR</Ccy></Acct>{balances}{entries}</Stmt>"
        )


def _balance(kind: str, amount: str, day: str) -> str:
    value = Decimal(amount)
    way = "DBIT" if value < 0 else "CRDT"
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="EUR">{abs(value)}</Amt><CdtDbtInd>{way}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>'
    )


def camt(*statements: Stmt) -> bytes:
    """The bytes of a file."""
    body = "".join(statement.xml() for statement in statements)
    head = "<GrpHdr><MsgId>M-1</MsgId><CreDtTm>2026-03-31T06:00:00</CreDtTm></GrpHdr>"
    return f"<Document><BkToCstmrStmt>{head}{body}</BkToCstmrStmt></Document>".encode()


def announcing(kind: str, *entries: Entry, day: int = 2, account: str = ACCOUNT) -> bytes:
    """A CAMT.052 ("Rpt") or CAMT.054 ("Ntfctn") of that day."""
    root = {"Rpt": "BkToCstmrAcctRpt", "Ntfctn": "BkToCstmrDbtCdtNtfctn"}[kind]
    made = f"2026-03-{day:02d}T12:00:00"
    return (
        f"<Document><{root}><GrpHdr><MsgId>M-1</MsgId><CreDtTm>{made}</CreDtTm></GrpHdr><{kind}><Id>A-{day}</Id>"
        f"<CreDtTm>{made}</CreDtTm><Acct><Id><IBAN>{account}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{''.join(entry.xml(day) for entry in entries)}</{kind}></{root}></Document>"
    ).encode()


def prepared(*statements: Stmt) -> list[Prepared]:
    """The statements of a file as the service decides on them."""
    return [each for each in prepared_file(camt(*statements)) if isinstance(each, Prepared)]


def prepared_file(data: bytes, name: str = "bank.xml") -> list[Prepared | Report]:
    """What a file tells, as the service decides on it."""
    return prepare(File(io.BytesIO(data), name, hashlib.sha256(data).hexdigest()), DEFAULT)


def following(opening: str, *days: Iterable[Entry], first: int = 2) -> list[Stmt]:
    """Statements of days that follow each other, each opening with what the one before closes with."""
    found: list[Stmt] = []
    for number, entries in enumerate(days, first):
        found.append(Stmt(number, found[-1].closes if found else opening, tuple(entries)))
    return found
