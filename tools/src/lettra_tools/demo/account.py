"""The company's bank account: one statement a business day, each opening where the one before it closed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random

from lettra_tools.demo.model import CURRENCY, Company, Debit, Payment
from lettra_tools.demo.remittance import Document, Remittance, write_remittance

BATCH_MIN = 3
"""From so many transfers a day, the bank sometimes books some of them as one entry."""


@dataclass(frozen=True)
class Line:
    """One transaction as the bank shows it."""

    ref: str
    day: date
    amount: Decimal
    is_credit: bool
    party: str
    party_iban: str | None
    remittance: Remittance
    end_to_end: str | None = None
    is_return: bool = False


@dataclass(frozen=True)
class DayStatement:
    """One day of the account. An entry of several lines is a batch: the bank books their sum."""

    number: int
    account: str
    currency: str
    day: date
    opening: Decimal
    closing: Decimal
    entries: tuple[tuple[Line, ...], ...]

    @property
    def statement_id(self) -> str:
        return f"{self.day.year}-{self.number:05d}"


class AccountLine:
    """Writes the statements of one account, day after day; a statement cannot be written twice."""

    def __init__(self, company: Company, seed: int) -> None:
        self._company = company
        self._seed = seed
        self._payments: dict[date, list[Payment]] = defaultdict(list)
        self._debits: dict[date, list[Debit]] = defaultdict(list)
        for payment in company.payments:
            self._payments[payment.booking_date].append(payment)
        for debit in company.debits:
            self._debits[debit.booking_date].append(debit)
        self.balance = company.opening_balance
        self.written = 0

    def write(self, days: Sequence[date], documents: Mapping[str, Document]) -> list[DayStatement]:
        """The statements of the next days; `documents` knows all that is paid on them."""
        return [self._write_day(day, documents) for day in days]

    def announced(self, days: Sequence[date], documents: Mapping[str, Document]) -> list[Line]:
        """What the bank tells of on these days, and books later."""
        coming = (payment for each in self._payments.values() for payment in each)
        told = [payment for payment in coming if payment.announced_on in days]
        return [self._credit(payment, documents) for payment in told]

    def _write_day(self, day: date, documents: Mapping[str, Document]) -> DayStatement:
        credits_ = [self._credit(payment, documents) for payment in self._payments.pop(day, ())]
        debits = [
            Line(
                debit.ref,
                day,
                debit.amount,
                False,
                debit.payee,
                None,
                Remittance(None, debit.words),
                debit.returns,
                debit.returns is not None,
            )
            for debit in self._debits.pop(day, ())
        ]
        opening = self.balance
        self.balance += sum((line.amount for line in credits_), Decimal(0))
        self.balance -= sum((line.amount for line in debits), Decimal(0))
        self.written += 1
        return DayStatement(
            number=self.written,
            account=self._company.account,
            currency=CURRENCY,
            day=day,
            opening=opening,
            closing=self.balance,
            entries=(*self._batched(day, credits_), *((line,) for line in debits)),
        )

    def _credit(self, payment: Payment, documents: Mapping[str, Document]) -> Line:
        remittance = write_remittance(payment, documents, self._seed)
        return Line(
            ref=payment.ref,
            day=payment.booking_date,
            amount=payment.amount,
            is_credit=True,
            party=payment.payer_name,
            party_iban=payment.payer_iban,
            remittance=remittance,
            end_to_end=payment.end_to_end,
        )

    def _batched(self, day: date, lines: Sequence[Line]) -> list[tuple[Line, ...]]:
        """Every third day or so, the first transfers are one batch."""
        random = Random(f"batch {self._seed} {day}")  # noqa: S311 - figures of a demo, to be the same again
        if len(lines) < BATCH_MIN or random.random() > 0.3:
            return [(line,) for line in lines]
        size = random.randint(2, BATCH_MIN)
        return [tuple(lines[:size]), *((line,) for line in lines[size:])]
