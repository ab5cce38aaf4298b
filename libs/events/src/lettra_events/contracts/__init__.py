"""The contracts between services: one definition of each event, one module a publishing service.

Importing this package registers all of them.
"""

from lettra_events.contracts import invoicing, matching, parking, payments, topics
from lettra_events.contracts._registry import (
    ContractError,
    Event,
    UnknownEventType,
    UnknownEventVersion,
    contract,
    contracts,
    decode,
    decode_data,
    encode,
    upcaster,
)
from lettra_events.contracts.topics import TOPICS

__all__ = [
    "TOPICS",
    "ContractError",
    "Event",
    "UnknownEventType",
    "UnknownEventVersion",
    "contract",
    "contracts",
    "decode",
    "decode_data",
    "encode",
    "invoicing",
    "matching",
    "parking",
    "payments",
    "topics",
    "upcaster",
]
