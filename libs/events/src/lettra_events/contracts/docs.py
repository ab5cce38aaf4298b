"""The documents of the events, for whoever reads the streams: `docs/events/`, made from the contract registry.

One JSON Schema a type and version, one AsyncAPI document, one table. The same contracts always give the same
files. Run `python -m lettra_events.contracts.docs` after a contract changed; with `--check` nothing is written,
and the exit code is 1 where the files are behind, or where a contract breaks what was published.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from lettra_events.contracts import golden
from lettra_events.contracts._asyncapi import asyncapi
from lettra_events.contracts._examples import examples
from lettra_events.contracts._registry import contracts, encode
from lettra_events.contracts._schemas import Schema, render, writer_schema

FOLDER = golden.PACKAGE.parents[1] / "docs" / "events"
COMMAND = "python -m lettra_events.contracts.docs"
_GENERATED = re.compile(r"\w+\.\w+\.v\d+\.json")

_INTRODUCTION = """\
# Events

What Lettra's services decide and publish on Kafka: the contract between them, and with whoever reads the streams.
Generated from the contracts (`make docs`); do not edit.

- [`asyncapi.json`](asyncapi.json): topics, headers, keys and examples, as AsyncAPI 3.0.
- [`schemas/`](schemas): the JSON Schema of every type and version; its `$id` is the record's `ce_dataschema`.

A record's value is JSON data alone; what surrounds it is in CloudEvents headers (`ce_type`, `ce_subject`, ...). Its
key decides the partition, and all of one key is in order. A *broadcast* (key `*`) is one entry of the log with a
record in every partition: deduplicate by `ce_id`. Amounts are decimal strings, dates are ISO 8601. Within a version
only optional fields are added, so ignore fields that you do not know.

| type | version | topic | key | broadcast | stream | meaning |
| --- | --- | --- | --- | --- | --- | --- |
"""


def generate(golden_folder: Path = golden.FOLDER) -> dict[str, str]:
    """All documents, by their path in the folder."""
    schemas = _schemas(golden_folder)
    documents = {f"schemas/{name}.json": render(schema) for name, schema in schemas.items()}
    documents["asyncapi.json"] = render(asyncapi(schemas, _examples(golden_folder)))
    rows = (_row(schemas, name, cls.schema_version) for name, cls in contracts().items())
    documents["README.md"] = _INTRODUCTION + "".join(rows)
    return documents


def _earlier(golden_folder: Path) -> Iterator[tuple[str, golden.Edition]]:
    """The versions before today's: their records stay on the topics, so they stay documented as published."""
    for (name, version), edition in golden.newest(golden_folder).items():
        if name in contracts() and version < contracts()[name].schema_version:
            yield f"{name}.v{version}", edition


def _schemas(golden_folder: Path) -> dict[str, Schema]:
    schemas = {name: golden.published_schema(old, golden_folder) for name, old in _earlier(golden_folder)}
    current = {f"{name}.v{cls.schema_version}": writer_schema(cls) for name, cls in contracts().items()}
    return dict(sorted((schemas | current).items()))


def _examples(golden_folder: Path) -> dict[str, Any]:
    """Example data by type and version: of earlier versions the golden event, of today's the invented one."""
    data = {name: old.event(golden_folder).read_bytes() for name, old in _earlier(golden_folder)}
    data |= {f"{name}.v{event.schema_version}": encode(event) for name, event in examples().items()}
    return {name: orjson.loads(value) for name, value in data.items()}


def _row(schemas: dict[str, Schema], event_type: str, version: int) -> str:
    schema = schemas[f"{event_type}.v{version}"]
    names = {number: f"{event_type}.v{number}" for number in range(version, 0, -1)}
    cells = (
        f"`{event_type}`",
        ", ".join(f"[{number}](schemas/{name}.json)" for number, name in names.items() if name in schemas),
        f"`{schema['x-topic']}`",
        f"`{schema['x-key']}`",
        "yes" if schema["x-broadcast"] else "",
        f"`{schema['x-stream']}`",
        " ".join(schema["description"].split()).replace("|", r"\|"),
    )
    return f"| {' | '.join(cells)} |\n"


def drift(folder: Path, documents: dict[str, str]) -> Iterator[str]:
    """What in the folder is not what the contracts say, each as `file: why`."""
    for name, text in documents.items():
        path = folder / name
        if not path.is_file():
            yield f"{name}: it is missing"
        elif path.read_text(encoding="utf-8") != text:
            yield f"{name}: it is not what the contracts say"
    yield from (f"schemas/{path.name}: no contract is behind it" for path in _left_over(folder, documents))


def write(folder: Path, documents: dict[str, str]) -> None:
    """Write all documents, and remove the schemas that no contract is behind."""
    for name, text in documents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for path in _left_over(folder, documents):
        path.unlink()


def _left_over(folder: Path, documents: dict[str, str]) -> list[Path]:
    """Schemas that an earlier run made; a file of another name is somebody's, and is left alone."""
    made = (path for path in (folder / "schemas").glob("*.json") if _GENERATED.fullmatch(path.name))
    return sorted(path for path in made if f"schemas/{path.name}" not in documents)


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    problems = golden.broken(options.golden)
    unrecorded = golden.unrecorded(options.golden) if not problems else []
    documents = generate(options.golden)
    place = golden.shown(options.out)
    if options.check:
        problems += unrecorded
        problems += [f"{place}/{each}. Run: make docs ({COMMAND})" for each in drift(options.out, documents)]
    elif not problems:
        write(options.out, documents)
        for each in unrecorded:
            print(f"To do before this is committed: {each}")
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"{len(contracts())} event types, {len(documents)} files in {place}")
    return 1 if problems else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=COMMAND,
        description="Generate docs/events from the contracts: JSON Schemas, AsyncAPI, and a table of all types.",
        epilog=f"examples:\n  {COMMAND}            after a contract changed\n  {COMMAND} --check    in CI",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit 1 where files are behind or history would break",
    )
    parser.add_argument("--out", type=Path, default=FOLDER, help="where to (default: docs/events)")
    parser.add_argument(
        "--golden", type=Path, default=golden.FOLDER, help="what was published (default: libs/events/golden)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
