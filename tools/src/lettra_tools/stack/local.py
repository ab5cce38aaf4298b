"""PostgreSQL and Kafka in one folder, owned by this process."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType

from lettra_tools.stack.account import remove_home
from lettra_tools.stack.files import FileLock
from lettra_tools.stack.kafka import Kafka
from lettra_tools.stack.model import Report, Servers, StackError, silent
from lettra_tools.stack.ports import PortTaken, choose_ports
from lettra_tools.stack.postgres import USER, Postgres, end_orphan

TRIES_MAX = 3


class LocalServers:
    """Two servers that live as long as their owner: there after `start`, gone after `stop` or its death.

    Call everything from one thread that lives as long as the servers (see process.py), best the main thread.
    One process owns a folder at a time. `stop` keeps the data, and a later `start` finds it again, on the
    same ports if they are still free; `remove` deletes it. `wanted` leaves one of the servers out.
    """

    def __init__(
        self,
        folder: Path,
        report: Report = silent,
        *,
        fsync: bool = True,
        postgres: bool = True,
        kafka: bool = True,
    ) -> None:
        self.folder = folder.absolute()
        self._report = report
        self._fsync = fsync
        self._wanted = {"postgres": postgres, "kafka": kafka}
        self._lock = FileLock(self.folder / "servers.lock")
        self._running: Servers | None = None
        self.postgres: Postgres | None = None
        self.kafka: Kafka | None = None

    def start(self) -> Servers:
        """Start what is wanted and return when both accept work. Harmless when they already run."""
        if self._running is None:
            self._own_folder()
            try:
                end_orphan(self.folder / "postgres" / "data")
                self._start_on_free_ports()
            except OSError as error:
                self.stop()
                raise StackError(
                    f"The servers of {self.folder} could not be started: {error}. Look at the space and the "
                    "permissions there."
                ) from error
            except BaseException:
                self.stop()
                raise
        assert self._running is not None
        return self._running

    def stop(self) -> None:
        """Stop Kafka, then PostgreSQL, in order. Harmless when they do not run."""
        self._stop_servers()
        self._running = None
        self._lock.release()

    def remove(self) -> None:
        """Stop, and delete the folder with everything in it."""
        self.stop()
        remove_home(self.folder / "postgres")
        shutil.rmtree(self.folder, ignore_errors=True)

    def kill_postgres(self) -> None:
        """End PostgreSQL as a crash would."""
        self._started_postgres().kill()

    def start_postgres(self) -> None:
        """Start PostgreSQL again, on the same port and data."""
        self._started_postgres().start()

    def kill_kafka(self) -> None:
        """End Kafka as a crash would."""
        self._started_kafka().kill()

    def start_kafka(self) -> None:
        """Start Kafka again, on the same port and data."""
        self._started_kafka().start()

    def __enter__(self) -> LocalServers:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _started_postgres(self) -> Postgres:
        assert self.postgres, "start() comes first"
        return self.postgres

    def _started_kafka(self) -> Kafka:
        assert self.kafka, "start() comes first"
        return self.kafka

    def _own_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            owned = self._lock.acquire(wait=False)
        except OSError as error:
            raise StackError(
                f"The folder {self.folder} cannot be used ({error.strerror}). Choose another one."
            ) from error
        if not owned:
            raise StackError(
                f"Another process runs the servers of {self.folder}. Stop it there (lettra down), or choose "
                "another folder."
            )

    def _start_on_free_ports(self) -> None:
        """Choose ports and start; again, where another program took one in between."""
        for attempt in range(1, TRIES_MAX + 1):
            ports = choose_ports(self.folder / "ports.json", ("postgres", "kafka", "kafka-controller"))
            try:
                self._start(ports)
            except PortTaken:
                self._stop_servers()
                if attempt == TRIES_MAX:
                    raise
            else:
                return

    def _stop_servers(self) -> None:
        if self.kafka:
            self.kafka.stop()
        if self.postgres:
            self.postgres.stop()

    def _start(self, ports: dict[str, int]) -> None:
        folder, logs, report = self.folder, self.folder / "logs", self._report
        dsn = address = ""
        if self._wanted["postgres"]:
            port = ports["postgres"]
            self.postgres = Postgres(
                folder / "postgres", logs / "postgres.log", port, report, fsync=self._fsync
            )
            self.postgres.start()
            dsn = f"postgresql://{USER}@127.0.0.1:{port}/postgres"
        if self._wanted["kafka"]:
            port, controller = ports["kafka"], ports["kafka-controller"]
            self.kafka = Kafka(folder / "kafka", logs / "kafka.log", port, controller, report)
            self.kafka.start()
            address = f"127.0.0.1:{port}"
        self._running = Servers(postgres=dsn, kafka=address)
