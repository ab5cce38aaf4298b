"""Payment-ingest's commands: load what the decision needs, decide, append. Synchronous, over a workspace."""

from lettra_payment_ingest.handlers.accounts import (
    AccountClosed,
    Closed,
    Mapped,
    Registered,
    close_account,
    close_day,
    register_account,
    register_mapping,
)
from lettra_payment_ingest.handlers.advising import Advised, advise, link_advice
from lettra_payment_ingest.handlers.announcing import Announced, announce
from lettra_payment_ingest.handlers.collecting import Collected, register_payout
from lettra_payment_ingest.handlers.paying import Recorded, Returned, payment_id, record_payment, say_returned
from lettra_payment_ingest.handlers.statements import (
    Memory,
    Resolved,
    Step,
    dismiss_statement,
    identify_ahead,
    release_statement,
    take_statement,
    why_refused,
)

__all__ = [
    "AccountClosed",
    "Advised",
    "Announced",
    "Closed",
    "Collected",
    "Mapped",
    "Memory",
    "Recorded",
    "Registered",
    "Resolved",
    "Returned",
    "Step",
    "advise",
    "announce",
    "close_account",
    "close_day",
    "dismiss_statement",
    "identify_ahead",
    "link_advice",
    "payment_id",
    "record_payment",
    "register_account",
    "register_mapping",
    "register_payout",
    "release_statement",
    "say_returned",
    "take_statement",
    "why_refused",
]
