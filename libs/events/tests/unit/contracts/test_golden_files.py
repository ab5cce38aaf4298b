"""The real golden files: what was ever published is still read, and nothing of it is lost."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from lettra_events.contracts import contracts, decode_data, encode, golden
from lettra_events.contracts.invoicing import InvoiceIssued

EDITIONS = golden.recorded()


def _data(edition: golden.Edition) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(edition.event(golden.FOLDER).read_bytes())
    return data


def test_every_registered_version_has_a_golden_file() -> None:
    registered = {
        (name, version) for name, cls in contracts().items() for version in range(1, cls.schema_version + 1)
    }
    assert len(registered) >= 30
    assert {(each.event_type, each.version) for each in EDITIONS} == registered


def test_every_golden_file_is_in_order() -> None:
    assert golden.broken() == []
    assert golden.unrecorded() == []


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda edition: edition.stem)
def test_it_still_decodes(edition: golden.Edition) -> None:
    payload = edition.event(golden.FOLDER).read_bytes()
    event = decode_data(edition.event_type, edition.version, payload)
    assert type(event) is contracts()[edition.event_type]


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda edition: edition.stem)
def test_reading_and_writing_it_loses_nothing(edition: golden.Edition) -> None:
    if edition.version != contracts()[edition.event_type].schema_version:
        pytest.skip("an upcaster changes it, on purpose")
    published = _data(edition)
    again = json.loads(
        encode(decode_data(edition.event_type, edition.version, json.dumps(published).encode()))
    )
    assert {name: again[name] for name in published} == published


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda edition: edition.stem)
def test_it_obeys_the_schema_that_it_was_published_under(edition: golden.Edition) -> None:
    schema = golden.published_schema(edition)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(_data(edition))


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda edition: edition.stem)
def test_it_has_a_value_for_every_field(edition: golden.Edition) -> None:
    data = _data(edition)
    assert data.keys() == golden.published_schema(edition)["properties"].keys()
    assert [name for name, value in data.items() if value in (None, [], "")] == []


def test_the_first_invoice_ever_published_reads_as_it_was_meant() -> None:
    """Written out by hand, so that contract, example and golden file cannot change together unnoticed."""
    payload = (golden.FOLDER / "invoicing.InvoiceIssued.v1.json").read_bytes()
    event = decode_data("invoicing.InvoiceIssued", 1, payload)
    assert isinstance(event, InvoiceIssued)
    assert event.document_number == "FA-2026-000123"
    assert event.due_date == date(2026, 3, 4)
    assert (event.net, event.vat, event.gross) == (Decimal("1000.00"), Decimal("200.00"), Decimal("1200.00"))
    assert str(event.gross) == "1200.00"
    assert event.key() == "C-10482"
    assert event.stream_id() == "invoice:FR01:FA-2026-000123"
