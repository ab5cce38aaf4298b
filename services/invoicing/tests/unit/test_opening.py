"""What is open when an entity begins here: taken once, as far as it is open, without a number of ours."""

from __future__ import annotations

from decimal import Decimal

import pytest
from invoicing_examples import BASE, imported, imported_event, issue_note
from pydantic import ValidationError

from lettra_events.contracts.invoicing import NumberDrawn, OpeningItemTaken
from lettra_events.testing.given import given
from lettra_invoicing import handlers
from lettra_invoicing.decider import evolve
from lettra_invoicing.domain import DOCUMENTS, ImportOpenItem

ITEM = {
    "entity_id": "FR01",
    "customer_id": "C-1",
    "item_id": "4711",
    "kind": "invoice",
    "document_number": "2025/0815",
    "issue_date": "2025-11-03",
    "due_date": "2025-12-31",
    "currency": "EUR",
    "amount": "70.00",
    "original_amount": "120.00",
    "reminder_step": 2,
}


def taking(**changes):
    return lambda w: handlers.import_open_item(w, ImportOpenItem(**(ITEM | changes)))


def taken(number: int = 1, **changes) -> OpeningItemTaken:
    return OpeningItemTaken(**(ITEM | {"number": number} | changes))


def test_an_item_partly_paid_and_reminded():
    outcome = given(evolve, *BASE).when(taking()).then(taken())
    assert outcome.result is True
    row = outcome.row(DOCUMENTS, "FR01", "2025/0815")
    assert (row.gross, row.net, row.origin, row.instalments) == (
        Decimal("120.00"),
        None,
        "opening",
        ("2025-12-31 70.00",),
    )
    assert not any(isinstance(event, NumberDrawn) for event in outcome.events)


def test_without_an_original_amount_it_was_for_what_is_open():
    outcome = given(evolve, *BASE).when(taking(original_amount=None, reminder_step=0))
    outcome.then(taken(original_amount="70.00", reminder_step=0))


def test_again_with_the_same_data_is_nothing_and_with_other_data_refused():
    """Guard: take_open_item compares (decider/opening.py)."""
    history = given(evolve, *BASE, taken())
    history.when(taking()).then_nothing()
    history.when(taking(amount="69.00")).then_refused("item-exists", "item_id")


def test_items_of_one_document_are_its_instalments():
    outcome = given(evolve, *BASE, taken()).when(taking(item_id="4712", due_date="2026-01-31"))
    outcome.then(taken(2, item_id="4712", due_date="2026-01-31"))
    row = outcome.row(DOCUMENTS, "FR01", "2025/0815")
    assert (row.gross, str(row.due_date), len(row.instalments)) == (Decimal("240.00"), "2026-01-31", 2)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"customer_id": "C-2"}, ("other-document", "document_number")),
        ({"kind": "credit_note"}, ("other-document", "document_number")),
        ({"currency": "USD"}, ("wrong-currency", "currency")),
    ],
)
def test_items_of_one_document_are_of_one_kind(changes, refusal):
    """Guards: _check_same_document (decider/opening.py)."""
    given(evolve, *BASE, taken()).when(taking(item_id="4712", **changes)).then_refused(*refusal)


def test_a_document_is_known_once():
    """Guards: its number is taken, whichever comes first (decider/opening.py, decider/issuing.py)."""
    given(evolve, *BASE, imported_event()).when(taking()).then_refused("document-exists", "document_number")
    given(evolve, *BASE, taken()).when(lambda w: handlers.import_document(w, imported())).then_refused(
        "document-exists", "document_number"
    )


def test_a_credit_note_corrects_it_up_to_what_it_was_for():
    history = given(evolve, *BASE, taken())
    note = {"corrects": "2025/0815", "net": "100.00", "vat": "20.00"}
    assert (
        history.when(lambda w: handlers.issue_credit_note(w, issue_note(**note, gross="120.00"))).error
        is None
    )
    above = issue_note(**(note | {"vat": "20.01"}), gross="120.01")
    given(evolve, *BASE, taken()).when(lambda w: handlers.issue_credit_note(w, above)).then_refused(
        "credit-exceeds-invoice", "gross"
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"original_amount": "69.99"}, "is less than the 70.00 that are open"),
        ({"amount": "70.001"}, "more decimals"),
        ({"discount_amount": "2.00"}, "go together"),
        ({"discount_amount": "70.00", "discount_until": "2025-11-11"}, "is not below"),
        ({"due_date": "2025-11-02"}, "is before issue_date"),
        ({"item_id": "a\nb"}, "should match pattern"),
    ],
)
def test_what_is_no_open_item(changes, words):
    with pytest.raises(ValidationError, match=words):
        ImportOpenItem(**(ITEM | changes))
