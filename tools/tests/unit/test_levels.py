"""A run in which nothing was tested is never called a success."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import levels


def cases(*rows: tuple[str, str]) -> list[ET.Element]:
    found = []
    for name, outcome in rows:
        case = ET.Element("testcase", classname=name)
        if outcome != "passed":
            ET.SubElement(case, outcome)
        found.append(case)
    return found


def test_cases_are_counted_by_outcome() -> None:
    rows = [("a", "passed"), ("a", "failure"), ("b", "error"), ("b", "skipped"), ("c", "passed")]
    assert levels.count(cases(*rows)) == levels.Counts(passed=2, failed=2, skipped=1)


def test_a_folder_whose_tests_were_all_skipped_or_not_collected_is_silent(tmp_path: Path) -> None:
    folders = [
        tmp_path / "libs/events/tests/unit",
        tmp_path / "tools/tests/unit",
        tmp_path / "other/tests/unit",
    ]
    ran = cases(("libs.events.tests.unit.test_a", "passed"), ("tools.tests.unit.test_b", "skipped"))
    assert levels.silent(ran, folders, tmp_path) == folders[1:]


def a_workspace(root: Path, monkeypatch: pytest.MonkeyPatch, content: str | None) -> None:
    folder = root / "tests/e2e"
    folder.mkdir(parents=True)
    if content is not None:
        (folder / "test_a.py").write_text(content)
    monkeypatch.setattr(levels, "ROOT", root)
    monkeypatch.setattr(levels, "REPORTS", root / "reports")
    monkeypatch.setattr(levels, "folders", lambda level: [folder])
    monkeypatch.delenv("ARGS", raising=False)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "No e2e test was found"),
        ("x = 1\n", "No e2e test ran"),
        ("import pytest\n@pytest.mark.skip\ndef test_a(): pass\n", "No test of tests/e2e ran"),
        ("def test_a(): assert False\n", ""),
    ],
)
def test_nothing_tested_is_a_failure(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    content: str | None,
    sentence: str,
) -> None:
    a_workspace(tmp_path, monkeypatch, content)
    assert levels.run("e2e") != 0
    assert sentence in capfd.readouterr().out


def test_a_test_that_passes_is_a_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_workspace(tmp_path, monkeypatch, "def test_a(): pass\n")
    assert levels.run("e2e") == 0


@pytest.mark.parametrize("level", ["e2e", "crash"])
def test_a_level_of_the_workspace_is_looked_for_in_one_folder(tmp_path: Path, level: str) -> None:
    assert levels.folders(level, tmp_path) == []
    (tmp_path / "tests" / level).mkdir(parents=True)
    assert levels.folders(level, tmp_path) == [tmp_path / "tests" / level]
