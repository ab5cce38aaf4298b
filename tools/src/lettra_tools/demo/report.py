"""What the demo shows at its end: figures of events and answers, never of what it meant to happen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from lettra_tools.demo.history import Published
from lettra_tools.demo.model import CURRENCY, Company, Habit
from lettra_tools.demo.running import Told
from lettra_tools.demo.samples import Outcome as SampleOutcome
from lettra_tools.demo.screen import Screen
from lettra_tools.demo.tally import Item, Money, Tally
from lettra_tools.demo.truth import Check, Outcome
from lettra_tools.demo.verifying import Verdict

REASONS_MAX = 6
LEDGER_ITEMS_MAX = 4
PROPOSALS_MAX = 6
LINES_MAX = 3
_FIGURES = re.compile(r"\b(?:[A-Z]{2}\d{4}-)?\d[\d.,]*")
_COLUMNS = {
    "in full": "applied in full",
    "in part": "applied, the rest on account",
    "proposed": "proposed to a person",
    "on account": "on account, settling nothing",
    "unapplied": "unapplied, payer unknown",
}


def show_company(screen: Screen, company: Company, source: str) -> None:
    """Who lives here."""
    imported = sum(each.imported for each in company.invoices)
    screen.say(source)
    screen.say(
        f"{company.name} sells to {len(company.customers)} customers from {company.first_day} to {company.last_day}:"
        f" {imported:,} invoices of its ERP, {len(company.invoices) - imported} that Lettra numbers,"
        f" {len(company.credit_notes)} credit notes; {len(company.payments):,} payments will come in."
    )


def show_life(screen: Screen, told: Told) -> None:
    """What the services answered while it lived."""
    screen.say(
        f"{told.weeks} weeks in {told.seconds:.0f} s: {told.customers_new} customers and {told.invoices_imported:,}"
        f" invoices imported, {len(told.issued)} invoices and {len(told.credited)} credit notes issued."
    )
    screen.say(
        f"{told.statements} daily statements booked ({told.verified} verified, {told.on_line} without a gap),"
        f" {told.transactions:,} transactions. {told.sent_twice} files were sent twice: {told.taken_twice} transactions"
        " taken twice."
    )


def show_samples(screen: Screen, found: Sequence[SampleOutcome]) -> None:
    """Each file of other people, and what became of it."""
    screen.table(("file", "outcome", "reason"), [(each.file, each.outcome, each.reason) for each in found])
    counts = Counter(each.outcome for each in found)
    screen.say(", ".join(f"{outcome}: {count}" for outcome, count in sorted(counts.items())))


def show_events(screen: Screen, history: Mapping[str, Published]) -> None:
    """Events by type, counted on Kafka."""
    rows = []
    for service, published in history.items():
        counts = Counter(entry.event.type for entry in published.entries)
        rows += [(service, kind.partition(".")[2], f"{count:,}") for kind, count in counts.most_common()]
    screen.table(("published by", "event", "#count"), rows)
    screen.say(f"{sum(len(each.entries) for each in history.values()):,} events in all, read from Kafka.")


def show_payments(screen: Screen, found: Sequence[Outcome]) -> None:
    """What payers wrote, and what became of it."""
    groups = [(habit.value, [each for each in found if each.payment.habit is habit]) for habit in Habit]
    rows = [(name, *_counts(ours)) for name, ours in [*groups, ("in all", found)] if ours]
    screen.table(("what the payer wrote", "#payments", *(f"#{it}" for it in _COLUMNS), "#as meant"), rows)
    screen.say(
        "in part: applied, and the rest on account. as meant: every cent is where the payer meant it to be."
    )


def _counts(found: Sequence[Outcome]) -> tuple[object, ...]:
    """How many, how many of each outcome, how many as their payers meant."""
    results = Counter(each.money.outcome if each.money else "missing" for each in found)
    by_outcome = (results[outcome] or "" for outcome in _COLUMNS.values())
    return (len(found), *by_outcome, sum(each.as_meant for each in found))


def show_match_rate(screen: Screen, money: Sequence[Money]) -> None:
    """How much was matched without a person, by which rule, and why the rest was not."""
    received = sum((each.amount for each in money), Decimal(0))
    applied = sum((each.applied_in_all for each in money), Decimal(0))
    matched = sum(each.applied_in_all > 0 for each in money)
    rules = Counter(rule for each in money for rule in each.rules)
    named = ", ".join(f"{rule.replace('_', ' ')} {count:,}" for rule, count in rules.most_common())
    screen.say(
        f"Match rate (lettrage automatique): {matched / len(money):.1%} of the payments, {applied / received:.1%}"
        f" of the money. Items settled by rule: {named}."
    )
    reasons = Counter(
        _FIGURES.sub("…", each.reason) for each in money if each.reason and each.applied_in_all != each.amount
    )
    rows = [(count, reason) for reason, count in reasons.most_common(REASONS_MAX)]
    screen.table(("#payments", "not, or not wholly, applied because"), rows)


def show_proposals(screen: Screen, money: Sequence[Money]) -> None:
    """What a person would review: what each payment may settle, and why it was not settled alone."""
    proposals = [each.proposal for each in money if each.proposal is not None]
    screen.say(f"{len(proposals):,} payments wait for a person, who confirms or refuses what is proposed.")
    rows = [
        (
            ", ".join(
                f"{line.settled} of {line.item_id.partition(':')[2]}" for line in each.lines[:LINES_MAX]
            )
            + (f" and {len(each.lines) - LINES_MAX} more" if len(each.lines) > LINES_MAX else ""),
            each.rule.replace("_", " "),
            each.evidence,
        )
        for each in proposals[:PROPOSALS_MAX]
    ]
    if rows:
        screen.table(("may settle", "by", "evidence"), rows)


def show_balance(screen: Screen, company: Company, tally: Tally) -> None:
    """What is open at the end."""
    parts = tally.open_balance(company.entity_id)
    balance = parts["invoices"] - parts["credit notes"] - parts["on account"]
    nobodys = sum(
        (each.unapplied for each in tally.money.values() if each.entity_id == company.entity_id), Decimal(0)
    )
    screen.say(
        f"Open balance of {company.name} on {company.last_day}: {parts['invoices']:,} of invoices"
        f" - {parts['credit notes']:,} of credit notes - {parts['on account']:,} on account = {balance:,} {CURRENCY};"
        f" beside it {nobodys:,} {CURRENCY} of money whose payer nobody knows yet."
    )


def choose_ledgers(tally: Tally, entity_id: str) -> list[str]:
    """A few customers worth a look: with a part paid, with an open credit note, with most open items."""
    items = [item for item in tally.items.values() if item.entity_id == entity_id and item.open > 0]
    part_paid = [item.customer_id for item in items if item.kind == "invoice" and item.open < item.amount]
    credits_ = [item.customer_id for item in items if item.kind != "invoice"]
    most = [customer for customer, _ in Counter(_customers(items)).most_common(1)]
    return list(dict.fromkeys([*part_paid[:1], *credits_[:1], *most]))


def _customers(items: Iterable[Item]) -> Iterable[str]:
    return (item.customer_id for item in items)


def show_ledger(screen: Screen, ledger: dict[str, Any]) -> None:
    """A customer's ledger as matching's API gives it."""
    for balance in ledger["balances"]:
        screen.say(
            f"{ledger['customer_id']} {ledger['name']}: {balance['invoices']} of invoices - {balance['credit_notes']}"
            f" of credit notes - {balance['on_account']} on account = {balance['balance']} {balance['currency']}"
        )
    items = ledger["items"]
    for item in items[:LEDGER_ITEMS_MAX]:
        screen.say(
            f"   {item['document_number']:<16} {item['kind']:<12} due {item['due_date']}  {item['amount']:>9},"
            f" open {item['open']:>9}"
        )
    if len(items) > LEDGER_ITEMS_MAX:
        screen.say(f"   and {len(items) - LEDGER_ITEMS_MAX} more")
    for payment in ledger["on_account"][:LEDGER_ITEMS_MAX]:
        screen.say(
            f"   on account: {payment['on_account']} of {payment['booking_date']}: {payment['reason']}"
        )


def show_checks(screen: Screen, checks: Sequence[Check], verdicts: Sequence[Verdict]) -> bool:
    """Every promise, and whether it was kept; True if all were."""
    for check in checks:
        count = f": {check.kept:,} of {check.of:,}" if check.of != 1 else ""
        screen.say(f"{'ok  ' if check.holds else 'FAIL'} {check.what}{count}")
        for broken in check.broken:
            screen.say(f"       {broken}")
    for verdict in verdicts:
        screen.say(f"{'ok  ' if verdict.sound else 'FAIL'} verify {verdict.service}: {verdict.sentence}")
    return all(check.holds for check in checks) and all(verdict.sound for verdict in verdicts)


def show_timings(screen: Screen, timings: Mapping[str, float], told: Told) -> None:
    """Where the time went."""
    waits = sorted(told.waits)
    screen.say(", ".join(f"{what} {seconds:.1f} s" for what, seconds in timings.items()))
    screen.say(
        "From the answer to the close of a day until matching had processed it:"
        f" {_ms(waits, 0.5)} ms in the middle, {_ms(waits, 0.95)} ms at 95 %, {_ms(waits, 1.0)} ms at most"
        f" ({len(waits)} days)."
    )


def _ms(ordered: Sequence[float], share: float) -> str:
    return f"{ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000:,.0f}"
