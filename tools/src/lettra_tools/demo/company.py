"""The demo company, from its sales: customers, invoices, credit notes, and what everybody will pay.

Everything follows from the sales and the seed. What would happen after the last day does not happen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from lettra_tools.demo.codes import french_iban, rf_reference, siren
from lettra_tools.demo.days import business_day, friday_before, month_starts
from lettra_tools.demo.model import CENT, Company, CreditNote, Customer, Habit, Invoice, Sale, with_vat
from lettra_tools.demo.names import company_names
from lettra_tools.demo.paying import Due, PaymentPlan, in_order
from lettra_tools.demo.scenes import play
from lettra_tools.demo.spending import plan_debits

AFTERWARDS = timedelta(weeks=5)
"""How long the company lives on after its last sale."""
EXTRACT_LATE = timedelta(days=8)
"""By how much an invoice that was paid too early reaches Lettra after its payment: the next week's extract."""
TOO_LATE = timedelta(days=12)
"""By how much some credit notes come after the payment."""
OPENING_BALANCE = Decimal("25000.00")

# How many of a hundred imported invoices are paid in which way. A few of them become several in one payment.
_HABITS = {
    Habit.REFERENCE: 22,
    Habit.REFERENCE_IN_TEXT: 8,
    Habit.NUMBER: 36,
    Habit.NUMBER_APART: 14,
    Habit.PARTIAL: 4,
    Habit.OVERPAID: 3,
    Habit.TWICE: 2,
    Habit.EARLY: 3,
    Habit.NOTHING: 8,
}
_NEEDS_REFERENCE = (Habit.REFERENCE, Habit.REFERENCE_IN_TEXT)


def build_company(sales: Sequence[Sale], seed: int) -> Company:
    """The company of these sales."""
    builder = _Builder(sales, seed)
    builder.take_sales()
    builder.issue_monthly_fees()
    plan = PaymentPlan(builder.random, builder.last_day, builder.customers)
    cast = play(seed, builder.first_day, builder.last_day)
    payments = in_order([*plan.payments(builder.dues), *cast.payments], builder.last_day)
    income = sum((payment.amount for payment in payments), Decimal(0))
    return Company(
        entity_id="ORVELLE",
        name="Orvelle Industries SAS",
        siren=siren(42_017),
        account=french_iban(1, 20_120_001),
        opening_balance=OPENING_BALANCE,
        first_day=builder.first_day,
        last_day=builder.last_day,
        customers=(*builder.customers.values(), *cast.customers),
        invoices=(*builder.invoices, *cast.invoices),
        credit_notes=tuple(
            sorted([*builder.credit_notes, *cast.credit_notes], key=lambda note: (note.issue_date, note.key))
        ),
        payments=payments,
        debits=(*plan_debits(builder.random, builder.first_day, builder.last_day, income), *cast.debits),
    )


