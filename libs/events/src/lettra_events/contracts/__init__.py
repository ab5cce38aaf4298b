"""The contracts between services: one definition of each event, one module a publishing service.

Importing this package registers all of them.
"""

from lettra_events.contracts import invoicing, matching, parking, payments
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

TOPICS = {
    "invoicing": "ar.invoicing.events",
    "payments": "ar.payments.events",
    "matching": "ar.matching.events",
}
"""The topic of each publishing service, by the prefix of its event types."""

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
    "upcaster",
]
