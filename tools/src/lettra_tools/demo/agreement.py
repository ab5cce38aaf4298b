"""Whether the services agree with each other: what one projects of another's events is what that one says.

Projections follow the events in a moment, so each is asked again until it agrees or its time is up.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from decimal import Decimal

from lettra_tools.demo.model import CURRENCY, Company
from lettra_tools.demo.services import Services
from lettra_tools.demo.tally import Tally, differences
from lettra_tools.demo.truth import Check, one

AGREE_SECONDS_MAX = 20.0
PAUSE_SECONDS = 0.3


def check_agreement(company: Company, services: Services, tally: Tally) -> list[Check]:
    """Matching's tables against its events, and the projections of the other two against matching."""
    customers = [each.customer_id for each in company.customers]
    return [
        one(
            "matching's API says what its events say, for every payment",
            differences(tally, services.payments()),
        ),
        _agree(
            "the customers' ledgers add up to the events' open balance",
            lambda: _ledger_problems(company, services, tally, customers),
        ),
        _agree(
            "payment-ingest shows of every payment what matching made of it",
            lambda: _use_problems(company, services, tally),
        ),
        _agree(
            "invoicing shows of every document what matching says is open",
            lambda: _document_problems(services, tally, customers),
        ),
    ]


def _agree(what: str, ask: Callable[[], list[str]]) -> Check:
    deadline = time.monotonic() + AGREE_SECONDS_MAX
    while (problems := ask()) and time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)
    return one(what, problems)


def _ledger_problems(
    company: Company, services: Services, tally: Tally, customers: Sequence[str]
) -> list[str]:
    balances = [
        b
        for each in customers
        for b in services.ledger(each, limit=1)["balances"]
        if b["currency"] == CURRENCY
    ]
    total = sum((Decimal(balance["balance"]) for balance in balances), Decimal(0))
    parts = tally.open_balance(company.entity_id)
    expected = parts["invoices"] - parts["credit notes"] - parts["on account"]
    return [] if total == expected else [f"the ledgers add up to {total}, the events to {expected}"]


def _use_problems(company: Company, services: Services, tally: Tally) -> list[str]:
    problems = []
    for shown in services.incoming(company.account):
        if shown["direction"] != "credit":
            continue
        money = tally.money.get(shown["payment_id"])
        applied, kept = (
            sum((Decimal(use[name]) for use in shown["uses"]), Decimal(0))
            for name in ("applied", "on_account")
        )
        if money is None or (applied, kept) != (money.applied_in_all, money.on_account):
            problems.append(f"{shown['entry_ref']}: {applied} applied, {kept} on account")
    return problems


def _document_problems(services: Services, tally: Tally, customers: Sequence[str]) -> list[str]:
    problems, seen = [], 0
    for customer in customers:
        for shown in services.documents(customer):
            item = tally.items.get(f"{shown['entity_id']}:{shown['document_number']}")
            seen += 1
            if item is None or shown["open"] is None or Decimal(shown["open"]) != item.open:
                problems.append(f"{shown['document_number']}: open {shown['open']}")
    if seen != len(tally.items):
        problems.append(f"invoicing has {seen} documents, matching {len(tally.items)} items")
    return problems
