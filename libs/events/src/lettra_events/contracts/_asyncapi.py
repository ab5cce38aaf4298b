"""The AsyncAPI 3.0 document of Lettra's topics, made from the schemas of all types and versions.

The handlers take raw records, so the framework's own document would name no schema: here every type has its
payload, its headers (CloudEvents 1.0, binary content mode) and the rule of its key.
"""

from __future__ import annotations

from typing import Any

from lettra_events.contracts import TOPICS
from lettra_events.contracts._schemas import Schema

_NUMBER = r"^(0|[1-9]\d*)$"
_HEADERS: dict[str, tuple[str, Schema]] = {
    "content-type": ("of the value", {"const": "application/json"}),
    "ce_specversion": ("of CloudEvents", {"const": "1.0"}),
    "ce_id": ("the event's id; the same in every partition of a broadcast", {"format": "uuid"}),
    "ce_source": ("the service that decided it", {"pattern": "^/lettra/"}),
    "ce_type": ("the stable name of the event type", {}),
    "ce_subject": ("the id of the stream that it is appended on", {}),
    "ce_streamversion": ("its place in that stream", {"pattern": _NUMBER}),
    "ce_time": ("when it was appended, in UTC; no order follows from it", {"format": "date-time"}),
    "ce_dataschema": (
        "names the JSON Schema of the value: its `$id`",
        {"pattern": r"^urn:lettra:\w+\.\w+:\d+$"},
    ),
    "ce_sequence": (
        "its place in the service's log, without gaps; readers drop what they saw",
        {"pattern": _NUMBER},
    ),
    "ce_previoussequence": (
        "the sequence of the record before it in this partition; 0: it is the first",
        {"pattern": _NUMBER},
    ),
    "ce_chain": ("SHA-256 over the entry before and all that this one says", {"pattern": "^[0-9a-f]{64}$"}),
    "ce_correlationid": ("of the request or file that it all came from", {}),
    "ce_causationid": ("of what caused it: a command or an event", {}),
}

_INFO: Schema = {
    "title": "Lettra events",
    "version": "1",
    "description": "Accounts receivable as events: one topic a service. The value is JSON data, the attributes are"
    " CloudEvents 1.0 headers in binary content mode, so that the value can be read alone. A broadcast is one"
    " entry of the log with one record in every partition: deduplicate by `ce_id`. Within a version only optional"
    " fields are added: ignore what you do not know. Generated from the contracts; do not edit.",
}


def asyncapi(schemas: dict[str, Schema], examples: dict[str, Any]) -> Schema:
    """The whole document, of schemas and example data by `<type>.v<N>`; it refers to `schemas/` beside it."""
    services = {service: [name for name in schemas if name.startswith(f"{service}.")] for service in TOPICS}
    published = {service: names for service, names in services.items() if names}
    return {
        "asyncapi": "3.0.0",
        "info": _INFO,
        "defaultContentType": "application/json",
        "channels": {service: _channel(service, names) for service, names in published.items()},
        "operations": {
            f"publish-{service}": _operation(service, names) for service, names in published.items()
        },
        "components": {
            "messages": {name: _message(name, schema, examples) for name, schema in schemas.items()},
            "schemas": {"cloudEventHeaders": _headers()},
        },
    }


def _channel(service: str, names: list[str]) -> Schema:
    return {
        "address": TOPICS[service],
        "description": f"All that {service} decides, in the order of its log. Records are kept for ever.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"kafka": {"topic": TOPICS[service], "bindingVersion": "0.5.0"}},
    }


def _operation(service: str, names: list[str]) -> Schema:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{service}"},
        "summary": f"The relay of {service} publishes its log.",
        "messages": [{"$ref": f"#/channels/{service}/messages/{name}"} for name in names],
    }


def _message(name: str, schema: Schema, examples: dict[str, Any]) -> Schema:
    summary, _, more = schema["description"].partition("\n\n")
    message: dict[str, Any] = {
        "name": schema["title"],
        "title": " v".join(name.rsplit(".v", 1)),
        "summary": " ".join(summary.split()),
        "contentType": "application/json",
        "headers": _headers_of(schema),
        "payload": {"$ref": f"./schemas/{name}.json"},
        "bindings": {"kafka": {"key": _key(schema), "bindingVersion": "0.5.0"}},
        "x-broadcast": schema["x-broadcast"],
        "x-stream": schema["x-stream"],
    }
    if more:
        message["description"] = more
    if name in examples:
        message["examples"] = [{"name": "invented", "payload": examples[name]}]
    return message


def _headers() -> Schema:
    return {
        "type": "object",
        "description": "CloudEvents 1.0 attributes; every header is UTF-8 text.",
        "required": list(_HEADERS),
        "properties": {
            name: {"type": "string", "description": what} | rule for name, (what, rule) in _HEADERS.items()
        },
    }


def _headers_of(schema: Schema) -> Schema:
    own = {"ce_type": {"const": schema["title"]}, "ce_dataschema": {"const": schema["$id"]}}
    common = {"$ref": "#/components/schemas/cloudEventHeaders"}
    return {"type": "object", "allOf": [common, {"type": "object", "properties": own}]}


def _key(schema: Schema) -> Schema:
    pattern = schema["x-key"]
    if schema["x-broadcast"]:
        return {"type": "string", "const": pattern, "description": "one record in every partition"}
    return {"type": "string", "description": f"{pattern}: all of one key is in one partition, in order"}
