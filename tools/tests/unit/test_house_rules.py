"""Each house rule finds what it forbids, and leaves alone what it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

import hygiene
import purity
from workspace import ROOT


def broken(rule: hygiene.Rule, root: Path, path: str, content: str) -> list[str]:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(content)
    return list(rule(root, [Path(path)]))


@pytest.mark.parametrize(
    ("path", "line", "allowed"),
    [
        ("requirements/dev.txt", "--index-url https:" + "//registry.example/simple", False),
        ("requirements/dev.txt", "lettra @ file:" + "///somewhere", False),
        ("services/matching/pyproject.toml", 'url = "http:' + '//mirror.example"', False),
        ("requirements/dev.txt", "attrs==1.0 --hash=sha256:00", True),
        ("Makefile", "curl http://127.0.0.1:8000/health/live", True),
        ("docs/reading.md", "https:" + "//example.org/a-paper", True),
    ],
)
def test_no_address_in_what_builds(tmp_path: Path, path: str, line: str, allowed: bool) -> None:
    assert (broken(hygiene.no_address_in_build_files, tmp_path, path, line) == []) is allowed


@pytest.mark.parametrize("folder", ["work", "root", "Users", "home/jane"])
def test_no_path_of_a_machine(tmp_path: Path, folder: str) -> None:
    assert broken(hygiene.no_machine_path, tmp_path, "docs/a.md", f"see `/{folder}/notes.txt`")


@pytest.mark.parametrize(
    "line", ["the work/life balance", "../work/x", "$HOME/work/x", "COPY . /home/app/src", "a network/root/"]
)
def test_other_paths_pass(tmp_path: Path, line: str) -> None:
    assert broken(hygiene.no_machine_path, tmp_path, "docs/a.md", line) == []


def test_a_long_file_is_named_and_one_at_the_limit_is_not(tmp_path: Path) -> None:
    assert broken(hygiene.no_long_file, tmp_path, "a.py", "x = 1\n" * 501) == [
        "a.py: 501 lines, 500 at most; make it a package of the same name"
    ]
    assert broken(hygiene.no_long_file, tmp_path, "a.py", "x = 1\n" * 500) == []


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("services/matching/tests/unit/test_a.py", True),
        ("services/matching/tests/unit/rules/test_a.py", True),
        ("libs/events/tests/integration/test_a.py", True),
        ("tests/e2e/test_a.py", True),
        ("tests/crash/test_a.py", True),
        ("libs/events/tests/integration/conftest.py", True),
        ("services/matching/tests/test_a.py", False),
        ("services/matching/src/lettra_matching/test_a.py", False),
        ("services/matching/unit/test_a.py", False),
        ("services/matching/tests/unit/a_test.py", False),
    ],
)
def test_a_test_tells_its_level(tmp_path: Path, path: str, allowed: bool) -> None:
    assert (broken(hygiene.every_test_has_a_level, tmp_path, path, "") == []) is allowed


def test_a_package_without_tests_is_named(tmp_path: Path) -> None:
    for folder in ["tools", "services/dunning", "services/pure"]:
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "pyproject.toml").touch()
    (tmp_path / "services/dunning/src/lettra_dunning").mkdir(parents=True)
    (tmp_path / "services/dunning/src/lettra_dunning/main.py").touch()
    tests = [
        "tools/tests/unit/test_a.py",
        "tools/tests/integration/rules/test_b.py",
        "services/dunning/tests/unit/test_c.py",
    ]
    files = [Path(path) for path in [*tests, "services/dunning/tests/integration/conftest.py"]]
    # What cannot run yet has nothing to try on servers.
    assert list(hygiene.every_package_is_tested(tmp_path, files)) == [
        "services/dunning/tests/integration: there is no test",
        "services/pure/tests/unit: there is no test",
    ]


@pytest.mark.parametrize(
    "path",
    ["services/matching/tests/e2e/test_a.py", "tools/tests/crash/test_a.py", "tests/unit/test_a.py"],
)
def test_a_test_that_no_command_runs_is_named(tmp_path: Path, path: str) -> None:
    assert broken(hygiene.e2e_is_in_one_place, tmp_path, path, "")


def test_a_new_service_must_be_checked_too(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    for folder in ["tools", "services/shipping"]:
        (tmp_path / folder).mkdir(parents=True)
        name = folder.rpartition("/")[2]
        (tmp_path / folder / "pyproject.toml").write_text(f'[project]\nname = "lettra-{name}"\n')
    sentences = "\n".join(hygiene.every_package_is_checked(tmp_path, []))
    assert "mypy_path lack services/shipping/src" in sentences
    assert "root_packages lacks lettra_shipping" in sentences
    assert "'Services do not import each other' lacks lettra_shipping" in sentences
    assert "tools" not in sentences


@pytest.mark.parametrize(
    "code",
    [
        "datetime.now(UTC)",
        "datetime.datetime.now()",
        "date.today()",
        "uuid4()",
        "uuid.uuid4()",
        "time.time()",
    ],
)
def test_pure_code_asks_neither_clock_nor_chance(tmp_path: Path, code: str) -> None:
    rule = purity.no_clock_or_chance_in_pure_code
    package = "services/matching/src/lettra_matching"
    assert broken(rule, tmp_path, f"{package}/decider.py", f"x = {code}\n")
    assert broken(rule, tmp_path, f"{package}/decider/rules.py", f"def f():\n    return {code}\n")
    assert broken(rule, tmp_path, f"{package}/projections/aging.py", f"x = {code}\n")
    assert broken(rule, tmp_path, f"{package}/api.py", f"x = {code}\n") == []


def test_pure_code_may_use_times_that_it_is_given(tmp_path: Path) -> None:
    code = "x = datetime.fromisoformat(event.time)\ny = uuid5(cause, 'x')\nz = now(when)\n"
    path = "services/matching/src/lettra_matching/domain.py"
    assert broken(purity.no_clock_or_chance_in_pure_code, tmp_path, path, code) == []


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("async def test_a():\n    await asyncio.sleep(1)\n", False),
        ("def test_a():\n    time.sleep(0.1)\n", False),
        ("from time import sleep\nsleep(1)\n", False),
        ("while not ready():\n    def pause():\n        sleep(1)\n", False),
        ("async def test_a():\n    while not ready():\n        await asyncio.sleep(0.01)\n", True),
        ("async def test_a():\n    await asyncio.sleep(0)\n", True),
    ],
)
def test_a_lone_sleep_in_a_test_is_a_guess(tmp_path: Path, code: str, allowed: bool) -> None:
    assert (
        broken(purity.no_sleep_in_tests, tmp_path, "libs/events/tests/unit/test_a.py", code) == []
    ) is allowed


def test_all_rules_are_in_force() -> None:
    defined = {
        value
        for module in (hygiene, purity)
        for name, value in vars(module).items()
        if name.startswith(("no_", "every_", "e2e_", "pins_"))
    }
    assert set(hygiene.RULES) == defined
