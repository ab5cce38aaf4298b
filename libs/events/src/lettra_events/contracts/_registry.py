"""The contract registry: which events exist, in which versions, and how old ones are read.

An event class is a contract: a frozen pydantic model registered under a stable name by `contract`. An added
optional field keeps its version; anything else is a new version, and `upcaster` says how the old data becomes
the new. History is never rewritten: upcasting happens on read.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, ClassVar, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from lettra_events.envelope import RecordedEvent

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


class ContractError(ValueError):
    """Bytes that are no valid event of a known contract; the message names type, version and field."""


class UnknownEventType(ContractError):
    """The event's type is in no contract that this release knows."""


class UnknownEventVersion(ContractError):
    """The type is known, its version is not, and no upcaster leads to the current one."""


class Event(BaseModel):
    """Base of every contract. Unknown fields are ignored on read, so that a newer publisher does no harm."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    event_type: ClassVar[str]
    schema_version: ClassVar[int]
    broadcast: ClassVar[bool]
    service: ClassVar[str]

    def stream_id(self) -> str:
        """The stream on which this event is appended; what must be unique is said by this id."""
        raise NotImplementedError(type(self).__name__)

    def key(self) -> str:
        """The partition key: the customer, `payment:<id>`, `entity:<id>`, or `*` for a broadcast."""
        raise NotImplementedError(type(self).__name__)


EventClass = TypeVar("EventClass", bound=type[Event])

_contracts: dict[str, type[Event]] = {}
_upcasters: dict[tuple[str, int], Upcaster] = {}


def contract(name: str, *, version: int = 1, broadcast: bool = False) -> Callable[[EventClass], EventClass]:
    """Register an event class under its stable name, `service.PastTense`, never an import path."""

    def register(cls: EventClass) -> EventClass:
        if name in _contracts:
            raise ValueError(f"the contract {name} is registered twice")
        cls.event_type = name
        cls.schema_version = version
        cls.broadcast = broadcast
        cls.service = name.partition(".")[0]
        _contracts[name] = cls
        return cls

    return register


def upcaster(name: str, from_version: int) -> Callable[[Upcaster], Upcaster]:
    """Register the pure function that turns data of `from_version` into data of the version after it."""

    def register(function: Upcaster) -> Upcaster:
        _upcasters[name, from_version] = function
        return function

    return register


def contracts(service: str | None = None) -> dict[str, type[Event]]:
    """All contracts, or those that one service publishes, by name."""
    return {name: cls for name, cls in sorted(_contracts.items()) if service in (None, cls.service)}


def encode(event: Event) -> bytes:
    """The event's data as JSON, the bytes that are stored, hashed and published."""
    return event.model_dump_json().encode()


def decode(recorded: RecordedEvent) -> Event:
    """The event of recorded bytes, upcast to the current version; `ContractError` names what is wrong."""
    return decode_data(recorded.type, recorded.schema_version, recorded.payload)


def decode_data(event_type: str, version: int, payload: bytes) -> Event:
    """As `decode`, from the type, its schema version and the JSON data."""
    cls = _contracts.get(event_type)
    if cls is None:
        raise UnknownEventType(f"{event_type} v{version}: no such event type in this release")
    try:
        if version == cls.schema_version:
            return cls.model_validate_json(payload)
        return cls.model_validate(_upcast(cls, version, payload))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the data"
        raise ContractError(f"{event_type} v{version}: {place}: {first['msg']}") from error
    except orjson.JSONDecodeError as error:
        raise ContractError(f"{event_type} v{version}: the data: {error}") from error


def _upcast(cls: type[Event], version: int, payload: bytes) -> dict[str, Any]:
    steps = _steps(cls, version)
    data: dict[str, Any] = orjson.loads(payload)
    try:
        for step in steps:
            data = step(data)
    except (KeyError, TypeError, AttributeError) as error:
        raise ContractError(
            f"{cls.event_type} v{version}: the data lack what v{version} promises: {error!r}"
        ) from error
    return data


@lru_cache
def _steps(cls: type[Event], version: int) -> tuple[Upcaster, ...]:
    wanted = range(version, cls.schema_version)
    if version > cls.schema_version or any((cls.event_type, v) not in _upcasters for v in wanted):
        raise UnknownEventVersion(
            f"{cls.event_type} v{version}: this release reads up to v{cls.schema_version}; "
            "upgrade it before the publisher"
        )
    return tuple(_upcasters[cls.event_type, v] for v in wanted)
