"""How much of a document is settled: a pure fold of matching's events."""

from __future__ import annotations

from decimal import Decimal

import pytest
from invoicing_examples import item_events

from lettra_events.contracts.matching import CreditApplied
from lettra_events.kafka.reading import Context
from lettra_invoicing.projections.settlements import Settlement, project
from lettra_invoicing.queries.documents import settlement_of

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
            "C-1", "FR01:FA-000001", "FR01", "FA-000001", Decimal("62.00"), Decimal("58.00"), Decimal("12.00")
        ),
        ("C-1", "FR01:AV-000001"): Settlement(
            "C-1", "FR01:AV-000001", "FR01", "AV-000001", Decimal("12.00"), Decimal(0)
        ),
    }


def test_money_on_an_item_that_was_never_opened_is_an_error():
    """Guard: `change` needs the row (decisions/tables.py); the key is parked instead of showing half."""
    with pytest.raises(LookupError, match="a row that does not exist"):
        fold(PAID)


def test_each_instalment_is_a_row_of_its_document():
    """Guard: the document is taken from the item as it is opened (projections/settlements.py)."""
    parts = [OPENED.model_copy(update={"item_id": f"FR01:FA-000001#{n}"}) for n in (1, 2)]
    rows = fold(*parts)
    assert {(row.item_id, row.entity_id, row.document_number) for row in rows.values()} == {
        ("FR01:FA-000001#1", "FR01", "FA-000001"),
        ("FR01:FA-000001#2", "FR01", "FA-000001"),
    }


@pytest.mark.parametrize(
    ("payable", "settled", "still_open", "expected"),
    [
        (120, None, None, None),
        (120, 0, 120, "open"),
        (120, 50, 70, "partly_settled"),
        (120, 120, 0, "settled"),
        (120, 0, 0, "settled"),
        (0, None, None, "settled"),
    ],
)
def test_what_is_said_of_a_document(payable, settled, still_open, expected):
    """Guard: settlement_of (queries/documents.py); it goes back to open as matching's events do."""
    amounts = [None if amount is None else Decimal(amount) for amount in (payable, settled, still_open)]
    assert settlement_of(*amounts) == expected
