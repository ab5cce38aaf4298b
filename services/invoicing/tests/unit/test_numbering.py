"""Numbers are continuous and dates chronological in each series, whatever is asked for in whatever order."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from hypothesis import given as for_all
from hypothesis import strategies as st
from invoicing_examples import CUSTOMER_REGISTERED, issue, issue_note

from lettra_events.contracts.invoicing import (
    CreditNoteIssued,
    InvoiceIssued,
    LegalEntityRegistered,
    NumberDrawn,
)
from lettra_events.service.rejection import Rejected
from lettra_events.testing.given import given
from lettra_invoicing import handlers
from lettra_invoicing.decider import evolve

ENTITIES = ("FR01", "FR02", "BE01")
DAYS = st.integers(0, 20).map(lambda days: date(2026, 1, 1) + timedelta(days))
REQUESTS = st.lists(
    st.tuples(
        st.sampled_from(["invoice", "credit_note"]),
        st.sampled_from(ENTITIES),
        st.sampled_from(["FA", "FB", "AV"]),
        DAYS,
    ),
    max_size=40,
)


def ask(workspace, kind: str, entity: str, series: str, day: date) -> None:
    """Credit notes ask for a cent of the first invoice of FA, which may not be there."""
    if kind == "invoice":
        command = issue(entity_id=entity, series=series, issue_date=day, due_date=day)
        handlers.issue_invoice(workspace, command)
    else:
        cent = {"net": "0.01", "vat": "0", "gross": "0.01"}
        command = issue_note(entity_id=entity, series=series, issue_date=day, **cent)
        handlers.issue_credit_note(workspace, command)


@for_all(REQUESTS)
def test_every_series_is_1_to_n_and_never_goes_back_in_time(requests):
    """Guard: draw_number (decider/), and nothing is drawn by a command that is refused."""
    base = [LegalEntityRegistered(entity_id=entity, name=entity) for entity in ENTITIES]
    history = given(evolve, *base, CUSTOMER_REGISTERED)
    events, refusals = [], 0
    for request in requests:
        before = len(history.workspace.staged)
        outcome = history.when(lambda workspace, request=request: ask(workspace, *request))
        refusals += isinstance(outcome.error, Rejected)
        assert outcome.error is None or isinstance(outcome.error, Rejected)
        events += [item.event for item in history.workspace.staged[before:]]

    numbers, dates, drawn, borne = defaultdict(list), defaultdict(list), set(), set()
    for event in events:
        match event:
            case NumberDrawn():
                numbers[event.entity_id, event.series].append(event.number)
                dates[event.entity_id, event.series].append(event.issue_date)
                drawn.add((event.entity_id, event.document_number))
            case InvoiceIssued() | CreditNoteIssued():
                borne.add((event.entity_id, event.document_number))
    assert len(drawn) == len(requests) - refusals
    assert drawn == borne
    for series in numbers:
        assert numbers[series] == list(range(1, len(numbers[series]) + 1))
        assert dates[series] == sorted(dates[series])
