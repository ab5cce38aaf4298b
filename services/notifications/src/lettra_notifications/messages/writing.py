"""A filled-in message as plain text and as HTML: the same words in both."""

from __future__ import annotations

import textwrap
from functools import lru_cache
from importlib import resources

from jinja2 import Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from lettra_notifications.domain.requests import Sender
from lettra_notifications.templates.filling import Filled, Payment, Row
from lettra_notifications.templates.sources import ITEMS, PAYMENT
from lettra_notifications.templates.wording import LABELS

ROWS_MAX = 100
"""Lines of a list inside a mail; the attached statement has all."""
_WIDTH = 76


def plain_text(filled: Filled, sender: Sender) -> str:
    """What a program without HTML shows; lines of at most 76 characters, but for tables, links and long words."""
    blocks = []
    for paragraph in filled.paragraphs:
        if paragraph == ITEMS:
            blocks.append(_table(filled))
        elif paragraph == PAYMENT:
            blocks.append(_payment(filled.payment, LABELS[filled.language]))
        else:
            blocks.append(textwrap.fill(paragraph, _WIDTH, break_long_words=False, break_on_hyphens=False))
    return "\n\n".join([*blocks, "-- \n" + "\n".join(imprint(sender))]) + "\n"


def html(filled: Filled, sender: Sender, qr: str | None) -> str:
    """The same in HTML; `qr` is the content id of the code's picture. Everything that is filled in is escaped."""
    return _layout().render(
        language=filled.language,
        subject=filled.subject,
        blocks=filled.paragraphs,
        labels=LABELS[filled.language],
        rows=filled.rows[:ROWS_MAX],
        omitted=_omitted(filled),
        total=filled.total,
        payment=filled.payment,
        qr=qr,
        imprint=imprint(sender),
    )


def imprint(sender: Sender) -> tuple[str, ...]:
    """Who writes: name, address, SIREN, phone."""
    siren = (f"SIREN {sender.siren}",) if sender.siren else ()
    phone = (sender.phone,) if sender.phone else ()
    return (sender.name, *sender.address, *siren, *phone)


def _table(filled: Filled) -> str:
    labels = LABELS[filled.language]
    heads = Row(labels["number"], labels["issued"], labels["due"], labels["reference"], labels["amount"])
    shown = (heads, *filled.rows[:ROWS_MAX])
    wide = [max(len(cell) for cell in column) for column in zip(*map(_cells, shown), strict=True)]
    lines = [_line(_cells(row), wide) for row in shown]
    omitted = _omitted(filled)
    return "\n".join([*lines, *([omitted] if omitted else []), f"{labels['total']}: {filled.total}"])


def _cells(row: Row) -> tuple[str, ...]:
    return row.number, row.issued, row.due, row.reference, row.amount


def _line(cells: tuple[str, ...], wide: list[int]) -> str:
    left = "  ".join(cell.ljust(width) for cell, width in zip(cells[:-1], wide, strict=False))
    return f"{left}  {cells[-1].rjust(wide[-1])}"


def _omitted(filled: Filled) -> str:
    more = len(filled.rows) - ROWS_MAX
    return LABELS[filled.language]["omitted"].format(more=more) if more > 0 else ""


def _payment(payment: Payment, labels: dict[str, str]) -> str:
    lines = [
        labels["pay"],
        f"  {labels['account_name']}: {payment.account_name}",
        f"  IBAN: {payment.iban}",
        *([f"  BIC: {payment.bic}"] if payment.bic else []),
        f"  {labels['quote']}: {payment.reference}",
        f"  {labels['link']}: {payment.link}",
    ]
    return "\n".join(lines)


@lru_cache(maxsize=1)
def _layout() -> Template:
    """The service's own file: loops are allowed here, and everything is escaped."""
    source = resources.files(__package__).joinpath("layout.html.j2").read_text(encoding="utf-8")
    return ImmutableSandboxedEnvironment(autoescape=True).from_string(source)
