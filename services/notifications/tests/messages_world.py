"""What tests say of messages: a draft of a mail, and the mail that it makes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from lettra_notifications.messages.mail import Draft, Mail, Postmark, build
from lettra_notifications.templates.checking import preview
from lettra_notifications.templates.examples import example

DOMAIN = "mail.lumiere.example"
FIRM = example("fr", "reminder", "firm")
DRAFT = Draft(
    request_id=FIRM.request_id,
    case_id=FIRM.case_id,
    filled=preview(("fr", "reminder", "firm")),
    sender=FIRM.sender,
    postmark=Postmark("compta@lumiere.example", DOMAIN),
    to_name="Zoé Müller",
    to_address="zoe@client.example",
    date=datetime(2026, 4, 20, 9, 0, tzinfo=UTC),
)


def mail(**changes: Any) -> Mail:
    return build(replace(DRAFT, **changes))


def request_id(number: int) -> UUID:
    return UUID(int=number)
