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

PYTHON = VENV / "bin/python"
UV = VENV / "bin/uv"


def run(what: str, command: list[str | Path], env: dict[str, str] | None = None) -> None:
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
            "if it is the network, set pip up for your package registry (PIP_INDEX_URL, PIP_CERT) and run make again."
        )


def pinned(path: Path) -> set[str]:
    """The names of the packages that a requirements file pins."""
    return set(re.findall(r"(?m)^([a-z0-9.-]+)(?:\[[^]]*\])?==", path.read_text()))


def superfluous(listing: str, wanted: set[str]) -> list[str]:
    """What is installed but pinned nowhere: it would hide that a package fails to declare it."""
    installed = {str(each["name"]).lower().replace("_", "-") for each in json.loads(listing)}
    return sorted(installed - wanted - {"pip", "setuptools", "wheel"})


def install() -> None:
    began = time.monotonic()
    own = packages()
    wanted = pinned(DEV)
    print(f"Making .venv with Python {sys.version.split()[0]}", flush=True)
    # Only the interpreter is looked for: a folder left by an interrupted run, or without pip, is made good.
    if subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True, check=False).returncode if PYTHON.exists() else True:
        run("a fresh virtual environment", [sys.executable, "-m", "venv", "--clear", VENV])
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--require-hashes"]
    run("uv, by pip", [*pip, "-r", REQUIREMENTS / "bootstrap.txt"])
    settings = {"UV_LINK_MODE": os.environ.get("UV_LINK_MODE", "hardlink"), "VIRTUAL_ENV": str(VENV)}
    settings |= registry_settings(PYTHON)
    run(f"{len(wanted)} pinned packages, by uv", [UV, "pip", "install", "--require-hashes", "-r", DEV], settings)
    editable: list[str | Path] = []
    for package in own:
        editable += ["--editable", package.folder]
    command = [UV, "pip", "install", "--no-deps", "--no-build-isolation", *editable]
    run(f"{len(own)} packages of the workspace, editable", command, settings)
    listing = subprocess.run(
        [UV, "pip", "list", "--format", "json", "--quiet"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | settings,
    ).stdout
    extra = superfluous(listing, wanted | {package.name for package in own})
    if extra:
        run(f"away with what is no longer pinned: {', '.join(extra)}", [UV, "pip", "uninstall", *extra], settings)
    (VENV / ".complete").touch()
    print(f"Ready in {time.monotonic() - began:.0f} s", flush=True)


def main() -> None:
    # Two makes at once, in two terminals, must not install into the same folder together.
    with (ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        install()


if __name__ == "__main__":
    main()
