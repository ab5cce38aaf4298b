"""Decisions on bank accounts and business dates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from lettra_events.contracts import Event
from lettra_events.contracts.payments import (
    BankAccountClosed,
    BankAccountRegistered,
    CsvMappingRegistered,
    PaymentsDayClosed,
    ThroughDate,
)
from lettra_events.service.closing import is_closed
from lettra_events.service.rejection import Rejected
from lettra_payment_ingest.domain import Account, Calendar, RegisterAccount


def register_account(command: RegisterAccount, existing: Account | None) -> list[Event]:
    """A new account, or one that was closed and opens again, or another cadence of it.

    Registered before with the same data: nothing. An account never changes its legal entity: its payments bear it.
    """
    if existing is not None and existing.entity_id != command.entity_id:
        raise Rejected(
            "account-exists",
            f"{command.account} in {command.currency} is an account of {existing.entity_id}",
            status=409,
            field="entity_id",
        )
    if existing is not None and not existing.closed and existing.cadence_days == command.cadence_days:
        return []
    return [BankAccountRegistered(**command.model_dump())]


def close_account(account: str, currency: str, existing: Account | None) -> list[Event]:
    """No further statement of the account is expected. Closed before: nothing."""
    if existing is None:
        raise Rejected("unknown-account", f"there is no account {account} in {currency}", status=404)
    if existing.closed:
        return []
    if existing.unfinished is not None:
        raise Rejected(
            "statement-unfinished",
            f"a statement of {account} is half taken; send its file again first",
            status=409,
        )
    return [BankAccountClosed(account=account, currency=currency, entity_id=existing.entity_id)]


def register_mapping(account: Account, mapping: str) -> list[Event]:
    """Another way to read the account's CSV files; the same as before: nothing."""
    if account.mapping == mapping:
        return []
    return [
        CsvMappingRegistered(
            account=account.account, currency=account.currency, entity_id=account.entity_id, mapping=mapping
        )
    ]


def close_day(business_date: date, calendar: Calendar, open_accounts: Sequence[Account]) -> list[Event]:
    """The end of a business date, with what is known of every open account. Closed before: nothing."""
    if is_closed(business_date, calendar.closed_date):
        return []
    through_dates = tuple(
        ThroughDate(
            entity_id=each.entity_id,
            account=each.account,
            currency=each.currency,
            through_date=each.through_date,
        )
        for each in sorted(open_accounts, key=lambda each: (each.account, each.currency))
    )
    entities = tuple(sorted({each.entity_id for each in open_accounts}))
    return [PaymentsDayClosed(business_date=business_date, entities=entities, through_dates=through_dates)]
