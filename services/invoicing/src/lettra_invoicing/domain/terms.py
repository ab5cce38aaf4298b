"""Terms of payment (délai de règlement): how they are written, when they fall due, and what the law allows. Pure.

Written as `30D` (30 days net), `45D-EOM` (45 days, then the end of that month) or `EOM-45D` (the end of the month,
then 45 days); behind it, as in `30D 2%/8D`, an early-payment discount (escompte): 2 % if paid within 8 days of issue.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator

from lettra_events.service.rejection import Rejected

NET_DAYS_MAX, END_OF_MONTH_DAYS_MAX = 60, 45
"""What companies may agree on between them (C. com. art. L441-10, I)."""
PUBLIC_DAYS_USUAL = 30
"""What a public buyer has, but for hospitals (50) and public undertakings (60) (CCP, R2192-10)."""
DAYS_MAX = 366
_WRITTEN = re.compile(
    r"(?:(?P<net>\d{1,3})D|(?P<then>\d{1,3})D-EOM|EOM-(?P<after>\d{1,3})D)"
    r"(?: (?P<percent>\d{1,2}(?:\.\d{1,2})?)%/(?P<within>\d{1,3})D)?"
)
HOW_WRITTEN = "write 30D, 45D-EOM or EOM-45D, with a discount as in 30D 2%/8D"


@dataclass(frozen=True, slots=True)
class Terms:
    """`days` counted net, or before (`then_end`) or behind (`after_end`) the end of the month."""

    days: int
    computation: Literal["net", "then_end", "after_end"]
    discount_percent: Decimal | None = None
    discount_days: int | None = None

    def due(self, issue_date: date) -> date:
        """When an invoice of this date is due."""
        counted = timedelta(days=self.days)
        if self.computation == "then_end":
            return end_of_month(issue_date + counted)
        return (end_of_month(issue_date) if self.computation == "after_end" else issue_date) + counted

    @property
    def written(self) -> str:
        """As they are stored."""
        days = {"net": "{}D", "then_end": "{}D-EOM", "after_end": "EOM-{}D"}[self.computation]
        discount = f" {self.discount_percent}%/{self.discount_days}D" if self.discount_percent else ""
        return days.format(self.days) + discount


BY_LAW = Terms(30, "net")
"""Where nothing was agreed on (C. com. art. L441-10, I)."""


def read_terms(text: str) -> Terms:
    """The terms that are written so; ValueError says how they are to be written."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} are no terms: {HOW_WRITTEN}")
    computation: Literal["net", "then_end", "after_end"] = (
        "net" if found["net"] else "then_end" if found["then"] else "after_end"
    )
    days = int(found["net"] or found["then"] or found["after"])
    percent = Decimal(found["percent"]).normalize() if found["percent"] else None
    within = int(found["within"]) if found["within"] else None
    if days > DAYS_MAX or (within or 0) > DAYS_MAX or percent == 0:
        raise ValueError(f"{text!r} are no terms: at most {DAYS_MAX} days, and a discount is above 0 %")
    return Terms(days, computation, percent and Decimal(f"{percent:f}"), within)


def _written(text: str) -> str:
    return read_terms(text).written


TermsText = Annotated[str, AfterValidator(_written)]


def end_of_month(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def check_allowed(debtor_class: str, terms: Terms | None, issue_date: date, due_date: date) -> str | None:
    """Refuse what the law forbids for this class of debtor; what it allows some only is said, as a warning.

    `terms`: None where the due date was given by itself, which then is counted net.
    """
    if debtor_class == "private":
        return None
    last = issue_date + timedelta(days=NET_DAYS_MAX)
    if terms is not None and terms.computation != "net" and terms.days <= END_OF_MONTH_DAYS_MAX:
        last = max(last, terms.due(issue_date))
    if due_date > last:
        raise Rejected(
            "due-date-beyond-law",
            f"due on {due_date}, and the law allows {last} at the latest: {NET_DAYS_MAX} days, or"
            f" {END_OF_MONTH_DAYS_MAX} days end of month where the terms say so (C. com. art. L441-10)",
            field="due_date",
        )
    if debtor_class == "public" and due_date > issue_date + timedelta(days=PUBLIC_DAYS_USUAL):
        return (
            f"due on {due_date}: a public buyer has {PUBLIC_DAYS_USUAL} days, unless it is a hospital (50) or a"
            " public undertaking (60) (code de la commande publique, R2192-10)"
        )
    return None


def check_agreed(debtor_class: str, terms: Terms) -> None:
    """Refuse terms that no invoice could have; they are checked again at each issue."""
    allowed = NET_DAYS_MAX if terms.computation == "net" else END_OF_MONTH_DAYS_MAX
    if debtor_class != "private" and terms.days > allowed:
        raise ValueError(
            f"terms {terms.written}: the law allows {NET_DAYS_MAX} days net, or {END_OF_MONTH_DAYS_MAX} days end of"
            " month (C. com. art. L441-10)"
        )
