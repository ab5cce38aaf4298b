"""Payment-ingest's decisions and what they do to its state. Pure: the same arguments always give the same events."""

from lettra_payment_ingest.decider.accounts import (
    close_account,
    close_day,
    register_account,
    register_mapping,
)
from lettra_payment_ingest.decider.evolving import evolve, resolved_by, statement_row
from lettra_payment_ingest.decider.identities import Identities, Told, identify_transactions
from lettra_payment_ingest.decider.statements import (
    Continuity,
    book,
    continuity,
    contradiction,
    dismiss,
    is_taken,
    need_open,
    need_quarantined,
    part_taken,
    quarantine,
    quarantine_for,
    release,
)

__all__ = [
    "Continuity",
    "Identities",
    "Told",
    "book",
    "close_account",
    "close_day",
    "continuity",
    "contradiction",
    "dismiss",
    "evolve",
    "identify_transactions",
    "is_taken",
    "need_open",
    "need_quarantined",
    "part_taken",
    "quarantine",
    "quarantine_for",
    "register_account",
    "register_mapping",
    "release",
    "resolved_by",
    "statement_row",
]
