"""The demo's own stack: a folder, servers and services in it, and the promise that nothing of it outlives the demo."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from lettra_tools.commands.progress import reporting
from lettra_tools.demo.screen import Screen
from lettra_tools.demo.services import DemoFailed
from lettra_tools.stack.control import bring_down, bring_up
from lettra_tools.stack.local import LocalServers
from lettra_tools.stack.state import State

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Somebody ended the demo."""


def heed_signals() -> None:
    """The first signal ends the demo in order, wherever it is; further ones do not disturb that."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        ignore_signals()
        raise Interrupted

    for number in SIGNALS:
        signal.signal(number, stop)


def ignore_signals() -> None:
    """Stopping has begun."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def choose_folder(wanted: Path | None) -> Path:
    """A folder for the demo: the one wanted, which must be new or empty, or a fresh temporary one."""
    if wanted is None:
        folder = Path(tempfile.mkdtemp(prefix="lettra-demo-"))
        folder.chmod(0o711)  # root lends PostgreSQL an account that must reach its data
        return folder
    if wanted.exists() and (not wanted.is_dir() or any(wanted.iterdir())):
        raise DemoFailed(
            f"{wanted} is not empty, and the demo needs a fresh history. Choose another --folder."
        )
    return wanted.absolute()


class Stage:
    """Up inside the block. After it nothing runs, unless `keep` was set in it."""

    def __init__(self, folder: Path, state: State) -> None:
        self.folder = folder
        self.state = state
        self.keep = False


@contextmanager
def stage(folder: Path, screen: Screen, *, is_ours: bool) -> Iterator[Stage]:
    """Start servers and services; afterwards stop them, and delete the folder if it is ours and nothing failed."""
    keep, failed = False, True
    try:
        try:
            with reporting() as report:
                found = Stage(folder, bring_up(folder, report=report))
            yield found
            keep, failed = found.keep, False
        except Interrupted:
            failed = False
            raise
        finally:
            ignore_signals()  # an inner block: a signal at this very moment must not skip what follows
    finally:
        if not keep:
            _clear(folder, screen, remove=is_ours and not failed)


def _clear(folder: Path, screen: Screen, *, remove: bool) -> None:
    with reporting() as report:
        stopped = bring_down(folder, report)
    if stopped:
        screen.say("Servers and services are stopped.")
    if remove:
        LocalServers(folder).remove()
    else:
        screen.say(f"Their data and logs are in {folder}.")
