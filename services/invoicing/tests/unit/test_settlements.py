"""How much of a document is settled: a pure fold of matching's events."""

from __future__ import annotations

from decimal import Decimal

import pytest
from invoicing_examples import item_events

from lettra_events.contracts.matching import CreditApplied
from lettra_events.kafka.reading import Context
from lettra_invoicing.projections.settlements import Settlement, project

OPENED, PAID = item_events()
NOTE = OPENED.model_copy(
    update={
        "item_id": "FR01:AV-000001",
        "document_number": "AV-000001",
        "kind": "credit_note",
        "amount": Decimal("12.00"),
    }
)
CREDITED = CreditApplied(
    customer_id="C-1",
    entity_id="FR01",
    credit_item_id="FR01:AV-000001",
    item_id="FR01:FA-000001",
    amount="12.00",
    currency="EUR",
    open_after="58.00",
    credit_open_after="0",
)


def fold(*events) -> dict:
    rows: dict = {}
    for event in events:
        for one in project(event, Context):
            rows[one.key] = one.apply(rows.get(one.key))
    return rows


def test_an_item_is_opened_paid_and_credited():
    """Guard: project (projections/settlements.py); what is open is matching's word, what is settled is the sum."""
    rows = fold(OPENED, NOTE, PAID, CREDITED)
    assert rows == {
        ("C-1", "FR01:FA-000001"): Settlement(
            "C-1", "FR01:FA-000001", "FR01", "FA-000001", Decimal("62.00"), Decimal("58.00")
        ),
        ("C-1", "FR01:AV-000001"): Settlement(
            "C-1", "FR01:AV-000001", "FR01", "AV-000001", Decimal("12.00"), Decimal(0)
        ),
    }


def test_money_on_an_item_that_was_never_opened_is_an_error():
    """Guard: `change` needs the row (decisions/tables.py); the key is parked instead of showing half."""
    with pytest.raises(LookupError, match="a row that does not exist"):
        fold(PAID)
