"""The company's life, week by week, through the services' APIs, as an ERP, a person and a bank would use them.

Each week: what the ERP sold is imported, what Lettra numbers itself is issued, the bank's daily statements are sent,
and the business date is closed; the next week begins when matching has processed it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from lettra_tools.demo.account import AccountLine, Line
from lettra_tools.demo.camt import write_camt, write_report
from lettra_tools.demo.days import business_days, fridays
from lettra_tools.demo.erp import write_customers, write_invoices
from lettra_tools.demo.model import CURRENCY, Company, CreditNote, Dispute, Invoice, Payment
from lettra_tools.demo.paying import FEE_TOLERANCE
from lettra_tools.demo.remittance import Document
from lettra_tools.demo.screen import Screen
from lettra_tools.demo.services import DemoFailed, Services

OWNER = "n.perrin"
BANK_SENDS_TWICE = 5
"""Every so many weeks, the bank sends the week's file twice."""


@dataclass
class Told:
    """What the services answered while the company lived."""

    customers_new: int = 0
    invoices_imported: int = 0
    issued: list[str] = field(default_factory=list)
    credited: dict[str, str] = field(default_factory=dict)
    weeks: int = 0
    statements: int = 0
    verified: int = 0
    on_line: int = 0
    transactions: int = 0
    sent_twice: int = 0
    taken_twice: int = 0
    announced: int = 0
    announced_held: int = 0
    disputed: int = 0
    advised: int = 0
    waits: list[float] = field(default_factory=list)
    seconds: float = 0.0


