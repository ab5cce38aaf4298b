"""Payment-ingest's decisions and what they do to its state. Pure: the same arguments always give the same events."""

from lettra_payment_ingest.decider.accounts import close_account, close_day, register_account
from lettra_payment_ingest.decider.evolving import evolve, statement_row
from lettra_payment_ingest.decider.identities import Identities, identify_transactions
from lettra_payment_ingest.decider.statements import (
    Continuity,
    book,
    continuity,
    is_taken,
    need_open,
    quarantine,
    take_part,
)

__all__ = [
    "Continuity",
    "Identities",
    "book",
    "close_account",
    "close_day",
    "continuity",
    "evolve",
    "identify_transactions",
    "is_taken",
    "need_open",
    "quarantine",
    "register_account",
    "statement_row",
    "take_part",
]
