"""What may change in the schema of a version that was published: added optional fields, and documentation.

Two judges. `differences` is Lettra's rule and names the field: within a version nothing else changes, not even a
widened choice of values, which a reader of yesterday would refuse. `two_way` asks jsoncompat whether today's
reader reads what was written, and whether yesterday's reader reads what is written today; it knows JSON Schema
better than Lettra's rule does, but neither `pattern` nor `format`, and not what a field is called.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lettra_events.contracts._schemas import Schema

DOCUMENTATION = frozenset({"$schema", "$id", "$comment", "title", "description", "examples"})
_DATA = frozenset({"default", "const", "enum"})
_BY_FIELD = frozenset({"properties", "required", "anyOf"})


def differences(published: Schema, current: Schema) -> list[str]:
    """How the current schema breaks the published one, each as `field: what`; empty where it does not."""
    return list(_compare(_inline(published, published), _inline(current, current), ""))


def same_but_for_documentation(published: Schema, current: Schema) -> bool:
    return bool(_inline(published, published) == _inline(current, current))


def two_way(published: Schema, current: Schema) -> list[str]:
    """What jsoncompat has against the change; the writer's schema is closed, the reader's is open.

    With a closed reader every added field would be a break; with an open writer every added optional field
    would be one, for it might already have been written with another type.
    """
    import jsoncompat  # only checks need it: no service that imports the contracts has it

    def fits(old: Schema, new: Schema, role: Any) -> bool:
        return jsoncompat.check_compat(json.dumps(old), json.dumps(new), role)

    try:
        broken = []
        if not fits(_set_open(published, False), _set_open(current, True), "deserializer"):
            broken.append("this release would not read what was published")
        if not fits(_set_open(published, True), _set_open(current, False), "serializer"):
            broken.append("a release that knows what was published would not read this")
        return broken
    except ValueError as error:
        return [f"jsoncompat cannot judge it: {error}"]


def _compare(old: Any, new: Any, place: str) -> Iterator[str]:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        if old != new:
            yield f"{place or 'the data'}: {_short(old)} became {_short(new)}"
        return
    yield from _compare_fields(old, new, place)
    yield from _compare_choices(old.get("anyOf", []), new.get("anyOf", []), place)
    for keyword in sorted((old.keys() | new.keys()) - _BY_FIELD):
        was, now = old.get(keyword), new.get(keyword)
        if keyword == "items" and was is not None and now is not None:
            yield from _compare(was, now, f"{place}[]")
        elif was != now:
            yield f"{place or 'the data'}: its {keyword} {_short(was)} became {_short(now)}"


def _compare_fields(old: Schema, new: Schema, place: str) -> Iterator[str]:
    was, now = old.get("properties", {}), new.get("properties", {})
    needed_before, needed_now = set(old.get("required", [])), set(new.get("required", []))
    for name in was:
        field = f"{place}.{name}".lstrip(".")
        if name not in now:
            yield f"{field}: it was removed or renamed"
            continue
        yield from _compare(was[name], now[name], field)
        if (name in needed_before) != (name in needed_now):
            yield f"{field}: it became {'required' if name in needed_now else 'optional'}"
    for name in now:
        if name not in was and name in needed_now:
            yield f"{f'{place}.{name}'.lstrip('.')}: it was added as required, and older events lack it"


def _compare_choices(old: list[Any], new: list[Any], place: str) -> Iterator[str]:
    if len(old) != len(new):
        yield f"{place or 'the data'}: {_short(old or 'one type')} became {_short(new or 'one type')}"
        return
    for was, now in zip(old, new, strict=True):
        yield from _compare(was, now, place)


def _inline(node: Any, root: Schema) -> Any:
    """The schema without documentation, each reference replaced by what it refers to.

    Only keywords are documentation: a field may be called `title`.
    """
    if isinstance(node, list):
        return [_inline(each, root) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        beside = {keyword: value for keyword, value in node.items() if keyword != "$ref"}
        node = root["$defs"][node["$ref"].removeprefix("#/$defs/")] | beside
    inlined: Schema = {}
    for keyword, value in node.items():
        if keyword == "properties":
            inlined[keyword] = {name: _inline(field, root) for name, field in value.items()}
        elif keyword == "required":
            inlined[keyword] = sorted(value)
        elif keyword in _DATA:
            inlined[keyword] = value
        elif keyword not in DOCUMENTATION and keyword != "$defs":
            inlined[keyword] = _inline(value, root)
    return inlined


def _set_open(node: Any, is_open: bool) -> Any:
    """The schema with every object open to unknown fields, or closed."""
    if isinstance(node, list):
        return [_set_open(each, is_open) for each in node]
    if not isinstance(node, dict):
        return node
    changed = {name: _set_open(value, is_open) for name, value in node.items() if name != "$id"}
    if "properties" in node and node.get("type") == "object":
        changed["additionalProperties"] = is_open
    return changed


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."
