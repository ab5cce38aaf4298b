"""Pin every dependency with its hashes: `make lock`.

One file for the whole workspace with its test tools (dev.txt), and one for each package with only what it
declares, held to the same versions: what an image ships is what was tested. The files name no registry. Each
begins with a digest of what it was made from, so that a change that was not locked is seen without network.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

from registry import registry_settings
from workspace import DEV, REQUIREMENTS, ROOT, VENV, Package, closure, packages

HEADER = """\
# Made by `make lock` from the pyproject.toml files and requirements/*.in: do not edit.
# inputs: sha256:{digest}
"""


def third_party(members: list[Package], workspace: list[Package]) -> list[str]:
    """The requirements that these packages declare on others than the workspace's own."""
    own = {package.name for package in workspace}
    declared = {line for package in members for line in package.project.get("dependencies", [])}
    return sorted(line for line in declared if line not in own)


def requirements_in(path: Path) -> list[str]:
    """The requirements in a hand-written list, without its comments."""
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return sorted(line for line in lines if line)


def inputs() -> dict[Path, list[str]]:
    """For every lock file, what it is resolved from."""
    everything = packages()
    bootstrap = requirements_in(REQUIREMENTS / "bootstrap.in")
    wanted = {
        REQUIREMENTS / "bootstrap.txt": bootstrap,
        DEV: third_party(everything, everything) + requirements_in(REQUIREMENTS / "dev.in") + bootstrap,
    }
    for package in everything:
        wanted[package.lock] = third_party(closure(package, everything), everything)
    return wanted


def header(requirements: list[str]) -> str:
    return HEADER.format(digest=hashlib.sha256("\n".join(requirements).encode()).hexdigest())


def behind(wanted: dict[Path, list[str]]) -> list[str]:
    """The lock files that were not made from what is declared now."""
    return [
        str(path.relative_to(ROOT))
        for path, requirements in wanted.items()
        if not path.exists() or not path.read_text().startswith(header(requirements))
    ]


def compile_pins(path: Path, requirements: list[str], upgrade: bool) -> None:
    """Resolve one lock file for every Python from 3.11 on and every system; pins that still fit are kept."""
    command = [VENV / "bin/uv", "pip", "compile", "-", "--universal", "--python-version", "3.11"]
    command += ["--generate-hashes", "--no-annotate", "--no-header", "--no-emit-index-url", "--quiet"]
    if path != DEV:
        command += ["--constraint", DEV]
    command += ["--upgrade"] if upgrade else []
    scratch = path.with_suffix(".tmp")
    if path.exists():
        scratch.write_bytes(path.read_bytes())
    try:
        subprocess.run(
            [*map(str, command), "--output-file", str(scratch)],
            input="\n".join(requirements),
            text=True,
            check=True,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            env=os.environ | registry_settings(VENV / "bin/python"),
        )
        pins = re.sub(r"(?m)^#.*\n", "", scratch.read_text())
        path.write_text(header(requirements) + pins)
    finally:
        scratch.unlink(missing_ok=True)


def main() -> int:
    wanted = inputs()
    for path in sorted(wanted, key=lambda each: each != DEV):
        compile_pins(path, wanted[path], upgrade="--upgrade" in sys.argv)
        count = sum("==" in line for line in path.read_text().splitlines())
        print(f"{path.relative_to(ROOT)}: {count} packages", flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError:
        sys.exit("The lock could not be made (see above); the file that failed is as it was.")
