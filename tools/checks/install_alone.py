"""Prove that each package declares all that it needs: `make install-alone`.

For each: an empty environment, its own pinned requirements, its wheel and those of the workspace's packages
that it names, nothing editable. Then its modules are imported, and a service answers --help, as in an image.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zipfile import ZipFile

from registry import registry_settings
from workspace import VENV, Package, closure, packages

UV = VENV / "bin/uv"
# Helpers for tests may import test tools, which no image has; everything else must import.
IMPORT_ALL = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
count = 1
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    parts = set(module.name.split("."))
    if parts & {"testing", "migrations", "__main__"} or ".pytest_" in module.name:
        continue
    importlib.import_module(module.name)
    count += 1
print(count)
"""


class Broken(Exception):
    """Says what a package lacks."""


def run(what: str, *command: str | Path, cwd: Path, env: dict[str, str]) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if done.returncode:
        raise Broken(f"{what}:\n{done.stdout}{done.stderr}")
    return done.stdout


def build(package: Package, into: Path) -> Path:
    """The wheel of a package, in a folder of its own."""
    target = into / package.name
    command: list[str | Path] = [
        VENV / "bin/python",
        "-m",
        "hatchling",
        "build",
        "--target",
        "wheel",
        "--directory",
        target,
    ]
    run("its wheel is not built", *command, cwd=package.folder, env=dict(os.environ))
    (wheel,) = target.glob("*.whl")
    if package.is_service and (package.folder / "migrations").is_dir():
        with ZipFile(wheel) as archive:
            names = set(archive.namelist())
        for path in (package.folder / "migrations").rglob("*"):
            inside = (
                f"{package.module}/migrations/{path.relative_to(package.folder / 'migrations').as_posix()}"
            )
            if path.is_file() and "__pycache__" not in path.parts and inside not in names:
                raise Broken(f"its wheel lacks {inside}")
    return wheel


def prove(package: Package, wheels: dict[str, Path], scratch: Path, settings: dict[str, str]) -> str:
    """Install one package alone and use it; the answer says what was seen."""
    home = scratch / f"{package.name}-alone"
    home.mkdir()
    env = os.environ | settings | {"VIRTUAL_ENV": str(home / "venv")}
    python = home / "venv/bin/python"
    needed = closure(package, packages())
    run(
        "no environment",
        UV,
        "venv",
        "--quiet",
        "--python",
        VENV / "bin/python",
        home / "venv",
        cwd=home,
        env=env,
    )
    install: list[str | Path] = [UV, "pip", "install", "--quiet", "--python", python]
    run("its pins do not install", *install, "--require-hashes", "-r", package.lock, cwd=home, env=env)
    run(
        "its wheel does not install",
        *install,
        "--no-deps",
        "--no-index",
        *(wheels[each.name] for each in needed),
        cwd=home,
        env=env,
    )
    run(
        "its pins lack what it declares", UV, "pip", "check", "--quiet", "--python", python, cwd=home, env=env
    )
    # Nothing of this machine leaks in: no PYTHONPATH, no settings, an empty home.
    bare = {"PATH": os.defpath, "HOME": str(home)}
    count = run(
        "it does not import", python, "-I", "-c", IMPORT_ALL, package.module, cwd=home, env=bare
    ).strip()
    seen = f"{count} modules import"
    if package.is_service and (package.folder / "src" / package.module / "main.py").exists():
        run("--help fails", python, "-I", "-m", f"{package.module}.main", "--help", cwd=home, env=bare)
        run("its command fails", home / "venv/bin" / package.name, "--help", cwd=home, env=bare)
        seen += ", --help answers"
    return seen


def main() -> int:
    chosen = [package for package in packages() if not sys.argv[1:] or package.name in sys.argv[1:]]
    settings = registry_settings(VENV / "bin/python")
    began = time.monotonic()
    failures = 0

    with tempfile.TemporaryDirectory(prefix="lettra-alone-") as folder, ThreadPoolExecutor(2) as pool:
        scratch = Path(folder)
        wheels: dict[str, Path] = {}
        for package in packages():
            wheels[package.name] = build(package, scratch)

        def attempt(package: Package) -> tuple[bool, str]:
            try:
                return True, prove(package, wheels, scratch, settings)
            except (Broken, subprocess.TimeoutExpired) as error:
                return False, str(error)

        for package, (works, seen) in zip(chosen, pool.map(attempt, chosen), strict=True):
            failures += not works
            print(f"{package.name}: {seen}", flush=True)
    verdict = (
        f"{failures} of {len(chosen)} packages do not stand alone"
        if failures
        else f"{len(chosen)} packages stand alone"
    )
    print(f"{verdict} ({time.monotonic() - began:.0f} s)")
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Broken as error:
        sys.exit(f"A wheel is not right: {error}")