class _Builder:
    """Collects the company while its one stream of chance runs in one order."""

    def __init__(self, sales: Sequence[Sale], seed: int) -> None:
        self.random = Random(f"company {seed}")  # noqa: S311 - figures of a demo, to be the same again
        self.sales = sales
        self.first_day = business_day(sales[0].issued)
        self.last_day = friday_before(sales[-1].issued + AFTERWARDS)
        self.customers = {each.customer_id: each for each in self._make_customers()}
        self.invoices: list[Invoice] = []
        self.credit_notes: list[CreditNote] = []
        self.dues: list[Due] = []

    def _make_customers(self) -> Iterator[Customer]:
        countries = {sale.customer: sale.country for sale in self.sales}
        languages = {
            country: "en" if i % 2 else "fr" for i, country in enumerate(sorted(set(countries.values())))
        }
        names = company_names(len(countries), self.random)
        for number, (customer_id, name) in enumerate(zip(sorted(countries), names, strict=True), 1):
            yield Customer(
                customer_id=customer_id,
                name=name,
                siren=siren(number),
                iban=french_iban(100 + number % 7, 55_000_000 + number),
                language=languages[countries[customer_id]],
                knows_iban=self.random.random() < 0.7,
            )

    def take_sales(self) -> None:
        """What the ERP sold and the company's customers settled."""
        for sale in self.sales:
            reference = rf_reference(sale.number) if self.random.random() < 0.55 else None
            habit = self._choose_habit(sale, reference)
            paid_on = business_day(sale.settled)
            net, vat = with_vat(sale.gross)
            invoice = Invoice(
                key=sale.number,
                customer_id=sale.customer,
                issue_date=sale.issued,
                due_date=sale.due,
                net=net,
                vat=vat,
                gross=sale.gross,
                imported=True,
                reference=reference,
                known_on=paid_on + EXTRACT_LATE if habit is Habit.EARLY else sale.issued,
            )
            self._owe(invoice, paid_on, habit, sale.disputed and self.random.random() < 0.2)

    def _choose_habit(self, sale: Sale, reference: str | None) -> Habit:
        (habit,) = self.random.choices(list(_HABITS), list(_HABITS.values()))
        if habit in _NEEDS_REFERENCE and reference is None:
            return Habit.NUMBER
        if habit is Habit.EARLY and business_day(sale.settled) + EXTRACT_LATE > self.last_day:
            return Habit.NUMBER
        return habit

    def issue_monthly_fees(self) -> None:
        """A fee a month for the best customers, with numbers that Lettra will draw."""
        best = [name for name, _ in Counter(sale.customer for sale in self.sales).most_common(8)]
        for month in month_starts(self.first_day, self.last_day):
            issued = business_day(month + timedelta(days=9))
            for customer_id in sorted(best) if self.first_day <= issued <= self.last_day else ():
                self._issue_fee(customer_id, issued)

    def _issue_fee(self, customer_id: str, issued: date) -> None:
        gross = Decimal(self.random.randint(6_000, 40_000)) / 100
        habits = [habit for habit in _HABITS if habit is not Habit.EARLY]
        (habit,) = self.random.choices(habits, [_HABITS[habit] for habit in habits])
        net, vat = with_vat(gross)
        invoice = Invoice(
            key=f"fee:{sum(not each.imported for each in self.invoices) + 1}",
            customer_id=customer_id,
            issue_date=issued,
            due_date=issued + timedelta(days=30),
            net=net,
            vat=vat,
            gross=gross,
            imported=False,
            reference=None,
            known_on=issued,
        )
        paid_on = business_day(issued + timedelta(days=self.random.randint(18, 52)))
        self._owe(invoice, paid_on, habit, self.random.random() < 0.06)

    def _owe(self, invoice: Invoice, paid_on: date, habit: Habit, contested: bool) -> None:
        """Take the invoice, correct it where it is contested and time is left, and note what will be paid."""
        if invoice.known_on > self.last_day:
            return
        self.invoices.append(invoice)
        credit, alone = Decimal(0), False
        if contested and habit in (Habit.NUMBER, Habit.REFERENCE):
            if self.random.random() < 0.2:
                self._correct(invoice, paid_on + TOO_LATE)  # paid already, so the credit note stays open
                alone = True
            elif (paid_on - invoice.issue_date).days >= 8:
                credit = self._correct(invoice, invoice.issue_date + (paid_on - invoice.issue_date) / 2)
        if invoice.gross > credit:
            habit = Habit.CREDITED if credit else habit
            self.dues.append(Due(invoice, paid_on, habit, invoice.gross - credit, alone))

    def _correct(self, invoice: Invoice, day: date) -> Decimal:
        """A credit note over a part of the invoice, now and then over all of it; its gross amount."""
        issued = business_day(day)
        if issued > self.last_day:
            return Decimal(0)
        share = Decimal(self.random.choice((100, 10, 15, 20, 30, 50))) / 100
        gross = max(CENT, (invoice.gross * share).quantize(CENT))
        net, vat = with_vat(gross)
        self.credit_notes.append(CreditNote(f"credit:{invoice.key}", invoice.key, issued, net, vat, gross))
        return gross
