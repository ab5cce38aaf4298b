"""Letters in a folder: whole or not at all, once under one name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from messages_world import request_id

from lettra_notifications.channels import letter
from lettra_notifications.channels.letter import LetterFolder
from lettra_notifications.domain.outcomes import FailedForNow, HandedOver, InDoubt

_NAME = f"{request_id(1)}.pdf"


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def test_a_letter_is_there_under_the_name_of_its_event(tmp_path: Path) -> None:
    assert await LetterFolder(tmp_path).hand_over(request_id(1), b"%PDF") == HandedOver(_NAME)
    assert _files(tmp_path) == {_NAME: b"%PDF"}


async def test_a_repeat_changes_nothing_also_where_the_printer_has_moved_it(tmp_path: Path) -> None:
    """Guard: the look at both folders."""
    folder, taken = tmp_path / "out", tmp_path / "taken"
    folder.mkdir()
    taken.mkdir()
    channel = LetterFolder(folder, taken)
    await channel.hand_over(request_id(1), b"first")
    assert await channel.hand_over(request_id(1), b"second") == HandedOver(_NAME)
    assert (folder / _NAME).read_bytes() == b"first"
    (folder / _NAME).rename(taken / _NAME)
    assert await channel.hand_over(request_id(1), b"third") == HandedOver(_NAME)
    assert _files(folder) == {}


async def test_what_was_half_written_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / f".{_NAME}.part").write_bytes(b"%PD")
    await LetterFolder(tmp_path).hand_over(request_id(1), b"%PDF whole")
    assert _files(tmp_path) == {_NAME: b"%PDF whole"}


async def test_content_and_names_are_flushed_before_it_counts_as_handed_over(
    tmp_path: Path, monkeypatch
) -> None:
    """Guard: both fsyncs, in this order around the rename."""
    seen: list[str] = []
    real_sync, real_replace = os.fsync, Path.replace
    inode_of_the_folder = os.stat(tmp_path).st_ino

    def sync(descriptor: int) -> None:
        folder = os.fstat(descriptor).st_ino == inode_of_the_folder
        seen.append("the folder" if folder else "the letter")
        real_sync(descriptor)

    def replaces(source: Path, target: Path) -> Path:
        seen.append("the name")
        return real_replace(source, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", replaces)
    await LetterFolder(tmp_path).hand_over(request_id(1), b"%PDF")
    assert seen == ["the letter", "the name", "the folder"]


async def test_a_folder_that_is_not_there_is_a_failure_for_now(tmp_path: Path) -> None:
    outcome = await LetterFolder(tmp_path / "none").hand_over(request_id(1), b"%PDF")
    assert isinstance(outcome, FailedForNow)
    assert outcome.provider_down


async def test_a_name_that_may_not_be_on_the_disk_is_in_doubt(tmp_path: Path, monkeypatch) -> None:
    def broken(folder: Path) -> None:
        raise letter._Unsynced("Input/output error")

    monkeypatch.setattr(letter, "_sync_folder", broken)
    outcome = await LetterFolder(tmp_path).hand_over(request_id(1), b"%PDF")
    assert outcome == InDoubt("the letter may be in the folder: Input/output error")


@pytest.mark.parametrize("number", [1, 2])
async def test_two_requests_are_two_letters(tmp_path: Path, number: int) -> None:
    await LetterFolder(tmp_path).hand_over(request_id(number), b"%PDF")
    assert (tmp_path / f"{request_id(number)}.pdf").exists()
