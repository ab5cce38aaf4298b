"""The pins: what they are made from, when they are behind, and how uv finds the registry that pip uses."""

from __future__ import annotations

from pathlib import Path

import pytest

import install
import lock
import registry
from workspace import DEV, Package, closure, packages


@pytest.fixture
def workspace(tmp_path: Path) -> list[Package]:
    declared = {
        "libs/events": ["orjson>=3"],
        "services/matching": ["lettra-events", "rapidfuzz>=3"],
        "tools": ["lettra-matching", "rich>=15"],
    }
    for folder, dependencies in declared.items():
        (tmp_path / folder).mkdir(parents=True)
        name = folder.rpartition("/")[2]
        (tmp_path / folder / "pyproject.toml").write_text(
            f'[project]\nname = "lettra-{name}"\ndependencies = {dependencies!r}\n'
        )
    return packages(tmp_path)


def test_a_package_brings_what_it_depends_on_first(workspace: list[Package]) -> None:
    names = [package.name for package in closure(workspace[-1], workspace)]
    assert names == ["lettra-events", "lettra-matching", "lettra-tools"]


def test_pins_of_a_package_are_its_own_and_those_of_its_closure_only(workspace: list[Package]) -> None:
    matching = closure(workspace[1], workspace)
    assert lock.third_party(matching, workspace) == ["orjson>=3", "rapidfuzz>=3"]


def test_a_changed_declaration_puts_the_pins_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "ROOT", tmp_path)
    pins = tmp_path / "dev.txt"
    assert lock.behind({pins: ["rich>=15"]}) == ["dev.txt"]
    pins.write_text(lock.header(["rich>=15"]) + "rich==15.0.0\n")
    assert lock.behind({pins: ["rich>=15"]}) == []
    assert lock.behind({pins: ["rich>=15", "typer"]}) == ["dev.txt"]


def test_every_package_is_held_to_the_tested_versions() -> None:
    tested = set(DEV.read_text().splitlines())
    for package in packages():
        pins = {line for line in package.lock.read_text().splitlines() if "==" in line}
        assert pins <= tested, package.name


def test_what_is_installed_but_not_pinned_is_found() -> None:
    listing = '[{"name": "pip"}, {"name": "rich"}, {"name": "leftover"}, {"name": "typing_extensions"}]'
    assert install.superfluous(listing, {"rich", "typing-extensions"}) == ["leftover"]


def test_pins_are_read_with_extras_and_markers(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(
        "# x==1\nattrs==1.0 \\\n    --hash=sha256:00\nuvicorn[standard]==2\nb==1 ; python_version < '3'\n"
    )
    assert install.pinned(path) == {"attrs", "uvicorn", "b"}


def test_uv_gets_what_pip_is_set_up_with() -> None:
    listing = "\n".join(
        [
            ":env:.index-url='//mirror/simple'",
            "global.index-url='//old/simple'",
            "global.cert='/etc/certificates.pem'",
            "install.find-links='/a\\n/b'",
            ":env:.no-index='1'",
            "download.timeout='5'",
        ]
    )
    assert registry.translate(registry.parse(listing)) == {
        "UV_DEFAULT_INDEX": "//mirror/simple",
        "SSL_CERT_FILE": "/etc/certificates.pem",
        "UV_FIND_LINKS": "/a,/b",
        "UV_NO_INDEX": "1",
    }
