"""The topic of each publishing service, and how it tells that its history goes on in another generation of it."""

from __future__ import annotations

from lettra_events.contracts._registry import Event, contract

TOPICS = {
    "invoicing": "ar.invoicing.events",
    "payments": "ar.payments.events",
    "matching": "ar.matching.events",
}
"""The topic of each publishing service, by the prefix of its event types."""


class TopicMoved(Event):
    """The history goes on in a topic of more partitions, which has all of it from the first entry.

    In the old topic this is the last entry of every partition. Whoever has read it there goes on in `new_topic` with
    what follows this entry; what is at or before it is the same there, in other partitions.
    """

    generation: int
    partitions: int
    new_topic: str

    def stream_id(self) -> str:
        return f"topic:{self.service}"


def topic_moved_contract(service: str) -> type[TopicMoved]:
    """Register `<service>.TopicMoved`."""
    name = TopicMoved.__name__
    cls = type(name, (TopicMoved,), {"__doc__": TopicMoved.__doc__, "__module__": __name__})
    return contract(f"{service}.{name}", broadcast=True)(cls)


MOVED = {service: topic_moved_contract(service) for service in TOPICS}
