"""The writer's schema says all that a contract promises, and nothing that is written breaks it."""

from __future__ import annotations

import json
import string
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import Field, ValidationError

from lettra_events.contracts import Event, contracts, encode
from lettra_events.contracts._schemas import key_pattern, stream_pattern, writer_schema
from lettra_events.contracts.invoicing import InvoiceIssued, NumberDrawn
from lettra_events.contracts.matching import CashApplied, DayProcessed
from lettra_events.money import Amount

if TYPE_CHECKING:
    from conftest import Toys


class Weighed(Event):
    """Amounts of every sign.

    More about it.
    """

    any_sign: Amount
    not_negative: Amount = Field(ge=0)
    positive: Amount = Field(gt=0)
    perhaps: Amount | None = None
    perhaps_positive: Amount | None = Field(default=None, gt=0)

    def stream_id(self) -> str:
        return f"weights:{self.any_sign:>20}"

    def key(self) -> str:
        return "entity:FR01"


def _schema(toys: Toys) -> dict[str, Any]:
    toys.register(Weighed, name="payments.Weighed", version=3)
    return writer_schema(Weighed)


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if node.get("type") == "object":
            yield node
        for value in node.values():
            yield from _objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from _objects(value)


@pytest.mark.parametrize("name", contracts())
def test_every_schema_is_valid_closed_and_named(name: str) -> None:
    cls = contracts()[name]
    schema = writer_schema(cls)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"urn:lettra:{name}:{cls.schema_version}"
    assert set(schema["properties"]) == set(cls.model_fields)
    objects = list(_objects(schema))
    assert objects != []
    assert [each for each in objects if each["additionalProperties"] is not False] == []


def test_nested_data_is_closed_too() -> None:
    schema = writer_schema(DayProcessed)
    assert [each.get("additionalProperties") for each in _objects(schema)] == [False, False]


def test_names_and_meaning_come_from_the_contract(toys: Toys) -> None:
    schema = _schema(toys)
    assert schema["$id"] == "urn:lettra:payments.Weighed:3"
    assert schema["title"] == "payments.Weighed"
    assert schema["description"] == "Amounts of every sign.\n\nMore about it."
    assert (schema["x-topic"], schema["x-key"], schema["x-broadcast"]) == (
        "ar.payments.events",
        "entity:FR01",
        False,
    )
    assert schema["required"] == ["any_sign", "not_negative", "positive"]


def test_no_title_is_made_from_the_name_of_a_field() -> None:
    assert [field for field in writer_schema(InvoiceIssued)["properties"].values() if "title" in field] == []


def test_descriptions_of_fields_are_kept() -> None:
    assert (
        writer_schema(CashApplied)["properties"]["open_after"]["description"]
        == "what is left open of the item"
    )


def test_an_unknown_field_is_no_data_of_the_writer(toys: Toys) -> None:
    data = {"any_sign": "1", "not_negative": "1", "positive": "1"}
    check = Draft202012Validator(_schema(toys))
    assert check.is_valid(data)
    assert not check.is_valid(data | {"more": "1"})


AMOUNTS = st.one_of(
    st.decimals(
        allow_nan=False, allow_infinity=False, min_value=-(10**13) + 1, max_value=10**13 - 1, places=5
    ),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.integers(min_value=-(10**14), max_value=10**14).map(Decimal),
    st.sampled_from(["1E+2", "1e2", "0E+3", "-0", "-0.00", "1E-5", "0E-9", "+1", "01.50", ".5", "5.", " 7 "]),
)


@settings(max_examples=300)
@given(value=AMOUNTS)
def test_whatever_amount_is_written_obeys_the_schema(value: Decimal | str) -> None:
    schema = _decimal_schemas()
    for name, pattern in schema.items():
        data = {"any_sign": "1", "not_negative": "1", "positive": "1"} | {name: value}
        try:
            written = json.loads(encode(Weighed(**data)))[name]
        except ValidationError:
            continue
        assert Draft202012Validator(pattern).is_valid(written), written
        assert Decimal(written) == Decimal(value)


def _decimal_schemas() -> dict[str, Any]:
    Weighed.event_type, Weighed.schema_version = "payments.Weighed", 1
    Weighed.service, Weighed.broadcast = "payments", False
    properties: dict[str, Any] = writer_schema(Weighed)["properties"]
    return properties


@pytest.mark.parametrize(
    ("field", "accepted", "refused"),
    [
        (
            "any_sign",
            ["0", "-0.01", "1.00001", "9999999999999.99999"],
            ["", "-", "1.000001", "1e2", "NaN", "1,5"],
        ),
        ("not_negative", ["0", "0.00", "0.01"], ["-1", "-0.01"]),
        ("positive", ["0.00001", "10", "0.10", "100.00"], ["0", "0.00", "00", "-1", "0."]),
        ("perhaps_positive", ["0.00001", "10", "0.10", "100.00"], ["0", "0.00", "00", "-1", "0."]),
    ],
)
def test_the_sign_and_size_of_amounts_is_in_the_schema(
    field: str, accepted: list[str], refused: list[str]
) -> None:
    check = Draft202012Validator(_decimal_schemas()[field])
    assert [each for each in accepted if not check.is_valid(each)] == []
    assert [each for each in refused if check.is_valid(each)] == []
    assert not check.is_valid(12.3)
    assert not check.is_valid("1" * 14)


def test_a_limit_that_the_schema_cannot_say_is_refused(toys: Toys) -> None:
    class Limited(Weighed):
        """Up to a hundred."""

        any_sign: Amount = Field(le=100)

    toys.register(Limited, name="payments.Limited")
    with pytest.raises(ValueError, match="cannot say"):
        writer_schema(Limited)


def test_a_contract_without_a_docstring_is_refused(toys: Toys) -> None:
    class Silent(Weighed):
        pass

    toys.register(Silent, name="payments.Silent")
    with pytest.raises(ValueError, match=r"payments\.Silent has no docstring"):
        writer_schema(Silent)


def test_a_service_without_a_topic_is_refused(toys: Toys) -> None:
    toys.register(Weighed, name="weather.Weighed")
    with pytest.raises(ValueError, match=r"weather\.Weighed: 'weather' has no topic"):
        writer_schema(Weighed)


def test_streams_and_keys_are_told_with_the_names_of_fields(toys: Toys) -> None:
    assert stream_pattern(InvoiceIssued) == "invoice:<entity_id>:<document_number>"
    assert key_pattern(InvoiceIssued) == "<customer_id>"
    assert stream_pattern(NumberDrawn) == "series:<entity_id>:<series>"
    assert key_pattern(NumberDrawn) == "entity:<entity_id>"
    assert stream_pattern(DayProcessed) == "day:<business_date>"
    assert key_pattern(DayProcessed) == "*"
    assert stream_pattern(Weighed) == "weights:<any_sign>"


def test_no_contract_is_named_by_an_import_path() -> None:
    letters = set(string.ascii_letters)
    wrong = [name for name in contracts() if name.count(".") != 1 or set(name.replace(".", "")) - letters]
    assert wrong == []
