"""Kafka's jars: fetched once, checked always, and every failure said in a sentence."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from observe import JarRegistry

from lettra_tools.stack import StackError, jars
from lettra_tools.stack.model import silent

PROVIDE = "from lettra_tools.stack.jars import provide_kafka; print(provide_kafka(lambda message: None))"
DAMAGED = "kafka-clients-4.3.1.jar"


@pytest.fixture(scope="module")
def complete() -> Path:
    """The cache of this machine, filled."""
    return jars.provide_kafka(silent)


@pytest.fixture
def registry(complete: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JarRegistry]:
    """A registry on this machine, asked before any other, and an empty cache."""
    registry = JarRegistry(complete)
    with registry.running() as port:
        settings = tmp_path / "jgo.conf"
        settings.write_text(f"[repositories]\nhere = http://127.0.0.1:{port}\n")
        monkeypatch.setenv("JGO_CONFIG_FILE", str(settings))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("LETTRA_CACHE", str(tmp_path / "cache"))
        yield registry


def copy_of(complete: Path) -> Path:
    """The cache filled as if by an earlier run, whole or not."""
    folder = jars.cache_folder() / complete.name
    shutil.copytree(complete, folder)
    return folder


def test_an_empty_cache_is_filled_once(registry: JarRegistry) -> None:
    said: list[str] = []
    folder = jars.provide_kafka(said.append)
    assert sorted(registry.asked) == sorted(jar.file_name for jar in jars.read_lock())
    assert said[-1].endswith(f"{len(jars.read_lock())} of {len(jars.read_lock())} jars")
    registry.asked.clear()
    assert jars.provide_kafka(said.append) == folder
    assert registry.asked == []
    assert not list(folder.parent.glob("*.part-*"))


def test_a_jar_cut_off_in_the_middle_is_fetched_again_alone(registry: JarRegistry, complete: Path) -> None:
    folder = copy_of(complete)
    whole = (folder / DAMAGED).read_bytes()
    (folder / DAMAGED).write_bytes(whole[:1000])
    assert jars.provide_kafka(silent) == folder
    assert registry.asked == [DAMAGED]
    assert (folder / DAMAGED).read_bytes() == whole


def test_a_download_that_was_killed_goes_on_where_it_stopped(registry: JarRegistry, complete: Path) -> None:
    folder = copy_of(complete)
    (folder / jars.STAMP).unlink()
    (folder / DAMAGED).unlink()
    left = folder.parent / f"{folder.name}.part-left"
    left.mkdir()
    (left / DAMAGED).write_bytes(b"half")
    jars.provide_kafka(silent)
    assert registry.asked == [DAMAGED]
    assert not left.exists()


def test_a_jar_that_is_not_the_one_of_the_lock_is_refused(registry: JarRegistry, complete: Path) -> None:
    folder = copy_of(complete)
    (folder / DAMAGED).unlink()
    registry.spoil.add(DAMAGED)
    with pytest.raises(StackError, match=f"{DAMAGED} .* is not the file that kafka.lock names"):
        jars.provide_kafka(silent)
    assert not (folder / DAMAGED).exists()


def test_several_processes_fill_a_cache_together(registry: JarRegistry) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", PROVIDE], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    answers = {process.communicate(timeout=60)[0] for process in processes}
    assert answers == {f"{jars.provide_kafka(silent)}\n"}
    assert len(registry.asked) == len(jars.read_lock())


def test_an_unreachable_registry_is_said_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LETTRA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(
        StackError, match=r"could not be fetched: the Maven repository does not answer"
    ) as told:
        jars.provide_kafka(silent)
    assert "HTTPS_PROXY" in str(told.value)
    assert "LETTRA_KAFKA" in str(told.value)


def test_a_cache_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("LETTRA_CACHE", str(tmp_path / "file"))
    with pytest.raises(StackError, match=r"The cache .* cannot be written"):
        jars.provide_kafka(silent)
