"""Letters: a PDF in a folder that a printer empties, or to a print provider over HTTP.

In the folder a letter is there whole or not at all, under the name of its event, and stays through a power cut: it
is written beside, flushed to the disk, and renamed. A repeat finds its name taken and changes nothing.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import httpx

from lettra_notifications.channels.http import Patience, post
from lettra_notifications.domain.outcomes import FailedForNow, HandedOver, InDoubt, Outcome, short


class LetterFolder:
    """Hands letters over by putting them into `folder`. `taken`, where the printer moves what it took, if it does."""

    def __init__(self, folder: Path, taken: Path | None = None) -> None:
        self._folder = folder
        self._taken = taken

    async def hand_over(self, event_id: UUID, pdf: bytes) -> Outcome:
        """Raises nothing but what ends the task. A printer that deletes what it took cannot be told a repeat."""
        name = f"{event_id}.pdf"
        try:
            await asyncio.to_thread(self._put, name, pdf)
        except _Unsynced as error:
            return InDoubt(short(f"the letter may be in the folder: {error}"))
        except OSError as error:
            return FailedForNow(
                short(f"the folder of letters takes nothing: {error.strerror}"), provider_down=True
            )
        return HandedOver(name)

    def _put(self, name: str, pdf: bytes) -> None:
        there = [self._folder / name, *([self._taken / name] if self._taken else [])]
        if any(path.exists() for path in there):
            # It may have been renamed just before a power cut, and not be on the disk yet.
            _sync_folder(self._folder)
            return
        beside = self._folder / f".{name}.part"
        with beside.open("wb") as file:
            file.write(pdf)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._folder / name)
        _sync_folder(self._folder)


class _Unsynced(Exception):
    pass


def _sync_folder(folder: Path) -> None:
    """Have the names in the folder survive a power cut."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _Unsynced(error.strerror) from error


@dataclass(frozen=True)
class PrintProvider:
    url: str
    token: str
    patience: Patience = field(default_factory=lambda: Patience(total_seconds=60.0))


class PrintChannel:
    """Hands letters to a provider that takes a PDF over HTTP and drops repeats by `Idempotency-Key`."""

    def __init__(self, provider: PrintProvider, client: httpx.AsyncClient) -> None:
        self._provider = provider
        self._client = client

    async def hand_over(self, event_id: UUID, pdf: bytes) -> Outcome:
        headers = {
            "Authorization": f"Bearer {self._provider.token}",
            "Content-Type": "application/pdf",
            "Idempotency-Key": str(event_id),
        }
        return await post(self._client, self._provider.url, pdf, headers, self._provider.patience)
