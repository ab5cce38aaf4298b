"""Accounts and business dates: what is decided, what is refused."""

from __future__ import annotations

from datetime import date

import pytest
from bank_files import ACCOUNT, OTHER_ACCOUNT, Entry, Stmt, prepared
from pydantic import ValidationError

from lettra_events.contracts.payments import (
    BankAccountClosed,
    BankAccountRegistered,
    PaymentsDayClosed,
    ThroughDate,
)
from lettra_events.testing.given import given
from lettra_payment_ingest import handlers
from lettra_payment_ingest.decider import evolve
from lettra_payment_ingest.decider.announcing import Policy
from lettra_payment_ingest.domain import ACCOUNTS, RegisterAccount

REGISTER = RegisterAccount(account=ACCOUNT, currency="EUR", entity_id="FR01", cadence_days=1)
REGISTERED = BankAccountRegistered(account=ACCOUNT, currency="EUR", entity_id="FR01", cadence_days=1)
CLOSED = BankAccountClosed(account=ACCOUNT, currency="EUR", entity_id="FR01")
OTHER = BankAccountRegistered(account=OTHER_ACCOUNT, currency="EUR", entity_id="DE01", cadence_days=7)
DAY = date(2026, 3, 2)


def close(workspace):
    return handlers.close_account(workspace, ACCOUNT, "EUR")


def through(account: str, entity_id: str, day: date | None) -> ThroughDate:
    return ThroughDate(account=account, currency="EUR", entity_id=entity_id, through_date=day)


class TestAccounts:
    def test_a_new_account_is_registered(self):
        outcome = given(evolve).when(lambda w: handlers.register_account(w, REGISTER)).then(REGISTERED)
        assert outcome.result.created is True

    def test_registering_twice_changes_nothing(self):
        outcome = given(evolve, REGISTERED).when(lambda w: handlers.register_account(w, REGISTER))
        assert outcome.then_nothing().result.created is False

    def test_another_cadence_is_recorded(self):
        weekly = REGISTER.model_copy(update={"cadence_days": 7})
        outcome = given(evolve, REGISTERED).when(lambda w: handlers.register_account(w, weekly))
        outcome.then(REGISTERED.model_copy(update={"cadence_days": 7}))
        assert outcome.row(ACCOUNTS, ACCOUNT, "EUR").cadence_days == 7

    def test_an_account_does_not_change_its_legal_entity(self):
        """Its payments bear the entity: a second answer would put money into two ledgers."""
        other = REGISTER.model_copy(update={"entity_id": "FR02"})
        outcome = given(evolve, REGISTERED).when(lambda w: handlers.register_account(w, other))
        outcome.then_refused("account-exists", "entity_id")

    def test_the_same_number_in_another_currency_is_another_account(self):
        dollars = REGISTER.model_copy(update={"currency": "USD"})
        outcome = given(evolve, REGISTERED).when(lambda w: handlers.register_account(w, dollars))
        outcome.then(REGISTERED.model_copy(update={"currency": "USD"}))

    def test_it_is_closed_once(self):
        given(evolve, REGISTERED).when(close).then(CLOSED)
        outcome = given(evolve, REGISTERED, CLOSED).when(close).then_nothing()
        assert outcome.result.created is False

    def test_an_unknown_account_cannot_be_closed(self):
        given(evolve).when(close).then_refused("unknown-account")

    def test_registered_again_it_is_open_and_knows_what_it_knew(self, history):
        history.take(Stmt(2, "100", [Entry("10")]))
        outcome = given(evolve, *history.events, CLOSED).when(
            lambda w: handlers.register_account(w, REGISTER)
        )
        reopened = outcome.then(REGISTERED).row(ACCOUNTS, ACCOUNT, "EUR")
        assert (reopened.closed, reopened.through_date) == (False, DAY)

    def test_it_is_not_closed_while_a_statement_is_half_taken(self, history):
        history.step(*prepared(Stmt(2, "100", [Entry("1"), Entry("2")])), size=1)
        given(evolve, *history.events).when(close).then_refused("statement-unfinished")

    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("fr76 3000 6000 0112 3456 7890 189", ACCOUNT),
            ("US-ACCT-0099", "US-ACCT-0099"),
            ("1234/56 78", "1234/56 78"),
        ],
    )
    def test_numbers_are_taken(self, written, meant):
        assert RegisterAccount(account=written, currency="EUR", entity_id="E").account == meant

    @pytest.mark.parametrize(
        "wrong", ["FR7630006000011234567890188", "FR76 3000 6000 01", "", "a" * 35, "x\ny", "-1"]
    )
    def test_numbers_are_refused(self, wrong):
        with pytest.raises(ValidationError, match="account"):
            RegisterAccount(account=wrong, currency="EUR", entity_id="E")


POLICY = Policy(known_days=5, days_max=30)


class TestDays:
    def test_a_day_closes_with_what_is_known_of_every_open_account(self, history):
        history.take(Stmt(2, "100", [Entry("10")]))
        outcome = given(evolve, *history.events, OTHER).when(lambda w: handlers.close_day(w, DAY, POLICY))
        outcome.then(
            PaymentsDayClosed(
                business_date=DAY,
                entities=("DE01", "FR01"),
                through_dates=(through(OTHER_ACCOUNT, "DE01", None), through(ACCOUNT, "FR01", DAY)),
            )
        )

    def test_closed_accounts_are_not_waited_for(self):
        outcome = given(evolve, REGISTERED, OTHER, CLOSED).when(lambda w: handlers.close_day(w, DAY, POLICY))
        (event,) = outcome.events
        assert isinstance(event, PaymentsDayClosed)
        assert (event.entities, event.through_dates) == (("DE01",), (through(OTHER_ACCOUNT, "DE01", None),))

    def test_a_day_closes_once(self):
        day_closed = PaymentsDayClosed(business_date=DAY, entities=(), through_dates=())
        outcome = given(evolve, day_closed).when(lambda w: handlers.close_day(w, DAY, POLICY))
        assert outcome.then_nothing().result.created is False

    def test_days_only_go_forward(self):
        day_closed = PaymentsDayClosed(business_date=DAY, entities=(), through_dates=())
        outcome = given(evolve, day_closed).when(lambda w: handlers.close_day(w, date(2026, 3, 1), POLICY))
        outcome.then_refused("day-already-closed", "business_date")
