"""The words that requests, templates and channels have in common."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

Language = Literal["fr", "en"]
Channel = Literal["email", "sms", "letter", "call", "webhook"]
DebtorClass = Literal["company", "public", "private"]
Step = Literal[
    "invoice",
    "credit_note",
    "statement",
    "pre_due",
    "reminder",
    "formal_notice",
    "promise_confirmed",
    "promise_broken",
    "thanks",
]
Tone = Literal["neutral", "friendly", "firm"]
"""Reminders are friendly or firm, everything else is neutral."""

STEPS: tuple[Step, ...] = (
    *("invoice", "credit_note", "statement", "pre_due", "reminder"),
    *("formal_notice", "promise_confirmed", "promise_broken", "thanks"),
)
TONES: dict[Step, tuple[Tone, ...]] = dict.fromkeys(STEPS, ("neutral",)) | {"reminder": ("friendly", "firm")}
LANGUAGES: tuple[Language, ...] = ("fr", "en")
DEBTOR_CLASSES: tuple[DebtorClass, ...] = ("company", "public", "private")

ASKS_FOR_MONEY: frozenset[Step] = frozenset(
    {"statement", "pre_due", "reminder", "formal_notice", "promise_broken"}
)
"""Steps that go out only while every item that they list is open as listed, undisputed and unheld."""

DEDUPLICATES: frozenset[Channel] = frozenset({"sms", "letter", "call", "webhook"})
"""Channels whose other side drops a repeat: by a key over HTTP, by a file's name. SMTP does not."""


def one_line(value: str) -> str:
    """The text as it is; ValueError where a character of it could break a header, a line or the order of reading."""
    for character in value:
        if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in _REORDERS:
            raise ValueError("a text of one line, without control characters")
    return value


_REORDERS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(one_line)]
Reference = Annotated[str, Field(pattern=r"^RF[0-9]{2}[A-Z0-9]{1,21}$")]
"""An ISO 11649 creditor reference, without blanks; its check digits were computed by invoicing."""
