"""Letters and statements of account as PDF: the same request and date give the same bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from importlib import resources

from lettra_documents.epc import epc_svg
from lettra_documents.typesetting import typeset
from lettra_notifications.domain.requests import Sender
from lettra_notifications.messages.writing import imprint
from lettra_notifications.templates.filling import Filled, Payment
from lettra_notifications.templates.sources import ITEMS, PAYMENT
from lettra_notifications.templates.wording import LABELS
from lettra_notifications.templates.written import day

_LONG_ROWS = 100


def letter(filled: Filled, sender: Sender, recipient: Sequence[str], written_on: date) -> bytes:
    """The message on paper, with the recipient's address in the window. NotPrinted where it cannot be typeset."""
    return _page(filled, sender, recipient, written_on, filled.subject, filled.paragraphs)


def statement(filled: Filled, sender: Sender, recipient: Sequence[str], written_on: date) -> bytes:
    """All rows, the balance and the means to pay, without the words of the message. As `letter`."""
    title = LABELS[filled.language]["statement"]
    return _page(filled, sender, recipient, written_on, title, (ITEMS, PAYMENT))


def _page(
    filled: Filled,
    sender: Sender,
    recipient: Sequence[str],
    written_on: date,
    title: str,
    paragraphs: Sequence[str],
) -> bytes:
    labels = LABELS[filled.language]
    qr = filled.payment.qr
    page = {
        "language": filled.language,
        "date": (written_on.year, written_on.month, written_on.day),
        "written_on": labels["on"].format(date=day(written_on, filled.language)),
        "title": title,
        "sender": imprint(sender),
        "recipient": list(recipient),
        "paragraphs": list(paragraphs),
        "labels": labels,
        "rows": [(row.number, row.issued, row.due, row.reference, row.amount) for row in filled.rows],
        "total": filled.total,
        "payment": _payment(filled.payment, labels),
        "qr": None if qr is None else epc_svg(qr),
    }
    return typeset(
        _template(),
        {"page": json.dumps(page, ensure_ascii=False)},
        what=f"The page {title!r}",
        standards=("a-3b",),
        long=len(filled.rows) > _LONG_ROWS,
    )


def _payment(payment: Payment, labels: dict[str, str]) -> list[tuple[str, str]]:
    bic = [("BIC", payment.bic)] if payment.bic else []
    return [
        (labels["account_name"], payment.account_name),
        ("IBAN", payment.iban),
        *bic,
        (labels["quote"], payment.reference),
        (labels["link"], payment.link),
    ]


@lru_cache(maxsize=1)
def _template() -> bytes:
    return resources.files(__package__).joinpath("page.typ").read_bytes()
