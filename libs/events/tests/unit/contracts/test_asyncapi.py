"""The AsyncAPI document: every type is in it, its references lead somewhere, its headers are the records'."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

from lettra_events.contracts import contracts, docs
from lettra_events.envelope import GENESIS, LogEntry, RecordedEvent, link, make_attributes, to_headers

DOCUMENTS = docs.generate()
DOCUMENT: dict[str, Any] = json.loads(DOCUMENTS["asyncapi.json"])
MESSAGES: dict[str, Any] = DOCUMENT["components"]["messages"]


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _resolve(reference: str) -> Any:
    file, _, pointer = reference.partition("#")
    node = json.loads(DOCUMENTS[file.removeprefix("./")]) if file else DOCUMENT
    for part in pointer.strip("/").split("/") if pointer else ():
        node = node[part]
    return node


def _validator(schema: dict[str, Any]) -> Draft202012Validator:
    here = Resource.from_contents(DOCUMENT | {"$schema": "https://json-schema.org/draft/2020-12/schema"})
    absolute = json.loads(json.dumps(schema).replace('"#/components', '"lettra:asyncapi#/components'))
    registry: Registry[Any] = Registry().with_resource("lettra:asyncapi", here)
    return Draft202012Validator(absolute, registry=registry, format_checker=FormatChecker())


def _headers_of_a_record() -> dict[str, str]:
    attributes = make_attributes(
        event_id=UUID(int=7),
        service="invoicing",
        event_type="invoicing.InvoiceIssued",
        schema_version=1,
        recorded_at=datetime(2026, 3, 16, 9, 30, tzinfo=UTC),
        correlation_id="r-1",
        causation_id="c-1",
    )
    event = RecordedEvent(
        "invoice:FR01:1", 1, UUID(int=7), "invoicing.InvoiceIssued", 1, "C-1", b"{}", attributes
    )
    entry = LogEntry(41, link(GENESIS, 41, event), event)
    return {name: value.decode() for name, value in to_headers(entry, previous=40)}


def test_it_is_asyncapi_3() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert set(DOCUMENT["info"]) >= {"title", "version"}


def test_a_channel_is_a_topic() -> None:
    topics = {channel["address"] for channel in DOCUMENT["channels"].values()}
    assert topics == {"ar.invoicing.events", "ar.payments.events", "ar.matching.events"}
    assert {channel["bindings"]["kafka"]["topic"] for channel in DOCUMENT["channels"].values()} == topics


def test_every_type_is_a_message_on_its_publishers_channel() -> None:
    for name, cls in contracts().items():
        message = f"{name}.v{cls.schema_version}"
        channel = DOCUMENT["channels"][name.partition(".")[0]]
        assert message in channel["messages"]
        assert MESSAGES[message]["name"] == name
    assert len(MESSAGES) == len(contracts()) == sum(len(c["messages"]) for c in DOCUMENT["channels"].values())


def test_every_channel_is_published_to_with_all_its_messages() -> None:
    sent = {operation["channel"]["$ref"]: operation for operation in DOCUMENT["operations"].values()}
    assert set(sent) == {f"#/channels/{name}" for name in DOCUMENT["channels"]}
    for name, channel in DOCUMENT["channels"].items():
        operation = sent[f"#/channels/{name}"]
        assert operation["action"] == "send"
        assert len(operation["messages"]) == len(channel["messages"])


def test_every_reference_leads_somewhere() -> None:
    references = set(_references(DOCUMENT))
    assert len([each for each in references if each.startswith("./schemas/")]) == len(contracts())
    for reference in references:
        assert isinstance(_resolve(reference), dict), reference
    for name, text in DOCUMENTS.items():
        if name.startswith("schemas/"):
            schema = json.loads(text)
            for reference in _references(schema):
                assert reference.removeprefix("#/$defs/") in schema["$defs"]


def test_a_payload_is_the_schema_that_the_header_names() -> None:
    for message in MESSAGES.values():
        own = message["headers"]["allOf"][1]["properties"]
        assert _resolve(message["payload"]["$ref"])["$id"] == own["ce_dataschema"]["const"]
        assert own["ce_type"]["const"] == message["name"]


def test_the_headers_are_those_of_a_record() -> None:
    schema = MESSAGES["invoicing.InvoiceIssued.v1"]["headers"]
    headers = _headers_of_a_record()
    _validator(schema).validate(headers)
    assert set(_resolve(schema["allOf"][0]["$ref"])["properties"]) == set(headers)


@pytest.mark.parametrize("name", sorted(_headers_of_a_record()))
def test_every_header_is_required(name: str) -> None:
    headers = _headers_of_a_record()
    del headers[name]
    assert not _validator(MESSAGES["invoicing.InvoiceIssued.v1"]["headers"]).is_valid(headers)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ce_type", "invoicing.CreditNoteIssued"),
        ("ce_dataschema", "urn:lettra:invoicing.InvoiceIssued:2"),
        ("ce_sequence", "-1"),
        ("ce_chain", "00"),
        ("ce_specversion", "0.3"),
    ],
)
def test_a_wrong_header_is_no_header_of_the_type(name: str, value: str) -> None:
    headers = _headers_of_a_record() | {name: value}
    assert not _validator(MESSAGES["invoicing.InvoiceIssued.v1"]["headers"]).is_valid(headers)


def test_keys_and_broadcasts_are_told() -> None:
    day = MESSAGES["matching.DayProcessed.v1"]
    assert day["x-broadcast"] is True
    assert day["bindings"]["kafka"]["key"]["const"] == "*"
    payment = MESSAGES["payments.PaymentReceived.v1"]
    assert payment["x-broadcast"] is False
    assert payment["bindings"]["kafka"]["key"]["description"].startswith("payment:<payment_id>: ")
    broadcast = {message["name"] for message in MESSAGES.values() if message["x-broadcast"]}
    assert broadcast == {name for name, cls in contracts().items() if cls.broadcast}


@pytest.mark.parametrize("name", MESSAGES)
def test_the_example_obeys_the_schema(name: str) -> None:
    (example,) = MESSAGES[name]["examples"]
    schema = _resolve(MESSAGES[name]["payload"]["$ref"])
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(example["payload"])


def test_the_committed_document_is_this_one() -> None:
    committed = Path(docs.FOLDER / "asyncapi.json").read_text(encoding="utf-8")
    assert json.loads(committed) == DOCUMENT
