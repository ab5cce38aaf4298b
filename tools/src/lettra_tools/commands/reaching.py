"""What commands on databases and Kafka share: connections with limits, and one sentence where a server is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import asyncpg
import typer
from aiokafka.errors import KafkaError

from lettra_events.kafka.topics import TopicMisfit
from lettra_events.rebuild.workers import DATABASE_AWAY
from lettra_events.service.service import Service
from lettra_events.service.settings import ServiceSettings
from lettra_events.store.append import Connection
from lettra_tools.commands.stack import EXIT_DOWN
from lettra_tools.installed import settings_of
from lettra_tools.stack.model import StackError
from lettra_tools.stack.status import without_password

T = TypeVar("T")

EXIT_REFUSED = 2
CONNECT_SECONDS_MAX = 5.0
LOCK_SECONDS_MAX = 10
SAID_CHARS_MAX = 4_000


class Away(Exception):
    """A server or a database cannot be reached. The message names it and the remedy."""


class NotLetIn(Exception):
    """PostgreSQL answers, and does not let this role in. The message names both and the remedy."""


def fail(message: object, code: int) -> NoReturn:
    """End the command with a sentence on standard error; what repeats a huge argument is shortened in its middle."""
    said = str(message)
    if len(said) > SAID_CHARS_MAX:
        said = f"{said[: SAID_CHARS_MAX // 2]} ... {said[-SAID_CHARS_MAX // 2 :]}"
    typer.echo(f"lettra: {said}", err=True)
    raise typer.Exit(code)


def reach(work: Coroutine[Any, Any, T], loop: Callable[[], asyncio.AbstractEventLoop] | None = None) -> T:
    """Run a command's work. What cannot be reached is a sentence and exit code 3, what is not allowed one and 2."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it would say the same, many times a second
    try:
        with asyncio.Runner(loop_factory=loop) as runner:
            return runner.run(work)
    except (Away, TopicMisfit) as error:
        fail(error, EXIT_DOWN)
    except NotLetIn as error:
        fail(error, EXIT_REFUSED)
    except KafkaError as error:
        fail(f"Kafka does not answer ({error}). Start it, or name another one in LETTRA_KAFKA.", EXIT_DOWN)
    except asyncpg.InsufficientPrivilegeError as error:
        fail(f"PostgreSQL refuses: {error}. Use a role that has the right, in LETTRA_POSTGRES.", EXIT_REFUSED)
    except asyncpg.ReadOnlySQLTransactionError as error:
        fail(
            f"PostgreSQL refuses: {error}. Is it a standby? Name the primary in LETTRA_POSTGRES.",
            EXIT_REFUSED,
        )
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError) as error:
        fail(
            f"The database is not migrated to this release ({error}): run the role migrate of the release that runs,"
            " or use the tool of that release.",
            EXIT_REFUSED,
        )
    except TimeoutError:
        fail("Kafka or PostgreSQL did not answer in time. Try again once both are back.", EXIT_DOWN)
    except DATABASE_AWAY as error:
        fail(f"PostgreSQL broke off ({type(error).__name__}: {error}). Try again once it is back.", EXIT_DOWN)


def reachable_settings(service: Service, folder: Path) -> ServiceSettings:
    """Where the service's servers are; `Away` where no stack runs in the folder and none are named."""
    try:
        return settings_of(service, folder)
    except StackError as error:
        raise Away(str(error)) from None


@asynccontextmanager
async def database(service: Service, settings: ServiceSettings, command: str) -> AsyncIterator[Connection]:
    """A connection to the service's database, named after the command; no lock is waited for without end."""
    dsn = settings.database(service.name)
    try:
        connection = await asyncpg.connect(
            dsn,
            timeout=CONNECT_SECONDS_MAX,
            server_settings={
                "application_name": f"lettra {command}",
                "lock_timeout": f"{LOCK_SECONDS_MAX}s",
                "statement_timeout": f"{settings.statement_timeout_seconds}s",
                "idle_in_transaction_session_timeout": f"{settings.statement_timeout_seconds}s",
            },
        )
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InsufficientPrivilegeError) as error:
        raise NotLetIn(
            f"PostgreSQL refuses entry to {_place(service, dsn)} ({error})."
            " Name a role that is let in, and its password, in LETTRA_POSTGRES."
        ) from None
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, UnicodeError) as error:
        raise Away(_why_away(service, dsn, error)) from None
    try:
        if await connection.fetchval("select to_regclass('schema_migrations')") is None:
            raise Away(f"There is nothing in {_place(service, dsn)} yet. Make it: {_migrate(service)}.")
        yield connection
    finally:
        connection.terminate()


def _place(service: Service, dsn: str) -> str:
    return f"the database of {service.name}, {without_password(dsn)}"


def _migrate(service: Service) -> str:
    return f"lettra-{service.name} migrate"


def _why_away(service: Service, dsn: str, error: Exception) -> str:
    where = _place(service, dsn)
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return f"There is no {where.removeprefix('the ')}. Make it: {_migrate(service)}."
    reason = f"{type(error).__name__}: {error}".rstrip(": ")
    return f"PostgreSQL does not answer for {where} ({reason}). Start it, or name another one in LETTRA_POSTGRES."
