"""How a scene is written: its own customers, what they are invoiced, and what they pay and mean by it.

Days are counted from the beginning of the scene. Nothing here knows how anything is matched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from lettra_tools.demo.codes import french_iban, siren
from lettra_tools.demo.days import business_day
from lettra_tools.demo.model import (
    CreditNote,
    Customer,
    Debit,
    Discount,
    Dispute,
    Habit,
    Invoice,
    Payment,
    with_vat,
)
from lettra_tools.demo.remittance import on_the_statement

TERM_DAYS = 30
FIRST_SIREN = 60_000
FIRST_ACCOUNT = 77_000_000


@dataclass
class Cast:
    """All that the scenes add to the company."""

    customers: list[Customer] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)
    credit_notes: list[CreditNote] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    debits: list[Debit] = field(default_factory=list)


class Script:
    """One scene: it begins on a day, and adds to the cast."""

    def __init__(self, cast: Cast, random: Random, begins: date, names: list[tuple[str, str]]) -> None:
        self._cast = cast
        self._begins = begins
        self._names = names
        self.random = random

    def day(self, days: int) -> date:
        """The business day so many days after the beginning."""
        return business_day(self._begins + timedelta(days=days))

    def monday(self, days: int) -> date:
        """The first Monday so many days after the beginning, or later."""
        day = self.day(days)
        return day + timedelta(days=-day.weekday() % 7)

    def gross(self, least: int = 900, most: int = 6_000) -> Decimal:
        """An amount of so many euros, and cents that make it no round one."""
        return Decimal(self.random.randint(least, most) * 100 + self.random.randint(11, 89)).scaleb(-2)

    def name(self) -> str:
        """A name that no other company resembles, without its legal form."""
        return " ".join(self._names.pop())

    def customer(self, name: str | None = None, *, group: str = "", knows_iban: bool = True) -> Customer:
        """One more customer."""
        number = len(self._cast.customers) + 1
        made = Customer(
            customer_id=f"S{number:04d}",
            name=f"{name or self.name()} SAS",
            siren=siren(FIRST_SIREN + number),
            iban=french_iban(200 + number % 7, FIRST_ACCOUNT + number),
            language="fr",
            knows_iban=knows_iban,
            group_id=group,
        )
        self._cast.customers.append(made)
        return made

    def invoice(
        self,
        customer: Customer,
        gross: Decimal,
        issued: int = 0,
        *,
        discount: int | None = None,
        is_own: bool = False,
        is_deposit: bool = False,
        deducts: Invoice | None = None,
    ) -> Invoice:
        """An invoice of the ERP, or one that Lettra numbers; `discount`: so many per cent within ten days."""
        day = self.day(issued)
        number = len(self._cast.invoices) + 1
        net, vat = with_vat(gross)
        made = Invoice(
            key=f"scene:{number}" if is_own else f"VT{day.year}-{10_000 + 37 * number}",
            customer_id=customer.customer_id,
            issue_date=day,
            due_date=day + timedelta(days=TERM_DAYS),
            net=net,
            vat=vat,
            gross=gross,
            imported=not is_own,
            reference=None,
            known_on=day,
            discount=Discount(discount, day + timedelta(days=10)) if discount else None,
            is_deposit=is_deposit,
            deducts=deducts.key if deducts else None,
            deducted=deducts.gross if deducts else Decimal(0),
        )
        self._cast.invoices.append(made)
        return made

    def credit(
        self, invoice: Invoice, gross: Decimal, issued: int, dispute: Dispute | None = None
    ) -> CreditNote:
        """A credit note of Lettra over a part of an invoice."""
        net, vat = with_vat(gross)
        key = f"credit:{invoice.key}"
        made = CreditNote(key, invoice.key, self.day(issued), net, vat, gross, dispute)
        self._cast.credit_notes.append(made)
        return made

    def pays(
        self, customer: Customer, habit: Habit, day: int, amount: Decimal, words: str, **more: Any
    ) -> Payment:
        """A transfer of the customer's; `more` are fields of `Payment`."""
        usual: dict[str, Any] = {
            "payer_name": on_the_statement(customer.name, self.random),
            "payer_iban": customer.iban,
            "booking_date": self.day(day),
        }
        made = Payment(
            ref="",
            amount=amount,
            habit=habit,
            words=words,
            customer_id=customer.customer_id,
            **usual | more,
        )
        self._cast.payments.append(made)
        return made

    def names(
        self,
        customer: Customer,
        habit: Habit,
        day: int,
        words: str,
        paid: Mapping[Invoice, Decimal],
        **more: Any,
    ) -> Payment:
        """A transfer that names what it pays, and pays so much of each."""
        settles = {invoice.key: amount for invoice, amount in paid.items()}
        amount = sum(settles.values(), Decimal(0))
        return self.pays(customer, habit, day, amount, words, names=tuple(settles), settles=settles, **more)

    def means(
        self,
        customer: Customer,
        habit: Habit,
        day: int,
        words: str,
        paid: Mapping[Invoice, Decimal],
        **more: Any,
    ) -> Payment:
        """A transfer that does not say what it pays, and means so much of each."""
        silently = {invoice.key: amount for invoice, amount in paid.items()}
        amount = sum(silently.values(), Decimal(0))
        return self.pays(customer, habit, day, amount, words, silently=silently, **more)

    def takes_back(self, payment: Payment, day: int) -> None:
        """The bank takes a payment back."""
        words = "RETOUR DE FONDS DEMANDE PAR LA BANQUE DU DONNEUR D'ORDRE"
        number = len(self._cast.debits) + 1
        debit = Debit(
            f"RT{number:07d}",
            self.day(day),
            payment.amount,
            payment.payer_name,
            words,
            payment.end_to_end,
        )
        self._cast.debits.append(debit)
