"""What payment-ingest publishes on `ar.payments.events`."""

from lettra_events.contracts.payments.accounts import (
    BankAccountClosed,
    BankAccountRegistered,
    CsvMappingRegistered,
    FeedStale,
    PaymentsDayClosed,
    StatementMissing,
    ThroughDate,
)
from lettra_events.contracts.payments.announcements import (
    AnnouncementReplaced,
    AnnouncementWithdrawn,
    PaymentAnnounced,
)
from lettra_events.contracts.payments.collections import (
    AdviceLine,
    PayoutRegistered,
    PayoutSettled,
    RemittanceAdviceLinked,
    RemittanceAdviceReceived,
)
from lettra_events.contracts.payments.statements import (
    AccountLine,
    StatementBooked,
    StatementDismissed,
    StatementPartTaken,
    StatementQuarantined,
    StatementReleased,
)
from lettra_events.contracts.payments.transactions import (
    DebitBooked,
    Method,
    PaymentDetailed,
    PaymentPart,
    PaymentReceived,
    PaymentReturned,
)

__all__ = [
    "AccountLine",
    "AdviceLine",
    "AnnouncementReplaced",
    "AnnouncementWithdrawn",
    "BankAccountClosed",
    "BankAccountRegistered",
    "CsvMappingRegistered",
    "DebitBooked",
    "FeedStale",
    "Method",
    "PaymentAnnounced",
    "PaymentDetailed",
    "PaymentPart",
    "PaymentReceived",
    "PaymentReturned",
    "PaymentsDayClosed",
    "PayoutRegistered",
    "PayoutSettled",
    "RemittanceAdviceLinked",
    "RemittanceAdviceReceived",
    "StatementBooked",
    "StatementDismissed",
    "StatementMissing",
    "StatementPartTaken",
    "StatementQuarantined",
    "StatementReleased",
    "ThroughDate",
]
