"""The order of the demo: what is done and shown, from the start of the servers to where to look further."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from lettra_events.contracts import decode
from lettra_events.envelope import LogEntry
from lettra_tools.demo import report
from lettra_tools.demo.acting import Act, act, check_acts, choose_acts
from lettra_tools.demo.agreement import check_agreement
from lettra_tools.demo.company import build_company
from lettra_tools.demo.history import Published, is_empty, read_history
from lettra_tools.demo.model import CURRENCY, Company, Sale
from lettra_tools.demo.running import Life
from lettra_tools.demo.samples import ENTITY, sample_files, send_samples
from lettra_tools.demo.screen import Screen
from lettra_tools.demo.services import DemoFailed, Services, services_in
from lettra_tools.demo.sources import SIZES, DataError, invent_sales, of_size, read_late_payments
from lettra_tools.demo.stage import Stage, choose_folder, stage
from lettra_tools.demo.tally import Booked, Money, Tally, fold_bookings, fold_matching, owed_on
from lettra_tools.demo.truth import (
    Check,
    check_account,
    check_all_occur,
    check_announced,
    check_conservation,
    check_items,
    check_not_wrong,
    check_numbers,
    check_payments,
    one,
    outcomes,
)
from lettra_tools.demo.truth import Outcome as PaymentOutcome
from lettra_tools.demo.verifying import verify_services
from lettra_tools.reviewing import Ledgers

LATE_PAYMENTS = Path("receivables") / "ibm-late-payments.csv"
DEFAULT_DATA = Path("..") / "shared" / "data"
REPOSITORY = Path(__file__).parents[4]


@dataclass(frozen=True)
class Plan:
    """What was asked for; `data` is the folder of public data, None where there are none."""

    size: Literal["full", "small"]
    seed: int
    folder: Path | None
    data: Path | None
    keep: bool


@dataclass
class Timings:
    """Seconds by what they went to."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def of(self, what: str) -> Iterator[None]:
        """Take the time of a block."""
        begun = time.monotonic()
        yield
        self.seconds[what] = time.monotonic() - begun


@dataclass(frozen=True)
class Found:
    """What was read back at the end."""

    history: Mapping[str, Published]
    tally: Tally
    booked: Booked
    payments: list[PaymentOutcome]


def find_data(named: str | None) -> Path | None:
    """The folder of public data: the one named, else the usual one if it is there. Named empty: none."""
    if named is None:
        usual = (REPOSITORY / DEFAULT_DATA).resolve()
        return usual if (usual / LATE_PAYMENTS).is_file() else None
    if not named:
        return None
    if not (Path(named) / LATE_PAYMENTS).is_file():
        raise DataError(
            f"LETTRA_DATA names {named}, where there is no {LATE_PAYMENTS}. Correct it, or set it to nothing."
        )
    return Path(named)


def direct(plan: Plan, screen: Screen) -> bool:
    """The whole demo; whether all that must hold holds."""
    begun = time.monotonic()
    company = build_company(of_size(_sales(plan), SIZES[plan.size]), plan.seed)
    folder = choose_folder(plan.folder)
    timings = Timings()
    screen.heading("Starting PostgreSQL, Kafka and the services")
    with stage(folder, screen, is_ours=plan.folder is None) as on:
        timings.seconds["start"] = time.monotonic() - begun
        _show_stack(screen, on)
        with services_in(folder) as services:
            holds, life = _run(plan, company, services, on, screen, timings)
        timings.seconds["in all"] = time.monotonic() - begun
        screen.heading("How long it took")
        report.show_timings(screen, timings.seconds, life.told)
        on.keep = plan.keep
        _show_further(screen, on, plan)
    return holds


def _sales(plan: Plan) -> list[Sale]:
    return read_late_payments(plan.data / LATE_PAYMENTS) if plan.data else invent_sales(plan.seed)


def _source(plan: Plan) -> str:
    if plan.data:
        return f"Sales and settlements of the public {LATE_PAYMENTS.name}; names, IBANs and remittances are invented."
    return f"No public data (LETTRA_DATA): a company that the demo invents itself, from seed {plan.seed}."


def _run(
    plan: Plan, company: Company, services: Services, on: Stage, screen: Screen, timings: Timings
) -> tuple[bool, Life]:
    """Everything between the start and the stop of the servers."""
    kafka = _kafka(on)
    if not is_empty(kafka):
        raise DemoFailed(
            "The servers that LETTRA_POSTGRES and LETTRA_KAFKA name hold a history. Name empty ones."
        )
    screen.heading("The company")
    report.show_company(screen, company, _source(plan))
    life = Life(company, plan.seed, services, on.folder / "demo")
    with timings.of("the company"):
        life.begin()
        life.live(screen)
    report.show_life(screen, life.told)
    with timings.of("bank files of others"):
        _send_samples(plan, company, services, screen)
    with timings.of("reading and checking"):
        found = _read_back(company, life, kafka, screen, plan.seed)
    _show_results(screen, company, services, found)
    with timings.of("a person at work"):
        acts = _let_a_person_work(screen, company, services, found)
    with timings.of("reading and checking again"):
        end = _read_back(company, life, kafka, screen, plan.seed)
        balances = _show_end(screen, company, services, end)
        checks = [
            *_checks(company, life, found, end),
            *check_acts(acts, end.tally),
            _check_aged(company, end, balances),
            *check_agreement(company, services, end.tally),
        ]
    screen.heading("What must hold")
    with timings.of("verify"):
        verdicts = verify_services(on.folder, screen)
    return report.show_checks(screen, checks, verdicts), life


