"""Servers for tests: named ones, else containers where a Docker engine answers, else the local stack."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from lettra_tools.stack.kafka_storage import SETTINGS
from lettra_tools.stack.local import LocalServers
from lettra_tools.stack.model import Servers, StackError
from lettra_tools.stack.named import Named, named_servers
from lettra_tools.stack.postgres import USER

POSTGRES_IMAGE = "postgres:17"
KAFKA_IMAGE = "confluentinc/cp-kafka:7.9.0"
DOCKER_SECONDS_MAX = 2
# Where a broker keeps its data and how it is reached are the image's matter.
LEFT_TO_THE_IMAGE = ("process.roles", "node.id", "listener", "controller.")


@dataclass(frozen=True)
class Started:
    """Servers, and how to get rid of them."""

    servers: Servers
    stop: Callable[[], None]


def start_for_tests() -> Started:
    """Servers for a test run; what is not named is started.

    LETTRA_TEST_SERVERS=local or =containers overrides the choice between the two.
    """
    named = named_servers()
    named.check()
    if named.postgres and named.kafka:
        return Started(Servers(named.postgres, named.kafka), lambda: None)
    started = _start_containers(named) if _wants_containers() else _start_local(named)
    servers = Servers(named.postgres or started.servers.postgres, named.kafka or started.servers.kafka)
    return replace(started, servers=servers)


def _wants_containers() -> bool:
    choice = os.environ.get("LETTRA_TEST_SERVERS")
    if choice not in (None, "", "local", "containers"):
        raise StackError(f"LETTRA_TEST_SERVERS is {choice!r}. Set it to local or containers, or to nothing.")
    return choice == "containers" or (choice != "local" and docker_answers())


def docker_answers() -> bool:
    """Whether a Docker engine is there and testcontainers is installed. Quick where there is none."""
    if not (os.environ.get("DOCKER_HOST") or Path("/var/run/docker.sock").exists()):
        return False
    try:
        import docker  # type: ignore[import-untyped]
        import testcontainers.core  # noqa: F401
    except ImportError:
        return False
    try:
        return bool(docker.from_env(timeout=DOCKER_SECONDS_MAX).ping())
    except Exception:  # whatever the reason is, it does not answer
        return False


def new_folder() -> Path:
    """A temporary folder; `LocalServers.remove` deletes it."""
    folder = Path(tempfile.mkdtemp(prefix="lettra-test-"))
    folder.chmod(0o711)  # root lends PostgreSQL an account that must reach its data
    return folder


def _start_local(named: Named) -> Started:
    local = LocalServers(new_folder(), postgres=not named.postgres, kafka=not named.kafka)
    try:
        return Started(local.start(), local.remove)
    except BaseException:
        local.remove()
        raise


def _start_containers(named: Named) -> Started:
    from testcontainers.community.kafka import KafkaContainer
    from testcontainers.community.postgres import PostgresContainer

    started: list[PostgresContainer | KafkaContainer] = []
    dsn = address = ""

    def stop() -> None:
        for container in reversed(started):
            container.stop()

    try:
        if not named.postgres:
            postgres = PostgresContainer(POSTGRES_IMAGE, username=USER, password=USER, dbname="postgres")
            postgres.with_command("postgres -c max_connections=200")
            started.append(postgres)
            dsn = postgres.start().get_connection_url(driver=None)
        if not named.kafka:
            kafka = KafkaContainer(KAFKA_IMAGE).with_kraft()
            for name, value in SETTINGS.items():
                if not name.startswith(LEFT_TO_THE_IMAGE):
                    kafka.with_env(f"KAFKA_{name.upper().replace('.', '_')}", str(value))
            started.append(kafka)
            address = kafka.start().get_bootstrap_server()
    except BaseException:
        stop()
        raise
    return Started(Servers(dsn, address), stop)
