"""Every version ever published, kept as golden files that must still decode.

`libs/events/golden/` holds, for each type and version, the data of one event as it was published and the
schema that it was published under. The files are only ever added. Where a version grew by an optional field it
gets a second edition (`<type>.v1.e2.json`), so that the new field is guarded from then on too.

Run `python -m lettra_events.contracts.golden` to see what is wrong or not yet recorded, `--add` to record it.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lettra_events.contracts._compat import differences, same_but_for_documentation, two_way
from lettra_events.contracts._examples import examples
from lettra_events.contracts._registry import (
    ContractError,
    Event,
    UnknownEventVersion,
    contracts,
    decode_data,
    encode,
)
from lettra_events.contracts._schemas import Schema, render, writer_schema

PACKAGE = Path(__file__).resolve().parents[3]
FOLDER = PACKAGE / "golden"
ADD = "python -m lettra_events.contracts.golden --add"
NEW_VERSION = "Leave it as it was published, and make this a new version with an upcaster from this one"

_NAME = re.compile(r"(?P<type>\w+\.\w+)\.v(?P<version>[1-9]\d*)(\.e(?P<number>[1-9]\d*))?\.json")


class Refused(ValueError):
    """The golden files were left as they are; `args[0]` says why, a sentence a problem."""


@dataclass(frozen=True, slots=True, order=True)
class Edition:
    """One golden pair: the event data and the schema of a type and version, as they were published."""

    event_type: str
    version: int
    number: int

    @property
    def stem(self) -> str:
        edition = "" if self.number == 1 else f".e{self.number}"
        return f"{self.event_type}.v{self.version}{edition}"

    def event(self, folder: Path) -> Path:
        return folder / f"{self.stem}.json"

    def schema(self, folder: Path) -> Path:
        return folder / f"{self.stem}.schema.json"

    def __str__(self) -> str:
        return f"{self.event_type} v{self.version}"


def recorded(folder: Path = FOLDER) -> list[Edition]:
    """All golden editions, in order of type, version and edition."""
    found = (_NAME.fullmatch(path.name.replace(".schema.json", ".json")) for path in folder.glob("*.json"))
    return sorted({Edition(m["type"], int(m["version"]), int(m["number"] or 1)) for m in found if m})


def newest(folder: Path = FOLDER) -> dict[tuple[str, int], Edition]:
    """The last edition of each type and version."""
    return {(each.event_type, each.version): each for each in recorded(folder)}


def published_schema(edition: Edition, folder: Path = FOLDER) -> Schema:
    schema: Schema = json.loads(edition.schema(folder).read_text(encoding="utf-8"))
    return schema


def broken(folder: Path = FOLDER) -> list[str]:
    """What of the published history this release would not read, or would write otherwise; with the remedy."""
    return [
        *_strange_files(folder),
        *(problem for edition in recorded(folder) for problem in _unreadable(edition, folder)),
        *(problem for edition in newest(folder).values() for problem in _incompatible(edition, folder)),
    ]


def unrecorded(folder: Path = FOLDER) -> list[str]:
    """The versions of today's contracts, and their optional fields, that no golden file guards yet."""
    known = newest(folder)
    earlier = (
        f"{name} v{version}: v{cls.schema_version} is registered, but no golden file of v{version} was ever added"
        for name, cls in contracts().items()
        for version in range(1, cls.schema_version)
        if (name, version) not in known
    )
    new = (
        f"{edition}: {'it' if edition.number == 1 else 'a field'} is not in {shown(folder)} yet. Run: {ADD}"
        for edition, _ in _to_add(folder)
    )
    return [*earlier, *new]


def add(folder: Path = FOLDER) -> list[Path]:
    """Record what is not recorded yet, and change nothing that is; the files that were written.

    `Refused`, and nothing is written, where the published history would not be read as it was meant.
    """
    if problems := broken(folder):
        raise Refused(problems)
    files: dict[Path, str] = {}
    for edition, cls in _to_add(folder):
        files[edition.event(folder)] = encode(_example(cls)).decode()
        files[edition.schema(folder)] = render(writer_schema(cls))
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    return list(files)


def _to_add(folder: Path) -> Iterator[tuple[Edition, type[Event]]]:
    known = newest(folder)
    for name, cls in contracts().items():
        last = known.get((name, cls.schema_version))
        if last is None:
            yield Edition(name, cls.schema_version, 1), cls
        elif not same_but_for_documentation(published_schema(last, folder), writer_schema(cls)):
            yield Edition(name, cls.schema_version, last.number + 1), cls


def _example(cls: type[Event]) -> Event:
    event = examples().get(cls.event_type)
    place = "lettra_events/contracts/_examples.py"
    if event is None:
        raise Refused([f"{cls.event_type}: it has no example; add one to {place}"])
    for name in cls.model_fields:
        if getattr(event, name) in (None, ()):
            raise Refused([f"{cls.event_type}: its example has no {name}; give it a value in {place}"])
    return event


def _strange_files(folder: Path) -> Iterator[str]:
    pairs = {path for each in recorded(folder) for path in (each.event(folder), each.schema(folder))}
    present = {path for path in folder.iterdir() if path.name != "README.md"} if folder.is_dir() else set()
    for path in sorted(present - pairs):
        yield f"{shown(path)}: no golden file is called so. Expected <type>.v<N>.json or .schema.json"
    for path in sorted(pairs - present):
        yield f"{shown(path)}: it is missing beside its other half. Restore it: golden files are never removed"


def _unreadable(edition: Edition, folder: Path) -> Iterator[str]:
    path = edition.event(folder)
    cls = contracts().get(edition.event_type)
    if cls is None:
        yield (
            f"{edition}: the type was removed or renamed, but its events are in the history. "
            "Keep the contract; a changed meaning is a new type beside it"
        )
    elif edition.version > cls.schema_version:
        yield f"{edition}: it was published, but the contract is v{cls.schema_version} again. Restore it"
    elif path.exists():
        try:
            decode_data(edition.event_type, edition.version, path.read_bytes())
        except UnknownEventVersion:
            yield f"{edition}: no upcaster leads to v{cls.schema_version}. Add one for every version between"
        except ContractError as error:
            yield f"{error}, in {shown(path)}. {NEW_VERSION}"


def _incompatible(edition: Edition, folder: Path) -> Iterator[str]:
    cls = contracts().get(edition.event_type)
    if cls is None or cls.schema_version != edition.version or not edition.schema(folder).exists():
        return
    published, current = published_schema(edition, folder), writer_schema(cls)
    reasons = differences(published, current) or two_way(published, current)
    for reason in reasons:
        yield f"{edition}: {reason}. {NEW_VERSION}"


def shown(path: Path) -> str:
    """A path as it is named in the workspace, whoever's machine this is."""
    workspace = PACKAGE.parents[1]
    return path.relative_to(workspace).as_posix() if path.is_relative_to(workspace) else str(path)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m lettra_events.contracts.golden",
        description="Check that every event version ever published can still be read. Exit 1 if one cannot.",
        epilog=f"example:\n  {ADD}    after an event or an optional field was added",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--add", action="store_true", help="write the golden files that are missing")
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="where they are (default: libs/events/golden)"
    )
    options = parser.parse_args(arguments)
    try:
        for path in add(options.folder) if options.add else ():
            print(f"added {shown(path)}")
        problems = broken(options.folder) or unrecorded(options.folder)
    except Refused as refusal:
        problems = refusal.args[0]
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"{len(recorded(options.folder))} published event schemas, all of them readable")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
