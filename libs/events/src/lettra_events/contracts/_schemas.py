"""JSON Schemas of the contracts, as their publisher writes them.

The schema of a writer is closed: a field that it does not name is never published. Readers stay open (they
ignore what they do not know), so that a newer publisher does no harm. Amounts are described as the strings that
they are in JSON; a constraint that a schema cannot say is refused instead of being left out, because a
constraint that is not in the schema could be tightened without anyone noticing.
"""

from __future__ import annotations

import inspect
import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from lettra_events.contracts import TOPICS
from lettra_events.contracts._registry import Event
from lettra_events.envelope import BROADCAST_KEY, schema_name

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_LIMITS = ("max_digits", "decimal_places", "gt", "ge", "lt", "le", "multiple_of")
_NOT_ZERO = r"(?!0*(\.0*)?$)"


class _WriterSchema(GenerateJsonSchema):
    """Pydantic's schemas, without titles made from field names, and with the sign of amounts."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def decimal_schema(self, schema: Any) -> Schema:
        limits = {name: schema[name] for name in _LIMITS if name in schema}
        return {"type": "string", "format": "decimal"} | limits


def writer_schema(cls: type[Event]) -> Schema:
    """The closed schema of what the publisher writes today; `$id` is the dataschema of its records.

    Topic, key, broadcast and stream stand in it too: to change one of them breaks readers like a changed field.
    """
    made: Schema = _closed(cls.model_json_schema(mode="serialization", schema_generator=_WriterSchema))
    made.pop("title", None)
    made.pop("description", None)
    head = {
        "$schema": DIALECT,
        "$id": schema_name(cls.event_type, cls.schema_version),
        "title": cls.event_type,
        "description": meaning(cls),
        "x-topic": topic_of(cls),
        "x-key": key_pattern(cls),
        "x-broadcast": cls.broadcast,
        "x-stream": stream_pattern(cls),
    }
    return head | made


def _closed(node: Any) -> Any:
    """Close every object, and say the limits of every amount."""
    if isinstance(node, list):
        return [_closed(each) for each in node]
    if not isinstance(node, dict):
        return node
    closed = {name: _closed(value) for name, value in node.items()}
    if closed.get("format") == "decimal":
        return _amount(closed)
    if closed.get("type") == "object" and "properties" in closed:
        closed["additionalProperties"] = False
    return closed


def _amount(node: Schema) -> Schema:
    """The limits of an amount as a pattern, for in JSON it is a string; pydantic leaves them on the node."""
    limits = {name: node[name] for name in _LIMITS if name in node}
    digits, decimals = limits.pop("max_digits"), limits.pop("decimal_places")
    if limits not in ({}, {"gt": 0}, {"ge": 0}):
        raise ValueError(f"the schema of an amount cannot say {limits}: only gt=0 or ge=0")
    sign = _NOT_ZERO if "gt" in limits else "" if "ge" in limits else "-?"
    pattern = rf"^{sign}\d{{1,{digits - decimals}}}(\.\d{{1,{decimals}}})?$"
    return {name: value for name, value in node.items() if name not in _LIMITS} | {"pattern": pattern}


def meaning(cls: type[Event]) -> str:
    """The contract's docstring, which says what happened."""
    text = inspect.cleandoc(cls.__doc__ or "")
    if not text:
        raise ValueError(f"{cls.event_type} has no docstring; say in it what happened")
    return text


def topic_of(cls: type[Event]) -> str:
    """The topic that the event is published on."""
    if cls.service not in TOPICS:
        raise ValueError(f"{cls.event_type}: {cls.service!r} has no topic in lettra_events.contracts.TOPICS")
    return TOPICS[cls.service]


def stream_pattern(cls: type[Event]) -> str:
    """The id of the stream that the event is appended on, fields in angle brackets."""
    return _with_names(cls).stream_id()


def key_pattern(cls: type[Event]) -> str:
    """The partition key, fields in angle brackets; `*` for a broadcast."""
    return BROADCAST_KEY if cls.broadcast else _with_names(cls).key()


class _FieldName(str):
    """Stands for a field's value: however it is formatted, it reads `<name>`."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        return str(self)

    def isoformat(self) -> str:
        return str(self)


def _with_names(cls: type[Event]) -> Event:
    values: dict[str, Any] = {name: _FieldName(f"<{name}>") for name in cls.model_fields}
    return cls.model_construct(**values)


def render(document: Schema) -> str:
    """A document as it is committed: the same content always gives the same text."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
