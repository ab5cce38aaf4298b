"""Settings of a service: from the environment, checked at start, printed without secrets."""

from __future__ import annotations

from typing import Any, Literal, Self
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


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
        6, ge=1, le=1_000, description="partitions of the service's topic, fixed for a generation"
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
    publish_timeout_seconds: int = Field(60, ge=5, le=600)
    upload_bytes_max: int = Field(50_000_000, ge=1_000, description="size of an uploaded file")
    body_bytes_max: int = Field(1_000_000, ge=1_000, description="size of a JSON request")
    shutdown_seconds: int = Field(10, ge=1, le=300)

    @field_validator("postgres")
    @classmethod
    def _is_dsn(cls, value: str) -> str:
        if not value.startswith(("postgresql://", "postgres://")):
            raise ValueError("must look like postgresql://user@host:port/postgres")
        return value

    @field_validator("kafka")
    @classmethod
    def _is_bootstrap(cls, value: str) -> str:
        if not all(":" in server for server in value.split(",")):
            raise ValueError("must look like host:port[,host:port...]")
        return value

    @classmethod
    def load(cls) -> Self:
        """Read the environment; `SettingsError` names each variable that is missing or wrong."""
        try:
            return cls()
        except ValidationError as error:
            lines = [f"LETTRA_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors()]
            raise SettingsError("\n".join(lines)) from error

    def database(self, name: str) -> str:
        """DSN of the service's own database: the server's DSN with the database's name."""
        return urlunsplit(urlsplit(self.postgres)._replace(path=f"/lettra_{name.replace('-', '_')}"))

    def printable(self) -> dict[str, Any]:
        """All settings, with the password left out of the DSN."""
        values = self.model_dump()
        parts = urlsplit(self.postgres)
        if parts.password is not None:
            user = f"{parts.username}:***@" if parts.username else ""
            port = f":{parts.port}" if parts.port else ""
            values["postgres"] = urlunsplit(parts._replace(netloc=f"{user}{parts.hostname}{port}"))
        return values
