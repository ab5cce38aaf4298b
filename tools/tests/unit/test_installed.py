"""Which services the tool finds, and which servers it asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lettra_tools.installed import load_services, service_names, settings_of
from lettra_tools.stack import StackError


def test_the_services_of_the_workspace_are_found_by_their_entry_points() -> None:
    assert {"invoicing", "matching", "payment-ingest"} <= set(service_names())
    assert [service.name for service in load_services(["matching", "invoicing"])] == ["matching", "invoicing"]


def test_an_unknown_service_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(StackError, match=r"no service 'billing' installed here. Installed: .*invoicing"):
        load_services(["billing"])


def test_named_servers_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LETTRA_KAFKA", "127.0.0.1:9092")
    monkeypatch.setenv("LETTRA_POSTGRES", "postgresql://lettra@127.0.0.1:5432/postgres")
    (service,) = load_services(["matching"])
    settings = settings_of(service, tmp_path)
    assert settings.database(service.name) == "postgresql://lettra@127.0.0.1:5432/lettra_matching"


def test_without_named_servers_a_stack_must_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LETTRA_KAFKA", raising=False)
    monkeypatch.delenv("LETTRA_POSTGRES", raising=False)
    (service,) = load_services(["matching"])
    with pytest.raises(StackError, match=r"No stack runs in .* Start it with `lettra up`"):
        settings_of(service, tmp_path)
