"""The order of the demo: what is done and shown, from the start of the servers to where to look further."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from lettra_events.contracts import decode
from lettra_events.envelope import LogEntry
from lettra_tools.demo import report
from lettra_tools.demo.agreement import check_agreement
from lettra_tools.demo.company import build_company
from lettra_tools.demo.history import Published, is_empty, read_history
from lettra_tools.demo.model import Company, Sale
from lettra_tools.demo.running import Life
from lettra_tools.demo.samples import ENTITY, sample_files, send_samples
from lettra_tools.demo.screen import Screen
from lettra_tools.demo.services import DemoFailed, Services, services_in
from lettra_tools.demo.sources import SIZES, DataError, invent_sales, of_size, read_late_payments
from lettra_tools.demo.stage import Stage, choose_folder, stage
from lettra_tools.demo.tally import Booked, Tally, fold_bookings, fold_matching
from lettra_tools.demo.truth import (
    Check,
    check_account,
    check_conservation,
    check_items,
    check_numbers,
    check_payments,
    one,
    outcomes,
)
from lettra_tools.demo.truth import Outcome as PaymentOutcome
from lettra_tools.demo.verifying import verify_services

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
        checks = [*_checks(company, life, found), *check_agreement(company, services, found.tally)]
    _show_results(screen, company, services, found)
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
    day = company.last_day + timedelta(days=3)
    services.close_day(day)
    services.await_processed(day, [company.entity_id, ENTITY])


def _read_back(company: Company, life: Life, kafka: str, screen: Screen, seed: int) -> Found:
    history = read_history(kafka, screen)
    tally = fold_matching(map(_event, history["matching"].entries))
    booked = fold_bookings(map(_event, history["payments"].entries))
    return Found(history, tally, booked, outcomes(company, life.documents, booked, tally, seed))


def _event(entry: LogEntry) -> Any:
    return decode(entry.event)


def _checks(company: Company, life: Life, found: Found) -> list[Check]:
    told, history = life.told, found.history
    parked = [
        f"{service}: {entry.event.stream_id}"
        for service, published in history.items()
        for entry in published.entries
        if entry.event.type.endswith(".KeyParked")
    ]
    currencies = sorted({money.currency for money in found.tally.money.values()})
    return [
        *check_payments(found.payments),
        check_items(company, life.documents, told.credited, found.tally, found.payments),
        one(
            "a file that comes twice changes nothing",
            [f"{told.taken_twice} taken twice"] * bool(told.taken_twice),
        ),
        check_account(company, found.booked, life.closing_balance),
        *(check_conservation(found.tally, currency) for currency in currencies),
        check_numbers(map(_event, history["invoicing"].entries), [*told.issued, *told.credited.values()]),
        one("no key is parked", parked),
    ]


def _show_results(screen: Screen, company: Company, services: Services, found: Found) -> None:
    screen.heading("What happened")
    report.show_events(screen, found.history)
    screen.heading(f"The payments of {company.name}")
    report.show_payments(screen, found.payments)
    money = [each for each in found.tally.money.values() if each.entity_id == company.entity_id]
    report.show_match_rate(screen, money)
    report.show_proposals(screen, money)
    screen.heading("What is open")
    report.show_balance(screen, company, found.tally)
    for customer in report.choose_ledgers(found.tally, company.entity_id):
        report.show_ledger(screen, services.ledger(customer))


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
