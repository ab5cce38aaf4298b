"""When an invoice is due and in which parts, and what is taken off for paying early. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from lettra_events.contracts.invoicing import Instalment
from lettra_events.service.rejection import Rejected
from lettra_invoicing.documents.amounts import rounded
from lettra_invoicing.domain import Customer, IssueInvoice, Terms, read_terms
from lettra_invoicing.domain.terms import BY_LAW, check_allowed

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Due:
    """When an invoice is due. `terms`: None where the date was given by itself; `warnings`: in words."""

    due_date: date
    terms: Terms | None
    warnings: tuple[str, ...]


def when_due(command: IssueInvoice, customer: Customer) -> Due:
    """The date that was given, or that of the terms; refused where the law forbids it (C. com. art. L441-10)."""
    terms = _terms(command, customer)
    due_date = command.due_date
    if command.instalments:
        due_date = command.instalments[-1].due_date
    elif terms is not None:
        due_date = terms.due(command.issue_date)
    assert due_date is not None, "without a date there are terms"
    if command.due_date is not None and command.due_date != due_date:
        raise Rejected(
            "due-date-not-of-terms",
            f"{command.terms} from {command.issue_date} is {due_date}, not {command.due_date}: give one of them",
            field="due_date",
        )
    warning = check_allowed(customer.debtor_class, terms, command.issue_date, due_date)
    return Due(due_date, terms, () if warning is None else (warning,))


def _terms(command: IssueInvoice, customer: Customer) -> Terms | None:
    if command.terms is not None:
        return read_terms(command.terms)
    if command.due_date is not None or command.instalments:
        return None
    return read_terms(customer.terms) if customer.terms else BY_LAW


def instalments(command: IssueInvoice, payable: Decimal) -> tuple[Instalment, ...]:
    """The parts of what is to be paid; what rounding leaves over is in the last."""
    if not command.instalments:
        return ()
    amounts = [
        each.amount if each.amount is not None else _share(payable, each.percent, command.currency)
        for each in command.instalments
    ]
    check_whole(amounts, command.currency, "instalments")
    in_percent = command.instalments[0].percent is not None
    if in_percent:
        amounts[-1] = payable - sum(amounts[:-1], Decimal(0))
    if sum(amounts) != payable or min(amounts) <= 0:
        raise Rejected(
            "instalments-do-not-add-up",
            f"the instalments {', '.join(map(str, amounts))} are not the {payable} {command.currency} to be paid",
            field="instalments",
        )
    return tuple(
        Instalment(number=number, due_date=asked.due_date, amount=amount)
        for number, (asked, amount) in enumerate(zip(command.instalments, amounts, strict=True), start=1)
    )


def _share(payable: Decimal, percent: Decimal | None, currency: str) -> Decimal:
    return rounded(payable * (percent or HUNDRED) / HUNDRED, currency)


def discount(
    command: IssueInvoice, terms: Terms | None, payable: Decimal
) -> tuple[Decimal | None, date | None]:
    """What is taken off for paying early, and until which value date; as asked for, or as the terms have it."""
    amount, until = _discount(command, terms, payable)
    if amount is None or until is None:
        return None, None
    check_whole([amount], command.currency, "discount")
    if not 0 < amount < payable:
        raise Rejected(
            "discount-too-large",
            f"a discount of {amount} {command.currency} does not fit the {payable} to be paid",
            field="discount",
        )
    return amount, until


def _discount(
    command: IssueInvoice, terms: Terms | None, payable: Decimal
) -> tuple[Decimal | None, date | None]:
    asked = command.discount
    if asked is not None:
        amount = asked.amount or _share(payable, asked.percent, command.currency)
        return amount, asked.until
    if terms is None or terms.discount_percent is None or terms.discount_days is None:
        return None, None
    until = command.issue_date + timedelta(days=terms.discount_days)
    return _share(payable, terms.discount_percent, command.currency), until


def check_whole(amounts: Sequence[Decimal], currency: str, field: str) -> None:
    """Refuse amounts with more decimals than the currency has."""
    for amount in amounts:
        if rounded(amount, currency) != amount:
            raise Rejected(
                "too-many-decimals", f"{amount} has more decimals than the currency {currency}", field=field
            )
