"""Settings of a service: from the environment, checked at start, printed without secrets."""

from __future__ import annotations

import re
from typing import Any, Literal, Self
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from lettra_events.kafka.topics import PARTITIONS_MAX
from lettra_events.service.problems import plain

_HOST = r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?"
_SERVER = re.compile(rf"(?:{_HOST}|\[[0-9a-fA-F:.]+\]):\d{{1,5}}")


class SettingsError(Exception):
    """A setting is missing or wrong; one line a setting, naming the variable and the remedy."""


class ServiceSettings(BaseSettings):
    """What every service is told. Environment variables are the field names in capitals behind `LETTRA_`."""

    model_config = SettingsConfigDict(env_prefix="LETTRA_", extra="ignore")

    kafka: str = Field(description="bootstrap servers, host:port[,host:port...]")
    postgres: str = Field(description="DSN of the server; each service uses its own database on it")
    http_host: str = Field("127.0.0.1", description="address that the API listens on")
    http_port: int = Field(8000, ge=1, le=65_535)
    partitions: int = Field(
        6, ge=1, le=PARTITIONS_MAX, description="partitions of the service's topic when it is made"
    )
    replication: int = Field(1, ge=1, le=7, description="replicas of each partition")
    instance: str | None = Field(
        None, description="stable name of this replica, for a fast rejoin of its group"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    pool_max: int = Field(16, ge=2, le=200, description="database connections of this process")
    statement_timeout_seconds: int = Field(60, ge=1, le=3_600)
    batch_max: int = Field(1_000, ge=1, le=10_000, description="records a transaction of the worker")
    relay_batch_max: int = Field(2_000, ge=1, le=20_000, description="events a round of the relay")
    relay_poll_ms: int = Field(10, ge=1, le=10_000)
    compacted_segment_ms: int = Field(
        600_000,
        ge=1_000,
        le=604_800_000,
        description="after which a segment of a compacted topic is closed; erasing takes about four of them",
    )
    publish_timeout_seconds: int = Field(60, ge=5, le=600)
    upload_bytes_max: int = Field(50_000_000, ge=1_000, description="size of an uploaded file")
    body_bytes_max: int = Field(1_000_000, ge=1_000, description="size of a JSON request")
    shutdown_seconds: int = Field(10, ge=1, le=300)

    @field_validator("postgres")
    @classmethod
    def _is_dsn(cls, value: str) -> str:
        if not value.startswith(("postgresql://", "postgres://")):
            raise ValueError("must look like postgresql://user@host:port/postgres")
        try:
            _without_password(value)
        except ValueError:
            raise ValueError("is no address; a password's special characters are %-encoded") from None
        return value

    @field_validator("kafka")
    @classmethod
    def _is_bootstrap(cls, value: str) -> str:
        return check_bootstrap(value)

    @classmethod
    def load(cls, **known: Any) -> Self:
        """Read the environment, except for what is known; `SettingsError` names each that is missing or wrong."""
        try:
            return cls(**known)
        except ValidationError as error:
            raise SettingsError("\n".join(map(cls._line, error.errors()))) from None

    @classmethod
    def _line(cls, error: Any) -> str:
        """The value is not repeated: it may hold a password."""
        name = str(error["loc"][0])
        described = cls.model_fields[name].description
        wanted = f" ({described})" if described else ""
        reason = "is missing" if error["type"] == "missing" else plain(error["msg"])
        return f"LETTRA_{name.upper()}: {reason}{wanted}"

    def database(self, name: str) -> str:
        """DSN of the service's own database: the server's DSN with the database's name."""
        return urlunsplit(urlsplit(self.postgres)._replace(path=f"/lettra_{name.replace('-', '_')}"))

    def printable(self) -> dict[str, Any]:
        """All settings, without the passwords that addresses among them may hold."""
        return {
            name: _without_password(value) if isinstance(value, str) and "://" in value else value
            for name, value in self.model_dump().items()
        }


def check_bootstrap(value: str) -> str:
    """The addresses of Kafka's servers as they are; `ValueError` where they cannot be such."""
    if not all(_SERVER.fullmatch(server) for server in value.split(",")):
        raise ValueError("must look like host:port[,host:port...]")
    return value


def _without_password(dsn: str) -> str:
    """A DSN may hold it before the host, or as a parameter."""
    parts: SplitResult = urlsplit(dsn)
    _ = parts.port  # raises where it is no number
    credentials, at, host = parts.netloc.rpartition("@")
    user, colon, _secret = credentials.partition(":")
    parameters = parse_qsl(parts.query, keep_blank_values=True)
    masked = [(name, "***" if "password" in name.lower() else value) for name, value in parameters]
    return urlunsplit(
        parts._replace(
            netloc=f"{user}{colon and ':***'}{at}{host}",
            query=urlencode(masked, safe="*/:") if masked else "",
        )
    )
