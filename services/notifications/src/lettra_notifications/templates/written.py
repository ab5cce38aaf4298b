"""Amounts and dates as the reader writes them. Pure: Babel's data, no locale of the machine."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_currency

from lettra_notifications.domain.values import Language

_LOCALES: dict[Language, str] = {"fr": "fr_FR", "en": "en_GB"}


def money(amount: Decimal, currency: str, language: Language) -> str:
    """1 234,50 € and €1,234.50. The narrow blank of French becomes a common one, which every font and phone has."""
    text = format_currency(amount, currency, locale=_LOCALES[language])
    return str(text).replace("\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}")


def day(value: date, language: Language) -> str:
    """1 mars 2026 and 1 March 2026."""
    return str(format_date(value, format="long", locale=_LOCALES[language]))


def short_day(value: date, language: Language) -> str:
    """01/03/2026, for tables."""
    del language  # French and British dates are the same here
    return f"{value.day:02d}/{value.month:02d}/{value.year}"


def groups_of_four(value: str) -> str:
    """As banks print an IBAN or an RF reference."""
    return " ".join(value[at : at + 4] for at in range(0, len(value), 4))