def _send_samples(plan: Plan, company: Company, services: Services, screen: Screen) -> None:
    files = sample_files(plan.data) if plan.data else []
    if not files:
        return
    screen.heading("Bank files of others, sent as they are")
    report.show_samples(screen, send_samples(files, services, screen))
    day = _today(company)
    services.close_day(day)
    services.await_processed(day, [company.entity_id, ENTITY])


def _read_back(company: Company, life: Life, kafka: str, screen: Screen, seed: int) -> Found:
    history = read_history(kafka, screen)
    tally = fold_matching(map(_event, history["matching"].entries))
    booked = fold_bookings(map(_event, history["payments"].entries))
    return Found(history, tally, booked, outcomes(company, life.documents, booked, tally, seed))


def _event(entry: LogEntry) -> Any:
    return decode(entry.event)


def _checks(company: Company, life: Life, found: Found, end: Found) -> list[Check]:
    """`found`: as it was left by matching alone; `end`: once a person has been at work."""
    told, history = life.told, end.history
    parked = [
        f"{service}: {entry.event.stream_id}"
        for service, published in history.items()
        for entry in published.entries
        if entry.event.type.endswith(".KeyParked")
    ]
    currencies = sorted({money.currency for money in end.tally.money.values()})
    return [
        *check_payments(found.payments),
        check_all_occur(_money_of(company, found)),
        check_announced(company, told, end.booked),
        check_not_wrong("none applied wrong after what a person did, either", end.payments),
        check_items(company, life.documents, told.credited, end.tally, end.payments),
        one(
            "a file that comes twice changes nothing",
            [f"{told.taken_twice} taken twice"] * bool(told.taken_twice),
        ),
        check_account(company, end.booked, life.closing_balance),
        *(check_conservation(end.tally, currency) for currency in currencies),
        check_numbers(map(_event, history["invoicing"].entries), [*told.issued, *told.credited.values()]),
        one("no key is parked", parked),
    ]


def _show_results(screen: Screen, company: Company, services: Services, found: Found) -> None:
    screen.heading("What happened")
    report.show_events(screen, found.history)
    screen.heading(f"The payments of {company.name}")
    report.show_payments(screen, found.payments)
    money = _money_of(company, found)
    screen.heading("Matched by rule, without a person")
    report.show_rules(screen, money)
    screen.heading("Held, and why")
    report.show_held(screen, money)
    screen.heading("What a person would review")
    proposals = services.proposals(company.entity_id)
    report.show_proposals(screen, proposals, Ledgers(services.matching), company.entity_id)


def _money_of(company: Company, found: Found) -> list[Money]:
    return [each for each in found.tally.money.values() if each.entity_id == company.entity_id]


def _today(company: Company) -> date:
    """The Monday behind the last week."""
    return company.last_day + timedelta(days=3)


def _let_a_person_work(screen: Screen, company: Company, services: Services, found: Found) -> list[Act]:
    screen.heading("A person confirms one, refuses one and undoes one")
    acts = choose_acts(found.payments, found.tally, services.proposals(company.entity_id))
    act(acts, services, _today(company), screen)
    return acts


def _show_end(
    screen: Screen, company: Company, services: Services, end: Found
) -> dict[date, list[dict[str, Any]]]:
    """What is open at the end, and what was; the aged balances that were shown."""
    screen.heading("What is open")
    report.show_balance(screen, company, end.tally)
    for customer in report.choose_ledgers(end.tally, company.entity_id):
        report.show_ledger(screen, services.ledger(customer))
    screen.say("Aged balance (balance âgée), as of today and of an earlier day, by days overdue:")
    middle = company.first_day + (company.last_day - company.first_day) / 2
    days = (_today(company), middle)
    balances = {day: services.aged_balance(company.entity_id, day) for day in days}
    report.show_aged(screen, balances)
    return balances


def _check_aged(company: Company, end: Found, balances: dict[date, list[dict[str, Any]]]) -> Check:
    events = [_event(entry) for entry in end.history["matching"].entries]
    problems = []
    for day, totals in balances.items():
        shown = sum(
            (Decimal(total["total"]) for total in totals if total["currency"] == CURRENCY), Decimal(0)
        )
        owed = owed_on(events, company.entity_id, day)
        if shown != owed:
            problems.append(f"as of {day} it says {shown:,}, and the events {owed:,}")
    return one("the aged balance of each day is the sum of all movements up to it", problems)


def _kafka(on: Stage) -> str:
    assert on.state.kafka is not None, "a stack that is up has a broker"
    return on.state.kafka.address


def _show_stack(screen: Screen, on: Stage) -> None:
    for service in on.state.services:
        processes = ", ".join(f"{'+'.join(each.roles)} as process {each.pid}" for each in service.processes)
        screen.say(f"{service.name:<15} {service.url}   {processes}")


def _show_further(screen: Screen, on: Stage, plan: Plan) -> None:
    screen.heading("Where to look further")
    if plan.keep:
        folder = os.path.relpath(on.folder)
        for service in on.state.services:
            screen.say(f"{service.name:<15} {service.url}/docs")
        screen.say(f"Files that were sent: {on.folder / 'demo'}; send one again with")
        screen.say(f"  lettra import statement {folder}/demo/bank/*.xml --folder {folder}")
        screen.say(f"Review what waits for a person: lettra review --folder {folder}")
        screen.say(f"Everything is left up. Stop it with: lettra down --folder {folder}")
    else:
        screen.say(
            "KEEP=1 make demo leaves everything up and prints the addresses of the APIs, with /docs to try them."
        )
    screen.say("README.md: the two commands, the operator's command, what each service does.")
    screen.say(
        "docs/events/README.md: every event and its schema. docs/architecture.md: what must hold, and why."
    )
    screen.say("tools/README.md: what this demo shows and how it is built.")