class Life:
    """Runs the company; `documents` are the numbers and references under which its documents are known."""

    def __init__(self, company: Company, seed: int, services: Services, folder: Path) -> None:
        self.company = company
        self.told = Told()
        # What a payer reads on an imported invoice is on its paper from the start, whenever Lettra learns of it.
        self.documents = {
            each.key: Document(each.key, each.reference) for each in company.invoices if each.imported
        }
        self._seed = seed
        self._services = services
        self._erp, self._bank = folder / "erp", folder / "bank"
        self._line = AccountLine(company, seed)
        self._invoices = sorted(company.invoices, key=lambda each: (each.known_on, each.issue_date, each.key))
        self._credit_notes = list(company.credit_notes)
        disputed = [(note.dispute, note) for note in company.credit_notes if note.dispute is not None]
        self._disputes = sorted(disputed, key=lambda each: (each[0].opened_on, each[1].key))
        self._open_disputes: dict[str, str] = {}
        self._advices = [each for each in company.payments if each.advice is not None]

    @property
    def closing_balance(self) -> Decimal:
        """What the bank says is on the account."""
        return self._line.balance

    def begin(self) -> None:
        """Register the legal entity, its account and its customers."""
        company, services = self.company, self._services
        for folder in (self._erp, self._bank):
            folder.mkdir(parents=True)
        services.register_entity(company.entity_id, company.name, company.siren)
        services.register_account(company.account, CURRENCY, company.entity_id, cadence_days=1)
        services.set_rules(
            company.entity_id, {"fee_tolerance": str(FEE_TOLERANCE)}, "what banks abroad keep back"
        )
        file = self._erp / "customers.csv"
        file.write_bytes(write_customers(company.customers))
        self.told.customers_new = services.import_file("customers", file)["created"]

    def live(self, screen: Screen) -> None:
        """All weeks, from the first to the last."""
        weeks = fridays(self.company.first_day, self.company.last_day)
        begun = time.monotonic()
        with screen.bar("weeks", len(weeks)) as advance:
            for done, friday in enumerate(weeks):
                advance(done, f"{friday}, {self.told.transactions} payments")
                self._week(friday, send_twice=done % BANK_SENDS_TWICE == 2)
        self.told.weeks = len(weeks)
        self.told.seconds = time.monotonic() - begun

    def _week(self, friday: date, *, send_twice: bool) -> None:
        known = self._take(friday)
        self._import(friday, [each for each in known if each.imported])
        for invoice in (each for each in known if not each.imported):
            self._issue(invoice)
        while self._disputes and self._disputes[0][0].opened_on <= friday:
            self._contest(*self._disputes.pop(0))
        while self._credit_notes and self._credit_notes[0].issue_date <= friday:
            note = self._credit_notes.pop(0)
            number = self._credit(note) if note.dispute is None else self._accept(note)
            self.told.credited[note.key] = number
        while self._advices and self._advices[0].booking_date <= friday:
            self._advise(self._advices.pop(0))
        self._send(friday, send_twice)
        told = self._line.announced(business_days(friday), self.documents)
        if told:
            self._announce(friday, told)
        self._services.close_day(friday)
        self.told.waits.append(self._services.await_processed(friday, [self.company.entity_id]))
        for line in told:
            self.told.announced_held += self._is_held(line)

    def _take(self, friday: date) -> list[Invoice]:
        """The invoices that are known by the end of the week and were not before."""
        known = [each for each in self._invoices if each.known_on <= friday]
        del self._invoices[: len(known)]
        return known

    def _import(self, friday: date, invoices: list[Invoice]) -> None:
        if not invoices:
            return
        file = self._erp / f"invoices-{friday}.csv"
        file.write_bytes(write_invoices(self.company, invoices))
        self.told.invoices_imported += self._services.import_file("invoices", file)["created"]

    def _issue(self, invoice: Invoice) -> None:
        body: dict[str, object] = {
            "entity_id": self.company.entity_id,
            "customer_id": invoice.customer_id,
            "series": f"FA{invoice.issue_date.year}",
            "issue_date": str(invoice.issue_date),
            "due_date": str(invoice.due_date),
            "deposit": invoice.is_deposit,
        }
        if invoice.discount is not None:
            body["discount"] = {
                "percent": str(invoice.discount.percent),
                "until": str(invoice.discount.until),
            }
        if invoice.deducts is not None:
            body["deposits"] = [{"document_number": self.documents[invoice.deducts].number}]
        answer = self._services.issue("/invoices", f"demo-{invoice.key}", body | _amounts(invoice))
        self.documents[invoice.key] = Document(answer["document_number"], answer["payment_reference"])
        self.told.issued.append(answer["document_number"])

    def _contest(self, dispute: Dispute, note: CreditNote) -> None:
        body = {
            "entity_id": self.company.entity_id,
            "document_number": self.documents[note.corrects].number,
            "reason": dispute.reason,
            "amount": str(note.gross),
            "owner": OWNER,
            "due_date": str(note.issue_date),
            "opened_on": str(dispute.opened_on),
            "who": OWNER,
        }
        answer = self._services.issue("/disputes", f"demo-dispute-{note.key}", body)
        self._open_disputes[note.key] = answer["dispute_id"]
        self.told.disputed += 1

    def _accept(self, note: CreditNote) -> str:
        body = {
            "series": f"AV{note.issue_date.year}",
            "net": str(note.net),
            "vat": str(note.vat),
            "resolved_on": str(note.issue_date),
            "who": OWNER,
            "why": "the carrier confirms the damage",
        }
        path = f"/disputes/{self._open_disputes[note.key]}/accept"
        return str(self._services.issue(path, f"demo-{note.key}", body)["credit_note"])

    def _advise(self, payment: Payment) -> None:
        body = {
            "customer_id": payment.customer_id,
            "entity_id": self.company.entity_id,
            "received_on": str(payment.booking_date),
            "text": payment.advice,
        }
        self._services.advise(body)
        self.told.advised += 1

    def _announce(self, friday: date, lines: list[Line]) -> None:
        account = self.company.account
        file = self._bank / f"announced-{friday}.xml"
        file.write_bytes(write_report(f"COMING-{friday}", account, CURRENCY, friday, lines))
        self._services.send_statements(file)
        self.told.announced += len(lines)

    def _is_held(self, line: Line) -> bool:
        """Whether the payer of announced money is not to be reminded."""
        payers = [each.customer_id for each in self.company.payments if each.ref == line.ref]
        return any(self._services.holds(each) for each in payers)

    def _credit(self, note: CreditNote) -> str:
        body = {
            "entity_id": self.company.entity_id,
            "series": f"AV{note.issue_date.year}",
            "issue_date": str(note.issue_date),
            "corrects": self.documents[note.corrects].number,
        }
        answer = self._services.issue("/credit-notes", f"demo-{note.key}", body | _amounts(note))
        return str(answer["document_number"])

    def _send(self, friday: date, send_twice: bool) -> None:
        statements = self._line.write(business_days(friday), self.documents)
        file = self._bank / f"statements-{friday}.xml"
        file.write_bytes(write_camt(f"WEEK-{friday}", statements))
        answers = self._services.send_statements(file)
        for answer in answers:
            if answer["outcome"] != "booked":
                raise DemoFailed(f"{file.name} was not booked: {answer['outcome']}, {answer['reason']}")
            self.told.statements += 1
            self.told.verified += answer["verified"]
            self.told.on_line += answer["continuity"] == "ok"
        self.told.transactions += _new(answers)
        if send_twice:
            self.told.sent_twice += 1
            self.told.taken_twice += _new(self._services.send_statements(file))


def _new(answers: Iterable[dict[str, Any]]) -> int:
    return sum(answer["transactions_new"] for answer in answers)


def _amounts(document: Invoice | CreditNote) -> dict[str, str]:
    return {
        "currency": CURRENCY,
        "net": str(document.net),
        "vat": str(document.vat),
        "gross": str(document.gross),
    }
