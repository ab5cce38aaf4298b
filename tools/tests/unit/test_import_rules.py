"""The import rules of pyproject.toml refuse what they are there to refuse: each is broken once, in a copy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from workspace import ROOT, packages

MODULES = ["domain", "decider", "handlers", "reactions", "api", "settings", "main", "projections/__init__"]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Packages of the same names and shape as the real ones, empty."""
    for package in packages():
        folder = tmp_path / package.module
        names = [*MODULES, "bank/__init__", "bank/camt"] if package.is_service else ["store/append"]
        for name in ["__init__", *names]:
            path = folder / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            (path.parent / "__init__.py").touch()
    return tmp_path


def lint(workspace: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).parent / "lint-imports", "--no-cache", "--no-logo"]
    return subprocess.run(
        [*map(str, command), "--config", str(ROOT / "pyproject.toml")],
        cwd=workspace,
        env=os.environ | {"PYTHONPATH": str(workspace)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_shape_of_the_architecture_is_accepted(workspace: Path) -> None:
    (workspace / "lettra_matching/decider.py").write_text(
        "import datetime, decimal\nimport lettra_events\nfrom lettra_matching import domain\n"
    )
    (workspace / "lettra_matching/handlers.py").write_text(
        "import asyncpg\nfrom lettra_matching import decider, domain\nimport lettra_events.store.append\n"
    )
    (workspace / "lettra_matching/projections/aging.py").write_text("import asyncpg\nimport lettra_events\n")
    (workspace / "lettra_payment_ingest/bank/camt.py").write_text("import io\nfrom lxml import etree\n")
    (workspace / "lettra_tools/match.py").write_text(
        "import lettra_matching.decider\nimport lettra_payment_ingest.bank\n"
    )
    done = lint(workspace)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("lettra_invoicing/api", "import lettra_matching.domain"),
        ("lettra_matching/reactions", "import lettra_payment_ingest"),
        ("lettra_payment_ingest/main", "import lettra_invoicing.settings"),
        ("lettra_events/store/append", "import lettra_invoicing"),
        ("lettra_events/store/append", "import lettra_tools"),
        ("lettra_invoicing/main", "import lettra_tools"),
        ("lettra_invoicing/domain", "import asyncpg"),
        ("lettra_matching/decider", "import time"),
        ("lettra_matching/decider", "from random import choice"),
        ("lettra_payment_ingest/domain", "import os.path"),
        ("lettra_payment_ingest/bank/camt", "import pathlib"),
        ("lettra_payment_ingest/bank/camt", "import httpx"),
        ("lettra_invoicing/decider", "import lettra_invoicing.handlers"),
        ("lettra_invoicing/decider", "from lettra_invoicing.projections import anything"),
        ("lettra_invoicing/domain", "import lettra_invoicing.decider"),
        ("lettra_matching/projections/aging", "import lettra_matching.reactions"),
        ("lettra_matching/projections/aging", "from aiokafka import AIOKafkaProducer"),
    ],
)
def test_a_forbidden_import_is_refused(workspace: Path, module: str, code: str) -> None:
    (workspace / f"{module}.py").write_text(code + "\n")
    done = lint(workspace)
    assert done.returncode == 1
    assert "BROKEN" in done.stdout
    assert module.replace("/", ".").split(".")[0] in done.stdout


def test_input_and_output_behind_another_module_is_seen(workspace: Path) -> None:
    (workspace / "lettra_events/store/append.py").write_text("import asyncpg\n")
    (workspace / "lettra_matching/decider.py").write_text("from lettra_events.store import append\n")
    done = lint(workspace)
    assert done.returncode == 1
    assert "lettra_events.store.append -> asyncpg" in done.stdout
