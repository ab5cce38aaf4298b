"""The policy that a company starts with, as data: what is usual in France, for the credit manager to change. Pure.

By law a formal notice (mise en demeure) needs no reminder before it, and late interest none either (C. com. art.
L441-10, II): the steps before are tact.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from lettra_dunning.domain.policy import Policy
from lettra_dunning.domain.reading_policy import read_policy

NIGHT = {"start": "18:30", "end": "08:30"}
PRE_DUE = {
    "name": "pre_due",
    "kind": "pre_due_reminder",
    "level": 10,
    "offset_days": -7,
    "template": "pre_due_reminder",
    "tone": "friendly",
    "minimum_interval_days": 7,
}
FIRST = {
    "name": "reminder_1",
    "kind": "reminder",
    "level": 20,
    "offset_days": 5,
    "template": "unpaid_invoices",
    "tone": "courteous",
    "minimum_interval_days": 7,
}
SECOND = {**FIRST, "name": "reminder_2", "level": 30, "offset_days": 15, "tone": "firm"}
CALL = {
    "name": "call",
    "kind": "call_task",
    "level": 40,
    "offset_days": 22,
    "channel": "call",
    "template": "call_unpaid_invoices",
    "tone": "firm",
    "minimum_interval_days": 5,
}
NOTICE = {
    "name": "formal_notice",
    "kind": "formal_notice",
    "level": 50,
    "offset_days": 30,
    "channel": "registered_letter",
    "template": "formal_notice",
    "tone": "formal",
    "minimum_interval_days": 7,
    "claims": True,
}
HANDOVER = {
    "name": "handover",
    "kind": "handover",
    "level": 60,
    "offset_days": 60,
    "template": "handover_file",
    "tone": "formal",
    "minimum_interval_days": 15,
    "then": "stop",
}
STANDARD: dict[str, Any] = {
    "steps": [PRE_DUE, FIRST, SECOND, CALL, NOTICE, HANDOVER],
    "frequency_cap": {"messages": 4, "days": 30},
    "quiet": NIGHT,
    "feed_days": 1,
    "promising": {"grace_days": 2, "days_max": 45},
    "statement": {"day_of_month": 5, "template": "statement_of_account", "minimum_interval_days": 7},
    "silence_messages": 2,
}
KEY_ACCOUNT: dict[str, Any] = {
    **STANDARD,
    "steps": [
        {**FIRST, "offset_days": 7, "tone": "friendly"},
        {**CALL, "level": 25, "offset_days": 12, "tone": "courteous"},
        {**SECOND, "offset_days": 20, "tone": "courteous", "then": "stop"},
    ],
}
"""Who buys most is called early, and no formal notice goes out by itself."""
PUBLIC: dict[str, Any] = {
    **STANDARD,
    "steps": [
        {**FIRST, "offset_days": 10},
        {**SECOND, "offset_days": 30},
        {**NOTICE, "offset_days": 60, "then": "stop"},
    ],
}
"""A public buyer pays through an accountant: slower, and surely; a file for the courts is never made by itself."""
PRIVATE: dict[str, Any] = {
    **STANDARD,
    "steps": [PRE_DUE, FIRST, SECOND, {**NOTICE, "channel": "letter", "claims": False, "then": "stop"}],
    "frequency_cap": {"messages": 3, "days": 30},
    "quiet": {"start": "18:00", "end": "09:00"},
    "statement": None,
}
"""Private persons: no 40 EUR and none of L441-10; fewer messages, and later in the morning."""
DEFAULT: dict[str, Any] = {
    "version": 1,
    "default_segment": "standard",
    "time_zone": "Europe/Paris",
    "segments": {
        "standard": STANDARD,
        "key_account": KEY_ACCOUNT,
        "public": PUBLIC,
        "private": PRIVATE,
    },
    "at_risk": [
        {"from_days_late": 0, "share": "0.01"},
        {"from_days_late": 31, "share": "0.05"},
        {"from_days_late": 61, "share": "0.15"},
        {"from_days_late": 91, "share": "0.30"},
        {"from_days_late": 181, "share": "0.50"},
    ],
}
"""`at_risk` is a guess to rank by until a score is known, not an experience of anyone's."""


def default_policy(effective_from: date) -> Policy:
    """Version 1, from this business date on."""
    return read_policy({**DEFAULT, "effective_from": effective_from})
