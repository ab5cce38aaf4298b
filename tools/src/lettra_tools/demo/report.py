"""What the demo shows at its end: figures of events and answers, never of what it meant to happen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
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
from lettra_tools.reviewing import RULES, Ask, proposal_lines

REASONS_MAX = 8
LEDGER_ITEMS_MAX = 4
PROPOSALS_MAX = 5
ZERO = Decimal(0)
AGED = {
    "not due": "not_due",
    "1-30": "days_1_30",
    "31-60": "days_31_60",
    "61-90": "days_61_90",
    "91-120": "days_91_120",
    ">120": "days_over_120",
    "credit notes": "credit_notes",
    "on account": "unapplied",
    "owed": "total",
}
"""The columns of an aged balance: days overdue."""
_BY_PAYER = {"exact_amount", "natural_group", "unique_sum"}
_WRITTEN = re.compile(r" \(written '[^']*'\)")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b")
_CUSTOMER = re.compile(r"(known of|like|that of|of) [^;()]+ \([\w-]+\)")
_FIGURES = re.compile(r"\b(?:[A-Z]{2}\d{4}-)?\d[\d.,]*")
_COLUMNS = {
    "in full": "applied in full",
    "in part": "applied, the rest on account",
    "proposed": "proposed to a person",
    "on account": "on account, settling nothing",
    "unapplied": "unapplied, payer unknown",
    "sent back": "sent back",
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
    screen.say(
        f"{told.disputed} disputes were opened and ended with a credit note, {told.advised} e-mails said what a payment"
        f" pays, {told.announced} payments were announced before they were booked."
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


def show_rules(screen: Screen, money: Sequence[Money]) -> None:
    """What was matched without a person, by rule, and what each rule left to one."""
    received = sum((each.amount for each in money), ZERO)
    rows: list[tuple[object, ...]] = []
    for rule, number in RULES.items():
        applied = [each for each in money if rule in each.rules.values()]
        proposed = [each for each in money if each.proposal is not None and each.proposal.rule == rule]
        rows.append((number, rule.replace("_", " "), *_figures(applied, proposed, money)))
    by_payer = [each for each in money if _BY_PAYER & set(each.rules.values())]
    less = [each for each in money if each.less]
    rows.append((4, "who pays (asked by 5 to 7)", *_figures(by_payer, [], money)))
    rows.append((8, f"less ({_less(less)})", *_figures(less, [], money)))
    rows.sort(key=lambda row: int(str(row[0])))
    matched = [each for each in money if each.applied]
    proposals = [each for each in money if each.proposal is not None]
    rows.append(("", "in all (4 and 8 are among the others)", *_figures(matched, proposals, money)))
    screen.table(
        ("#", "matched by rule", "#payments", "#share", "#EUR applied", "#proposed", "#EUR proposed"), rows
    )
    applied_sum = sum((each.applied_in_all for each in money), ZERO)
    screen.say(
        f"Match rate (lettrage automatique): {len(matched) / len(money):.1%} of the payments,"
        f" {applied_sum / received:.1%} of the money."
    )


def _figures(
    applied: Sequence[Money], proposed: Sequence[Money], money: Sequence[Money]
) -> tuple[object, ...]:
    return (
        f"{len(applied):,}",
        f"{len(applied) / len(money):.1%}",
        _sum(sum((each.applied_in_all for each in applied), ZERO)),
        len(proposed) or "",
        f"{sum((each.on_account + each.unapplied for each in proposed), ZERO):,}" if proposed else "",
    )


def _less(money: Sequence[Money]) -> str:
    kinds = Counter(kind for each in money for kind in each.less)
    sums = {kind: sum((each.less[kind] for each in money if kind in each.less), ZERO) for kind in kinds}
    return ", ".join(
        f"{count} {kind.replace('_', ' ')} {sums[kind]:,}" for kind, count in kinds.most_common()
    )


def show_held(screen: Screen, money: Sequence[Money]) -> None:
    """What settles nothing and is not proposed either, by the reason in words; then what is left over of the others."""
    for title, chosen in (
        ("held because", [each for each in money if each.is_held]),
        (
            "applied, and a rest is on account because",
            [each for each in money if each.applied and each.on_account],
        ),
    ):
        reasons: dict[str, list[Money]] = {}
        for each in chosen:
            reasons.setdefault(_general(each.reason or ""), []).append(each)
        rows = [
            (len(ours), f"{sum((e.on_account + e.unapplied for e in ours), ZERO):,}", _whose(ours), reason)
            for reason, ours in sorted(reasons.items(), key=lambda pair: (-len(pair[1]), pair[0]))
        ]
        if rows:
            screen.table(("#payments", "#EUR", "whose", title), rows[:REASONS_MAX])
        if len(rows) > REASONS_MAX:
            screen.say(f"and {len(rows) - REASONS_MAX} more reasons")


def _general(reason: str) -> str:
    """A reason without the names and figures of the single case."""
    words = _CUSTOMER.sub(r"\1 a customer", _IBAN.sub("…", _WRITTEN.sub("", reason)))
    return _FIGURES.sub("…", words)


def _whose(money: Sequence[Money]) -> str:
    known = sum(each.on_account > 0 for each in money)
    return "its payer's" if known == len(money) else "nobody's" if not known else f"{known} known payers'"


def show_proposals(
    screen: Screen, proposals: Sequence[Mapping[str, Any]], ledger_of: Ask, entity_id: str
) -> None:
    """A few of what a person would review, of as many rules as there are, and where the others are."""
    by_rule: dict[str, Mapping[str, Any]] = {}
    for each in proposals:
        by_rule.setdefault(each["rule"], each)
    for proposal in list(by_rule.values())[:PROPOSALS_MAX]:
        for line in proposal_lines(proposal, ledger_of):
            screen.say(line)
    more = len(proposals) - min(len(by_rule), PROPOSALS_MAX)
    screen.say(
        f"{len(proposals):,} payments wait for a person; {more:,} more are listed by:"
        f" lettra review --entity {entity_id}, or GET /proposals?entity_id={entity_id} of matching"
        " (KEEP=1 leaves it up)."
    )


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


def _sum(amount: object) -> str:
    return f"{Decimal(str(amount)):,.2f}"


def show_aged(screen: Screen, balances: Mapping[date, Sequence[Mapping[str, Any]]]) -> None:
    """The aged balance (balance âgée) as of several days, as matching's API gives it."""
    rows = [
        (day, *(_sum(total[name]) for name in AGED.values()))
        for day, totals in balances.items()
        for total in totals
        if total["currency"] == CURRENCY
    ]
    screen.table(("as of", *(f"#{title}" for title in AGED)), rows)


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
            f"{ledger['customer_id']} {ledger['name']}: {_sum(balance['invoices'])} of invoices"
            f" - {_sum(balance['credit_notes'])} of credit notes - {_sum(balance['on_account'])} on account"
            f" = {_sum(balance['balance'])} {balance['currency']}"
        )
    items = ledger["items"]
    for item in items[:LEDGER_ITEMS_MAX]:
        screen.say(
            f"   {item['document_number']:<16} {item['kind']:<12} due {item['due_date']}  {_sum(item['amount']):>9},"
            f" open {_sum(item['open']):>9}"
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
