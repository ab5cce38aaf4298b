"""What the checks know of the workspace: its packages, and where each keeps its files."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
REQUIREMENTS = ROOT / "requirements"
# The list of pins that the whole workspace is tested with.
DEV = REQUIREMENTS / "dev.txt"


@dataclass(frozen=True)
class Package:
    """One installable package of the workspace."""

    folder: Path

    @cached_property
    def project(self) -> dict[str, Any]:
        """The `[project]` table of its pyproject.toml."""
        with (self.folder / "pyproject.toml").open("rb") as file:
            table: dict[str, Any] = tomllib.load(file)["project"]
        return table

    @property
    def name(self) -> str:
        """As published, such as lettra-payment-ingest."""
        return str(self.project["name"])

    @property
    def module(self) -> str:
        """As imported, such as lettra_payment_ingest."""
        return self.name.replace("-", "_")

    @property
    def is_service(self) -> bool:
        return self.folder.parent.name == "services"

    @property
    def lock(self) -> Path:
        """The file that pins what this package needs, and nothing else."""
        return REQUIREMENTS / f"{self.name.removeprefix('lettra-')}.txt"


def packages(root: Path = ROOT) -> list[Package]:
    """Every package, in an order in which each comes after what it depends on."""
    found = sorted(root.glob("libs/*/pyproject.toml")) + sorted(root.glob("services/*/pyproject.toml"))
    return [Package(path.parent) for path in [*found, root / "tools/pyproject.toml"]]


def closure(package: Package, among: list[Package]) -> list[Package]:
    """A package with the packages of the workspace that it depends on, dependencies first."""
    by_name = {each.name: each for each in among}
    needed: list[Package] = []
    for dependency in package.project.get("dependencies", []):
        if dependency in by_name:
            needed += [each for each in closure(by_name[dependency], among) if each not in needed]
    return [*needed, package]
