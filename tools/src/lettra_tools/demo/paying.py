"""What the customers pay, when, and how much they say about it. The rest of the truth that the demo knows.

Payments whose order matters (a part and the rest, an invoice and once more) are more than a week apart, so that they
are never on the same statement file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from lettra_tools.demo.days import business_day, month_starts
from lettra_tools.demo.model import CENT, Customer, Habit, Invoice, Payment
from lettra_tools.demo.remittance import on_the_statement

FEE_TOLERANCE = Decimal("15.00")
"""Up to so much the company takes for fees of banks on the way, by its matching rules."""
TOGETHER_DAYS_MAX = 25
TOGETHER_ITEMS_MAX = 4


@dataclass(frozen=True)
class Due:
    """What will be paid of an invoice, on which day and in which way; `alone`: on that day and not with others."""

    invoice: Invoice
    paid_on: date
    habit: Habit
    amount: Decimal
    alone: bool = False


class PaymentPlan:
    """Makes payments of dues; the bank's references are given by `in_order`."""

    def __init__(self, random: Random, last_day: date, customers: Mapping[str, Customer]) -> None:
        self._random = random
        self._last_day = last_day
        self._customers = customers

    def payments(self, dues: Sequence[Due]) -> list[Payment]:
        """All payments of the dues, and what is no customer's."""
        made = [payment for group in self._groups(dues) for payment in self._pay(group)]
        first_day = min(due.invoice.issue_date for due in dues)
        return [*made, *self._of_no_customer(first_day)]

    def _groups(self, dues: Sequence[Due]) -> Iterator[list[Due]]:
        """Dues that one customer pays at once: plain numbers whose days are not far apart."""
        by_customer: dict[str, list[Due]] = defaultdict(list)
        for due in dues:
            by_customer[due.invoice.customer_id].append(due)
        for customer_id in sorted(by_customer):
            group: list[Due] = []
            for due in sorted(by_customer[customer_id], key=lambda due: (due.paid_on, due.invoice.key)):
                if group and not (self._go_together([*group, due]) and self._random.random() < 0.4):
                    yield group
                    group = []
                group.append(due)
            if group:
                yield group

    def _go_together(self, group: Sequence[Due]) -> bool:
        keys = [due.invoice.key for due in group]
        contained = any(one in other for one in keys for other in keys if one != other)
        near = (group[-1].paid_on - group[0].paid_on).days <= TOGETHER_DAYS_MAX
        plain = all(due.habit is Habit.NUMBER and not due.alone for due in group)
        return plain and near and not contained and len(group) <= TOGETHER_ITEMS_MAX

    def _pay(self, group: Sequence[Due]) -> Iterator[Payment]:
        due = group[-1]
        if len(group) > 1:
            settles = {each.invoice.key: each.amount for each in group}
            yield self._payment(due, Habit.SEVERAL, settles)
        elif due.habit is Habit.PARTIAL:
            yield from self._in_parts(due)
        elif due.habit is Habit.OVERPAID:
            more = Decimal(self._random.choice((100, 500, 1_000, 2_345))) / 100
            # By more than the invoice nobody overpays it: then another one is meant as well.
            more = min(more, due.amount)
            yield self._payment(due, Habit.OVERPAID, _whole(due), amount=due.amount + more)
        elif due.habit is Habit.NOTHING:
            silent = self._payment(due, Habit.NOTHING, {}, amount=due.amount, names=())
            yield replace(silent, silently=_whole(due))
        elif due.habit is Habit.TWICE:
            yield self._payment(due, Habit.NUMBER, _whole(due))
            again = replace(due, paid_on=self._later(due, 8, 20))
            yield self._payment(again, Habit.TWICE, {}, amount=due.amount, names=(due.invoice.key,))
        else:
            yield self._payment(due, due.habit, _whole(due))

    def _in_parts(self, due: Due) -> Iterator[Payment]:
        """A part, and then the rest, which some never pay."""
        part = max(CENT, (due.amount * self._random.randint(30, 70) / 100).quantize(CENT))
        first = self._payment(due, Habit.PARTIAL, {due.invoice.key: part})
        # What is short by no more than the company's tolerance is paid less fees, unless the text says otherwise.
        is_short = due.amount - part <= FEE_TOLERANCE
        yield replace(first, words="ACOMPTE FACTURE {}") if is_short else first
        if due.amount > part and self._random.random() < 0.7:
            rest = replace(due, paid_on=self._later(due, 14, 35))
            yield self._payment(rest, Habit.PARTIAL, {due.invoice.key: due.amount - part})

    def _later(self, due: Due, least: int, most: int) -> date:
        return business_day(due.paid_on + timedelta(days=self._random.randint(least, most)))

    def _payment(
        self,
        due: Due,
        habit: Habit,
        settles: Mapping[str, Decimal],
        amount: Decimal | None = None,
        names: tuple[str, ...] | None = None,
    ) -> Payment:
        customer = self._customers[due.invoice.customer_id]
        return Payment(
            ref="",
            booking_date=due.paid_on,
            amount=amount if amount is not None else sum(settles.values(), Decimal(0)),
            payer_name=on_the_statement(customer.name, self._random),
            payer_iban=customer.iban,
            habit=habit,
            names=tuple(settles) if names is None else names,
            settles=settles,
        )

    def _of_no_customer(self, first_day: date) -> Iterator[Payment]:
        """Once or twice a month: a tax refund, interest, an own transfer."""
        kinds = (
            ("CENTRE DES IMPOTS", "REMBOURSEMENT CREDIT DE TVA {:%m/%Y}"),
            ("BANQUE DU PORT", "INTERETS CREDITEURS ARRETE AU {:%d.%m.%Y}"),
            ("ORVELLE INDUSTRIES", "VIREMENT INTERNE LIVRET"),
            ("ASSURANCES MERIDOR", "SINISTRE DOSSIER 88-20413/7"),
        )
        for month in month_starts(first_day, self._last_day):
            for payer, words in self._random.sample(kinds, self._random.choice((1, 1, 2))):
                day = business_day(month + timedelta(days=self._random.randrange(26)))
                if day < first_day:
                    continue
                amount = Decimal(self._random.randint(500, 90_000)) / 100
                yield Payment("", day, amount, payer, None, Habit.NO_CUSTOMER, words=words.format(day))


def in_order(payments: Iterable[Payment], last_day: date) -> tuple[Payment, ...]:
    """In the order of their booking, each with the bank's reference; those after the last day are never made."""
    made = [payment for payment in payments if payment.booking_date <= last_day]
    made.sort(key=lambda payment: (payment.booking_date, payment.names, payment.habit, payment.amount))
    return tuple(replace(payment, ref=f"CT{number:07d}") for number, payment in enumerate(made, 1))


def _whole(due: Due) -> dict[str, Decimal]:
    return {due.invoice.key: due.amount}
