"""A person at work on what was matched and proposed: one is confirmed, one refused, one undone, and the ledger follows.

The person knows what the payers meant, as one who telephones does: from the demo's own books.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from lettra_tools.demo.model import CURRENCY, Habit
from lettra_tools.demo.screen import Screen
from lettra_tools.demo.services import DemoFailed, Services
from lettra_tools.demo.tally import Tally
from lettra_tools.demo.truth import Check, Outcome, one

WHO = "c.moreau"
CONFIRMED_FIRST = Habit.ROUND_SUM
REFUSED_FIRST = Habit.SAME_AMOUNT
UNDONE_FIRST = Habit.FEES


@dataclass(frozen=True)
class Act:
    """What a person does about a payment, and why."""

    verb: str
    path: str
    why: str
    outcome: Outcome
    payment_id: str
    entity_id: str
    customers: tuple[str, ...]
    items: tuple[str, ...]


def choose_acts(found: Sequence[Outcome], tally: Tally, proposals: Sequence[Mapping[str, Any]]) -> list[Act]:
    """One that is proposed as it was meant, one that was meant otherwise, and one that is applied."""
    ids = {id(money): payment_id for payment_id, money in tally.money.items()}
    by_payment = {ids[id(each.money)]: each for each in found if each.money is not None}
    waiting = [
        (each, by_payment[each["payment_id"]]) for each in proposals if each["payment_id"] in by_payment
    ]
    right = [
        (proposal, outcome) for proposal, outcome in waiting if _settled(proposal) == dict(outcome.silently)
    ]
    wrong = [pair for pair in waiting if pair not in right]
    right.sort(key=lambda pair: pair[1].payment.habit is not CONFIRMED_FIRST)
    wrong.sort(key=lambda pair: pair[1].payment.habit is not REFUSED_FIRST)
    if not right or not wrong:
        raise DemoFailed("Nothing is proposed that a person could confirm or refuse. Try another --seed.")
    return [
        _on_proposal("confirm", "the customer confirms it by telephone", *right[0]),
        _on_proposal("refuse", "the customer means another invoice", *wrong[0]),
        _undo(by_payment, tally),
    ]


def _settled(proposal: Mapping[str, Any]) -> dict[str, Decimal]:
    """In cash, by item."""
    return {
        line["item_id"]: Decimal(line["settled"]) - Decimal(line["write_off"]) for line in proposal["lines"]
    }


def _on_proposal(verb: str, why: str, proposal: Mapping[str, Any], outcome: Outcome) -> Act:
    lines, payment = proposal["lines"], proposal["payment_id"]
    customers = dict.fromkeys([*(line["customer_id"] for line in lines), outcome.payment.customer_id])
    items = dict.fromkeys([*_settled(proposal), *outcome.silently])
    path = f"/proposals/{payment}/{verb}"
    return Act(verb, path, why, outcome, payment, proposal["entity_id"], tuple(customers), tuple(items))


def _undo(by_payment: Mapping[str, Outcome], tally: Tally) -> Act:
    applied = [
        (key, each) for key, each in by_payment.items() if each.money is not None and each.money.applied
    ]
    applied = [pair for pair in applied if pair[1].payment.customer_id]
    applied.sort(key=lambda pair: pair[1].payment.habit is not UNDONE_FIRST)
    payment, outcome = applied[0]
    assert outcome.money is not None, "it is applied"
    items = tuple(outcome.money.applied)
    customers = tuple(dict.fromkeys(tally.items[item].customer_id for item in items))
    why = "the customer asks to keep it for its next order"
    return Act(
        "undo", f"/payments/{payment}/undo", why, outcome, payment, outcome.money.entity_id, customers, items
    )


def act(acts: Sequence[Act], services: Services, day: date, screen: Screen) -> None:
    """Do all of it on a business date, and show the ledgers before and after."""
    for each in acts:
        before = list(_ledger_lines(each, services))
        payment = each.outcome.payment
        screen.say(
            f"{WHO}: lettra review --{each.verb} {each.payment_id} --who {WHO} --why {each.why!r} --date {day}"
        )
        screen.say(
            f"   {payment.booking_date}  {payment.amount:,} of {payment.payer_name}: {each.outcome.text!r}"
        )
        done = services.act(each.path, WHO, each.why, day)
        after = list(_ledger_lines(each, services))
        for was, is_ in zip(before, after, strict=True):
            screen.say(
                f"   {was[0]}: {was[1]} -> {is_[1]}" if was != is_ else f"   {was[0]}: {was[1]}, as before"
            )
        applied, kept, left = (Decimal(done[name]) for name in ("applied", "on_account", "unapplied"))
        screen.say(
            f"   of the payment {applied:,.2f} is applied, {kept:,.2f} on account, {left:,.2f} unapplied"
        )
        for proposal in services.proposals(each.entity_id):
            if proposal["payment_id"] == each.payment_id:
                numbers = ", ".join(line["item_id"].partition(":")[2] for line in proposal["lines"])
                screen.say(f"   matching proposes {numbers} now: {proposal['evidence']}")


def _ledger_lines(each: Act, services: Services) -> Iterator[tuple[str, str]]:
    """What is to be seen of these customers: the items, the money on account, the balance."""
    for customer in each.customers:
        ledger = services.ledger(customer, settled=True)
        for item in ledger["items"]:
            if item["item_id"] in each.items:
                code = f", settled ({item['lettrage']})" if item["lettrage"] else ""
                yield f"{item['document_number']} of {customer}, open", f"{Decimal(item['open']):,.2f}{code}"
        for balance in ledger["balances"]:
            if balance["currency"] == CURRENCY:
                yield f"on account of {customer}", f"{Decimal(balance['on_account']):,.2f}"
                yield f"balance of {customer}", f"{Decimal(balance['balance']):,.2f}"


def check_acts(acts: Sequence[Act], tally: Tally) -> list[Check]:
    """What each act did, by the events behind it; `tally` is folded from all of them."""
    money = {each.verb: tally.money[each.payment_id] for each in acts}
    meant = {each.verb: each.outcome.silently or each.outcome.settles for each in acts}
    confirmed, refused, undone = (money[verb] for verb in ("confirm", "refuse", "undo"))
    wrong = set(acts[1].items) - set(meant["refuse"])
    undo = acts[2]
    reopened = [item for item in undo.items if tally.items[item].open != tally.items[item].amount]
    return [
        one(
            "what a person confirmed is settled as it was meant",
            [] if dict(confirmed.applied) == dict(meant["confirm"]) else [f"{dict(confirmed.applied)}"],
        ),
        one(
            "what a person refused settles none of what was proposed, nor is it proposed again",
            [*(wrong & refused.applied.keys()), *(wrong & _proposed_items(refused.proposal))],
        ),
        one(
            "what a person undid is open again, fees and all, and its money is on account",
            [*reopened, *([] if undone.on_account == undone.amount else [f"{undone.on_account} on account"])],
        ),
    ]


def _proposed_items(proposal: Any) -> set[str]:
    return {line.item_id for line in proposal.lines} if proposal is not None else set()
