"""How much of a document is settled: a pure fold of matching's events."""

from __future__ import annotations

from decimal import Decimal

import pytest
from invoicing_examples import item_events

from lettra_events.contracts.matching import (
    CashUnapplied,
    CreditApplied,
    CreditUnapplied,
    ItemWrittenOff,
    WriteOffReversed,
)
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
    date="2026-02-06",
    open_after="58.00",
    credit_open_after="0",
)


ON = {"customer_id": "C-1", "entity_id": "FR01", "currency": "EUR", "date": "2026-02-07", "line": 1}
ON |= {"item_id": "FR01:FA-000001", "payment_id": "p-1"}
UNPAID = CashUnapplied(**ON, amount="50.00", open_after="108.00")
UNCREDITED = CreditUnapplied(
    **ON, credit_item_id="FR01:AV-000001", amount="12.00", open_after="120.00", credit_open_after="12.00"
)
GIVEN_UP = ItemWrittenOff(
    **ON, write_off_type="bank_fees", amount="5.00", open_after="53.00", evidence="within the tolerance"
)
OWED_AGAIN = WriteOffReversed(**ON, write_off_type="bank_fees", amount="5.00", open_after="58.00")


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


def test_what_is_undone_is_open_again():
    """Guard: the events that give back (settlements.project)."""
    first = ("C-1", "FR01:FA-000001")
    given_up = fold(OPENED, NOTE, PAID, CREDITED, GIVEN_UP)[first]
    assert (given_up.settled, given_up.open) == (Decimal("67.00"), Decimal("53.00"))
    rows = fold(OPENED, NOTE, PAID, CREDITED, GIVEN_UP, OWED_AGAIN, UNPAID, UNCREDITED)
    assert {(row.settled, row.open) for row in rows.values()} == {
        (Decimal("0.00"), Decimal("120.00")),
        (Decimal("0.00"), Decimal("12.00")),
    }


def test_what_credit_notes_and_bad_debt_have_settled_is_told_apart():
    """Guard: _bad_debt and `credited` (settlements.project): a write-off here is measured against them."""
    first = ("C-1", "FR01:FA-000001")
    lost = GIVEN_UP.model_copy(update={"write_off_type": "bad_debt"})
    back = OWED_AGAIN.model_copy(update={"write_off_type": "bad_debt"})
    row = fold(OPENED, NOTE, PAID, CREDITED, lost)[first]
    assert (row.credited, row.given_up) == (Decimal("12.00"), Decimal("5.00"))
    assert fold(OPENED, NOTE, PAID, CREDITED, GIVEN_UP)[first].given_up == 0
    row = fold(OPENED, NOTE, PAID, CREDITED, lost, back, UNPAID, UNCREDITED)[first]
    assert (row.credited, row.given_up, row.open) == (0, 0, Decimal("120.00"))


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
