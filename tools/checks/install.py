"""Make or renew .venv: what `make` runs before anything else. Needs nothing but Python 3.11 and its pip.

pip installs uv, uv installs every pinned package, and last come the workspace's own packages, editable.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from registry import registry_settings
from workspace import DEV, REQUIREMENTS, ROOT, VENV, packages

Command = list[str | Path]

PYTHON = VENV / "bin/python"
UV = VENV / "bin/uv"


def run(what: str, command: Command, env: dict[str, str] | None = None) -> None:
    """Run one step; its output is shown live on a terminal, and elsewhere only when it fails."""
    print(f"  {what}", flush=True)
    live = sys.stderr.isatty()
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=os.environ | (env or {}),
        stdin=subprocess.DEVNULL,
        stdout=None if live else subprocess.PIPE,
        stderr=None if live else subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        if not live:
            print(done.stdout, flush=True)
        sys.exit(
            f"The installation failed at: {what}. The reason is just above; "
            "if it is the network, set pip up for your registry (PIP_INDEX_URL, PIP_CERT) and run make again."
        )


def pinned(path: Path) -> set[str]:
    """The names of the packages that a requirements file pins."""
    return set(re.findall(r"(?m)^([a-z0-9.-]+)(?:\[[^]]*\])?==", path.read_text()))


def superfluous(listing: str, wanted: set[str]) -> list[str]:
    """What is installed but pinned nowhere: it would hide that a package fails to declare it."""
    installed = {str(each["name"]).lower().replace("_", "-") for each in json.loads(listing)}
    return sorted(installed - wanted - {"pip", "setuptools", "wheel"})


def usable() -> bool:
    """Whether .venv has a Python with pip; an interrupted run can leave one that has not."""
    if not PYTHON.exists():
        return False
    probe: Command = [PYTHON, "-m", "pip", "--version"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def installed(settings: dict[str, str]) -> str:
    command: Command = [UV, "pip", "list", "--format", "json", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | settings)
    return done.stdout


def install() -> None:
    began = time.monotonic()
    own = packages()
    wanted = pinned(DEV)
    print(f"Making .venv with Python {sys.version.split()[0]}", flush=True)
    if not usable():
        run("a fresh virtual environment", [sys.executable, "-m", "venv", "--clear", VENV])
    pip: Command = [
        PYTHON,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--require-hashes",
    ]
    run("uv, by pip", [*pip, "-r", REQUIREMENTS / "bootstrap.txt"])
    settings = registry_settings(PYTHON) | {"VIRTUAL_ENV": str(VENV)}
    pinned_ones: Command = [UV, "pip", "install", "--require-hashes", "-r", DEV]
    run(f"{len(wanted)} pinned packages, by uv", pinned_ones, settings)
    editable: Command = [UV, "pip", "install", "--no-deps", "--no-build-isolation"]
    for package in own:
        editable += ["--editable", package.folder]
    run(f"{len(own)} packages of the workspace, editable", editable, settings)
    extra = superfluous(installed(settings), wanted | {package.name for package in own})
    if extra:
        run(
            f"away with what is pinned no longer: {', '.join(extra)}",
            [UV, "pip", "uninstall", *extra],
            settings,
        )
    (VENV / ".complete").touch()
    print(f"Ready in {time.monotonic() - began:.0f} s", flush=True)


def main() -> None:
    # Two makes at once, in two terminals, must not install into the same folder together.
    with (ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        install()


if __name__ == "__main__":
    main()
