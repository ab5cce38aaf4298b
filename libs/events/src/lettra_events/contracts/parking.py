"""What every consuming service publishes about keys that it had to stop: one set of contracts a service."""

from __future__ import annotations

from dataclasses import dataclass

from lettra_events.contracts._registry import Event, contract


class _OfParkedKey(Event):
    topic: str
    parked_key: str

    def stream_id(self) -> str:
        return f"parked:{self.topic}:{self.parked_key}"

    def key(self) -> str:
        return self.parked_key


class KeyParked(_OfParkedKey):
    """An event of this key failed: it and all that follows of the key wait, until released or skipped.

    Told again where a release stops: at an event that fails, or between two steps at the one that it goes on with.
    `entity_id` is null where the event could not be read; then every entity may be concerned.
    """

    partition: int
    sequence: int
    event_id: str
    failed_type: str
    entity_id: str | None = None
    error: str


class KeyReleased(_OfParkedKey):
    """All that waited of this key was applied or skipped; the key runs again."""

    through_sequence: int


class EventSkipped(_OfParkedKey):
    """A person decided that one event is not applied, here or in any replay."""

    sequence: int
    event_id: str
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class ParkingContracts:
    """The parking events of one service."""

    parked: type[KeyParked]
    released: type[KeyReleased]
    skipped: type[EventSkipped]


def parking_contracts(service: str) -> ParkingContracts:
    """Register `<service>.KeyParked`, `.KeyReleased` and `.EventSkipped`."""

    def named(base: type[Event]) -> type[Event]:
        subclass = type(base.__name__, (base,), {"__doc__": base.__doc__, "__module__": __name__})
        return contract(f"{service}.{base.__name__}")(subclass)

    return ParkingContracts(named(KeyParked), named(KeyReleased), named(EventSkipped))  # type: ignore[arg-type]


PARKING = {service: parking_contracts(service) for service in ("invoicing", "payments", "matching")}
