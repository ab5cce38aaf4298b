"""The commands in the runbooks exist: whoever follows one at night meets no command or option that was renamed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from lettra_tools.cli import app

DOCS = Path(__file__).parents[3] / "docs"
PAGES = sorted([*(DOCS / "runbooks").glob("*.md"), DOCS / "operations.md"])
LINK = re.compile(r"\]\(([^)#:]+\.md)(?:#[^)]*)?\)")
SECTIONS = (
    "Symptom",
    "What it means",
    "Is anybody harmed meanwhile",
    "Do this",
    "How you know it is over",
    "By daylight",
)
OURS = (
    "parked-key",
    "lag",
    "missing-record",
    "fork-after-restore",
    "full-disk",
    "broker-down",
    "database-down",
)
_CODE = re.compile(r"^\s*```.*?^\s*```|`([^`\n]+)`", re.MULTILINE | re.DOTALL)


def commands(text: str) -> Iterator[str]:
    """What a page tells to type: in code, at the beginning of a line or of the code itself."""
    for found in _CODE.finditer(text):
        lines = [found[1]] if found[1] else found[0].splitlines()
        for line in lines:
            typed = line.strip().removeprefix("$ ")
            if re.match(r"lettra( |$)", typed):
                yield typed


def parse(typed: str) -> str | None:
    """Why the command line would not be taken; its files and servers are not looked at.

    A command alone is a mention of it, and so is one with an ellipsis.
    """
    words = shlex.split(typed, comments=True)[1:]
    command: Any = typer.main.get_command(app)
    while hasattr(command, "commands"):
        if not words or words[0] == "...":
            return None
        name = words.pop(0)
        if name not in command.commands:
            return f"there is no command {name}"
        here = command.make_context("lettra", [], resilient_parsing=True)
        command = command.resolve_command(here, [name])[1]
    if "..." in words or not words:
        return None
    try:
        command.make_context("lettra", words)
    except typer.BadParameter.__base__ as error:  # whatever is wrong with how it is used
        return str(error.format_message())
    return None


def test_every_page_of_the_list_is_there_and_has_something_to_type() -> None:
    assert {f"{name}.md" for name in (*OURS, "README")} <= {page.name for page in PAGES}
    assert sum(len(list(commands(page.read_text(encoding="utf-8")))) for page in PAGES) > 20


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_can_be_typed(page: Path) -> None:
    """Guard: a command or an option that is renamed must be renamed here too."""
    wrong = {typed: why for typed in commands(page.read_text(encoding="utf-8")) if (why := parse(typed))}
    assert wrong == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).is_file()] == []


@pytest.mark.parametrize("name", OURS)
def test_every_runbook_has_the_same_shape(name: str) -> None:
    """At night nobody looks for where the steps begin."""
    text = (DOCS / "runbooks" / f"{name}.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE)[:4] == list(SECTIONS[:4])
    assert [section for section in SECTIONS if f"## {section}\n" not in text] == []


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("lettra parked skip 1 --why x", None),
        ("lettra parked skip 1", "Missing option"),
        ("lettra parked drop 1", "there is no command drop"),
        ("lettra lag --everything", "No such option"),
    ],
)
def test_a_wrong_command_is_seen(typed: str, why: str | None) -> None:
    found = parse(typed)
    assert (found is None) if why is None else (found is not None and why in found)
