"""Bank accounts, and up to which day each is known."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from lettra_events.contracts._registry import Event, contract
from lettra_events.money import CurrencyCode


@contract("payments.BankAccountRegistered")
class BankAccountRegistered(Event):
    """A bank account of a legal entity whose statements are read; `cadence_days`: how often one comes."""

    account: str
    currency: CurrencyCode
    entity_id: str
    cadence_days: int = Field(default=1, ge=1, le=92)

    def stream_id(self) -> str:
        return f"account:{self.account}:{self.currency}"

    def key(self) -> str:
        return f"entity:{self.entity_id}"


@contract("payments.BankAccountClosed")
class BankAccountClosed(Event):
    """No further statement of this account is expected."""

    account: str
    currency: CurrencyCode
    entity_id: str

    def stream_id(self) -> str:
        return f"account:{self.account}:{self.currency}"

    def key(self) -> str:
        return f"entity:{self.entity_id}"


@contract("payments.CsvMappingRegistered")
class CsvMappingRegistered(Event):
    """How the columns of this account's CSV files are to be read: `mapping` is the TOML that a person wrote."""

    account: str
    currency: CurrencyCode
    entity_id: str
    mapping: str

    def stream_id(self) -> str:
        return f"account:{self.account}:{self.currency}"

    def key(self) -> str:
        return f"entity:{self.entity_id}"


@contract("payments.FeedStale")
class FeedStale(Event):
    """At the close of a business date a statement was due by the account's cadence, and has not come. Once a gap."""

    entity_id: str
    account: str
    currency: CurrencyCode
    business_date: date
    through_date: date | None = Field(default=None, description="up to which day the account is known")
    due_by: date = Field(description="the day by which the next statement should have come")

    def stream_id(self) -> str:
        return f"account:{self.account}:{self.currency}"

    def key(self) -> str:
        return f"entity:{self.entity_id}"


@contract("payments.StatementMissing")
class StatementMissing(Event):
    """Statements came that lie behind a gap: between these days something is missing, or in doubt. Once a gap."""

    entity_id: str
    account: str
    currency: CurrencyCode
    business_date: date
    after: date | None = Field(default=None, description="up to which day the account is known")
    before: date = Field(description="where the first statement behind the gap begins")
    reason: str

    def stream_id(self) -> str:
        return f"account:{self.account}:{self.currency}"

    def key(self) -> str:
        return f"entity:{self.entity_id}"


class ThroughDate(BaseModel):
    """Up to which day an account's statements are known without a gap; null: none came yet."""

    model_config = ConfigDict(frozen=True)

    entity_id: str
    account: str
    currency: CurrencyCode
    through_date: date | None


@contract("payments.DayClosed", broadcast=True)
class PaymentsDayClosed(Event):
    """Everything payment-ingest took by the close of the business date stands before this in every partition."""

    business_date: date
    entities: tuple[str, ...]
    through_dates: tuple[ThroughDate, ...]

    def stream_id(self) -> str:
        return "days"
