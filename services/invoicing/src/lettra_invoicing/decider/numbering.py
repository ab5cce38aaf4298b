"""Continuous numbers, and the days. Pure."""

from __future__ import annotations

from datetime import date

from lettra_events.contracts import Event
from lettra_events.contracts.invoicing import InvoicingDayClosed, NumberDrawn
from lettra_events.service.closing import is_closed
from lettra_events.service.rejection import Rejected
from lettra_invoicing.domain import Calendar, Series


def draw_number(entity_id: str, series: str, issue_date: date, last: Series | None) -> NumberDrawn:
    """Continuous and chronological (CGI ann. II art. 242 nonies A): no hole, no date before the last one's."""
    if last is not None and issue_date < last.last_issue_date:
        raise Rejected(
            "issue-date-goes-back",
            f"the last document of series {series} is of {last.last_issue_date}, {issue_date} is before it",
            status=409,
            field="issue_date",
        )
    number = 1 if last is None else last.last_number + 1
    return NumberDrawn(
        entity_id=entity_id,
        series=series,
        number=number,
        document_number=f"{series}-{number:06d}",
        issue_date=issue_date,
    )


def close_day(business_date: date, calendar: Calendar) -> list[Event]:
    """The end of a business date. Closed before: nothing. Dates only go forward."""
    if is_closed(business_date, calendar.closed_date):
        return []
    return [InvoicingDayClosed(business_date=business_date, entities=calendar.entities)]
