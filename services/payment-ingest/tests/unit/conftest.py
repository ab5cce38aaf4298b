"""What unit tests of the service share: a bank account, and a history that grows with each statement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from bank_files import ACCOUNT, Stmt, prepared, prepared_file

from lettra_events.contracts import Event
from lettra_events.contracts.payments import BankAccountRegistered, DebitBooked, PaymentReceived
from lettra_events.decisions.workspace import Workspace
from lettra_events.testing.given import Outcome, given
from lettra_payment_ingest.decider import evolve
from lettra_payment_ingest.domain import ACCOUNTS, Account
from lettra_payment_ingest.handlers import Announced, Memory, Step, announce, take_statement
from lettra_payment_ingest.handlers.announcing import coming
from lettra_payment_ingest.preparing import Prepared, Report

E = TypeVar("E", bound=Event)

REGISTERED = BankAccountRegistered(account=ACCOUNT, currency="EUR", entity_id="FR01")


@dataclass
class History:
    """The service's events so far; every decision is taken on the state that they fold into."""

    events: list[Event] = field(default_factory=lambda: [REGISTERED])

    def step(self, statement: Prepared, size: int = 500, memory: Memory | None = None) -> Outcome:
        """One decision on a statement; `memory` as a running import has it, else as after a restart."""
        outcome = given(evolve, *self.events).when(
            lambda w: take_statement(w, statement, memory or Memory(), size)
        )
        self.events += outcome.events
        return outcome

    def take_prepared(self, statement: Prepared, size: int = 500) -> Step:
        """Decide on a statement until it is at its end; the last step, with the payments of all of them."""
        new = 0
        while True:
            outcome = self.step(statement, size)
            if outcome.error is not None:
                raise outcome.error
            new += outcome.result.new
            if outcome.result.outcome != "taking":
                return Step(outcome.result.outcome, outcome.result.account, new)

    def take(self, *statements: Stmt) -> list[Step]:
        """Take these statements, each sent in a file of its own."""
        return [self.take_prepared(*prepared(statement)) for statement in statements]

    def announce(self, data: bytes) -> Announced:
        """Take a report or a notification."""
        (report,) = prepared_file(data)
        assert isinstance(report, Report)
        return self.announce_report(report)

    def announce_report(self, report: Report) -> Announced:
        groups = list(coming(report))
        outcome = given(evolve, *self.events).when(lambda w: announce(w, report, groups, Announced()))
        assert outcome.error is None, outcome.error
        self.events += outcome.events
        done: Announced = outcome.result
        return done

    def do(self, command: Callable[[Workspace], Any]) -> Outcome:
        """Any command."""
        outcome = given(evolve, *self.events).when(command)
        self.events += outcome.events
        return outcome

    def of(self, kind: type[E]) -> list[E]:
        """The events of this type so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def answer(self, statement: Stmt) -> Step:
        """Take a statement of one part, and give the whole answer."""
        outcome = self.step(*prepared(statement))
        assert outcome.error is None
        step: Step = outcome.result
        return step

    @property
    def payments(self) -> list[PaymentReceived | DebitBooked]:
        return [event for event in self.events if isinstance(event, PaymentReceived | DebitBooked)]

    @property
    def account(self) -> Account:
        found = given(evolve, *self.events).workspace.get(ACCOUNTS, ACCOUNT, "EUR")
        assert found is not None
        return found


@pytest.fixture
def history() -> History:
    """A registered account, of which nothing came yet."""
    return History()
