"""Taking down a promise to pay, and agreeing on a plan: what is refused, and why. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from lettra_dunning.decider.decisions import AgreementMade, AgreementWithdrawn
from lettra_dunning.domain.agreements import INSTALMENTS_MAX, Agreement, Covered, Due, by_item
from lettra_dunning.domain.customers import Customer, Item
from lettra_dunning.domain.policy import Promising
from lettra_events.money import Money
from lettra_events.service.rejection import Rejected

ZERO = Decimal(0)
PLAN_DAYS_MAX = 366 * 3


@dataclass(frozen=True, slots=True)
class MakePromise:
    """The customer says that it pays `amount` of these items on this day; None: all that is open and not in dispute."""

    agreement_id: str
    items: tuple[str, ...]
    on: date
    who: str
    business_date: date
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class AgreeOnPlan:
    """These items are paid in these instalments, which sum to all that is open of them and not in dispute."""

    agreement_id: str
    items: tuple[str, ...]
    instalments: tuple[tuple[date, Decimal], ...]
    who: str
    business_date: date


def make_promise(customer: Customer, command: MakePromise, promising: Promising) -> AgreementMade:
    """A promise for one day, not before today's date and not further ahead than the policy allows."""
    items = _items(customer, command.items)
    last = command.business_date + timedelta(days=promising.days_max)
    if not command.business_date <= command.on <= last:
        raise Rejected(
            "promise-date",
            f"a promise is for {command.business_date} to {last}, not for {command.on}: agree on a plan instead",
            field="on",
        )
    owed = _owed(items)
    amount = owed if command.amount is None else command.amount
    if not 0 < amount <= owed:
        raise Rejected("promise-amount", f"{owed} {items[0].currency} is owed, not {amount}", field="amount")
    _check_whole(amount, items[0].currency, "amount")
    covered = _oldest_first(items, amount)
    promise = Agreement(
        command.agreement_id,
        "promise",
        items[0].currency,
        command.business_date,
        covered,
        (Due(1, command.on, amount),),
    )
    return AgreementMade(customer.customer_id, promise, command.who)


def agree_on_plan(customer: Customer, command: AgreeOnPlan) -> AgreementMade:
    """A plan whose instalments follow each other and sum to what is owed."""
    items = _items(customer, command.items)
    _check_instalments(command, items[0].currency)
    owed = _owed(items)
    planned = sum((amount for _day, amount in command.instalments), ZERO)
    if planned != owed:
        raise Rejected(
            "plan-amount",
            f"the instalments come to {planned} {items[0].currency}, what is owed to {owed}",
            field="instalments",
        )
    dues = tuple(
        Due(number, day, amount) for number, (day, amount) in enumerate(command.instalments, start=1)
    )
    plan = Agreement(
        command.agreement_id,
        "plan",
        items[0].currency,
        command.business_date,
        _oldest_first(items, owed),
        dues,
    )
    return AgreementMade(customer.customer_id, plan, command.who)


def withdraw(customer: Customer, agreement_id: str, who: str, why: str) -> AgreementWithdrawn:
    """An open agreement holds nothing any longer; what was kept or broken stays so."""
    found = next((one for one in customer.agreements if one.agreement_id == agreement_id), None)
    if found is None:
        raise Rejected("unknown-agreement", f"the customer has no agreement {agreement_id}", status=404)
    if found.state != "open":
        raise Rejected("agreement-over", f"agreement {agreement_id} is {found.state}", status=409)
    return AgreementWithdrawn(customer.customer_id, agreement_id, who, why)


def _check_instalments(command: AgreeOnPlan, currency: str) -> None:
    days = [day for day, _amount in command.instalments]
    if not 2 <= len(days) <= INSTALMENTS_MAX:
        raise Rejected(
            "plan-instalments", f"a plan has 2 to {INSTALMENTS_MAX} instalments", field="instalments"
        )
    last = command.business_date + timedelta(days=PLAN_DAYS_MAX)
    if days != sorted(set(days)) or days[0] < command.business_date or days[-1] > last:
        raise Rejected(
            "plan-dates",
            f"the instalments follow each other, from {command.business_date} to {last}",
            field="instalments",
        )
    for index, (_day, amount) in enumerate(command.instalments):
        if amount <= 0:
            raise Rejected("plan-amount", "an instalment is above 0", field=f"instalments.{index}")
        _check_whole(amount, currency, f"instalments.{index}")


def _check_whole(amount: Decimal, currency: str, field: str) -> None:
    if not Money.of(amount, currency).is_whole:
        raise Rejected("too-many-decimals", f"{amount} has more decimals than {currency}", field=field)


def _items(customer: Customer, wanted: Sequence[str]) -> list[Item]:
    """The invoices that an agreement may be about, the oldest due first."""
    if customer.insolvency is not None:
        raise Rejected(
            "insolvent", "under insolvency nothing is agreed on with the customer alone", status=409
        )
    known = {item.item_id: item for item in customer.items}
    agreed = by_item(customer.agreements)
    for index, item_id in enumerate(wanted):
        _check_item(item_id, known, agreed, f"items.{index}")
    items = sorted(
        (known[item_id] for item_id in set(wanted)), key=lambda item: (item.due_date, item.item_id)
    )
    if not items or len({item.currency for item in items}) > 1:
        raise Rejected("items", "an agreement is about items of one currency", field="items")
    return items


def _check_item(item_id: str, known: Mapping[str, Item], agreed: Mapping[str, Agreement], field: str) -> None:
    item = known.get(item_id)
    if item is None or item.kind != "invoice":
        raise Rejected("unknown-item", f"the customer owes no item {item_id}", status=404, field=field)
    if item_id in agreed:
        raise Rejected(
            "already-agreed", f"{item_id} is under {agreed[item_id].agreement_id}", status=409, field=field
        )
    if item.claimable == 0:
        raise Rejected(
            "nothing-owed", f"nothing is owed of {item_id}, or all is in dispute", status=409, field=field
        )


def _owed(items: Sequence[Item]) -> Decimal:
    return sum((item.claimable for item in items), ZERO)


def _oldest_first(items: Sequence[Item], amount: Decimal) -> tuple[Covered, ...]:
    """What the agreement is for: the oldest due are paid first (Code civil art. 1342-10)."""
    covered = []
    for item in items:
        part = min(item.claimable, amount)
        if part > 0:
            covered.append(Covered(item.item_id, item.open, part))
        amount -= part
    return tuple(covered)
