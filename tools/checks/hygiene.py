"""House rules that no linter knows; each prints where it is broken and why it matters. Part of `make lint`.

Every rule is a function from the files of the repository to the sentences that say what is wrong.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import lock
import purity
from workspace import ROOT, packages

MAX_LINES = 500
LEVELS = ("unit", "integration", "e2e", "crash")
# A folder of somebody's machine: it exists nowhere else.
MACHINE_PATH = re.compile(r"(?<![\w.~$}-])/(?:work|root|Users|home/(?!app\b|nonroot\b)\w+)/")
ADDRESS = re.compile(r"(?:https?|file)://(?!127\.0\.0\.1|localhost|\$)", re.IGNORECASE)


def tracked(root: Path) -> list[Path]:
    """The files that are, or would be, committed; relative to the root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    paths = (Path(name) for name in sorted(set(listed.split("\0"))) if name)
    return [path for path in paths if (root / path).is_file()]


def text(root: Path, path: Path) -> str:
    """A file's text; empty for what is not text."""
    try:
        return (root / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def lines(root: Path, path: Path) -> Iterator[tuple[int, str]]:
    return enumerate(text(root, path).splitlines(), start=1)


def is_test(path: Path) -> bool:
    return path.suffix == ".py" and (path.name.startswith("test_") or path.stem.endswith("_test"))


def builds(path: Path) -> bool:
    """Whether a file takes part in building or installing."""
    return (
        path.parts[0] in {"requirements", ".ci"}
        or path.name in {"Makefile", "pyproject.toml", "Dockerfile"}
        or path.suffix == ".lock"
    )


def no_address_in_build_files(root: Path, files: list[Path]) -> Iterator[str]:
    for path in filter(builds, files):
        for number, line in lines(root, path):
            if ADDRESS.search(line):
                yield f"{path}:{number}: an address, but whoever installs chooses the registry"


def no_lock_that_names_hosts(root: Path, files: list[Path]) -> Iterator[str]:
    del root
    for path in files:
        if path.name in {"uv.lock", "poetry.lock", "pdm.lock"}:
            yield f"{path}: this kind of lock file names a registry; pins are made by `make lock`"


def no_machine_path(root: Path, files: list[Path]) -> Iterator[str]:
    for path in files:
        for number, line in lines(root, path):
            if MACHINE_PATH.search(line):
                yield f"{path}:{number}: a path of one machine: {line.strip()[:80]}"


def no_long_file(root: Path, files: list[Path]) -> Iterator[str]:
    for path in files:
        if path.suffix == ".py":
            count = text(root, path).count("\n")
            if count > MAX_LINES:
                yield f"{path}: {count} lines, {MAX_LINES} at most; make it a package of the same name"


def every_test_has_a_level(root: Path, files: list[Path]) -> Iterator[str]:
    del root
    for path in filter(is_test, files):
        folders = path.parent.parts
        pairs = set(pairwise(folders))
        if not any(("tests", level) in pairs for level in LEVELS):
            yield f"{path}: a test tells its level by its folder: tests/ and one of {', '.join(LEVELS)}"
        elif path.stem.endswith("_test"):
            yield f"{path}: pytest here collects test_*.py only, so this would never run"


def every_package_is_tested(root: Path, files: list[Path]) -> Iterator[str]:
    """The run would not miss the tests of a package that has lost all of them.

    A service of which only the pure part is there yet has nothing to test on servers.
    """
    folders = {folder for path in filter(is_test, files) for folder in path.parents}
    for package in packages(root):
        runs = not package.is_service or any((package.folder / "src").glob("*/main.py"))
        for level in ("unit", "integration") if runs else ("unit",):
            folder = package.folder.relative_to(root) / "tests" / level
            if folder not in folders:
                yield f"{folder}: there is no test"


def e2e_is_in_one_place(root: Path, files: list[Path]) -> Iterator[str]:
    del root
    for path in filter(is_test, files):
        parts = path.parts
        for level in ("e2e", "crash"):
            if ("tests", level) in pairwise(parts) and parts[:2] != ("tests", level):
                yield f"{path}: nothing runs this: tests of all services live in tests/{level} of the workspace"
        if parts[0] == "tests" and parts[1] in {"unit", "integration"}:
            yield f"{path}: unit and integration tests live with the package that they test"


def every_package_is_checked(root: Path, files: list[Path]) -> Iterator[str]:
    """A new service is not forgotten by the type checker or by the import rules."""
    del files
    with (root / "pyproject.toml").open("rb") as file:
        tool = tomllib.load(file)["tool"]
    for package in packages(root):
        source = (package.folder / "src").relative_to(root).as_posix()
        if (
            source not in tool["mypy"]["files"]
            or f"$MYPY_CONFIG_FILE_DIR/{source}" not in tool["mypy"]["mypy_path"]
        ):
            yield f"pyproject.toml: [tool.mypy] files and mypy_path lack {source}"
        if package.module not in tool["importlinter"]["root_packages"]:
            yield f"pyproject.toml: [tool.importlinter] root_packages lacks {package.module}"
        if package.is_service:
            for contract in tool["importlinter"]["contracts"]:
                if (
                    "lettra_invoicing" in contract.get("modules", [])
                    and package.module not in contract["modules"]
                ):
                    yield f"pyproject.toml: import contract {contract['name']!r} lacks {package.module}"


def pins_are_up_to_date(root: Path, files: list[Path]) -> Iterator[str]:
    del root, files
    for path in lock.behind(lock.inputs()):
        yield f"{path}: not made from what is declared now; run `make lock` and commit the result"


Rule = Callable[[Path, list[Path]], Iterator[str]]
RULES: list[Rule] = [
    no_address_in_build_files,
    no_lock_that_names_hosts,
    no_machine_path,
    no_long_file,
    every_test_has_a_level,
    every_package_is_tested,
    e2e_is_in_one_place,
    every_package_is_checked,
    pins_are_up_to_date,
    purity.no_clock_or_chance_in_pure_code,
    purity.no_sleep_in_tests,
]


def main() -> int:
    files = tracked(ROOT)
    broken = [sentence for rule in RULES for sentence in rule(ROOT, files)]
    for sentence in broken:
        print(sentence)
    print(f"House rules: {len(files)} files, {len(broken)} problems")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
