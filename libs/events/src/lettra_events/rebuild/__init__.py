"""Rebuilding tables from events, beside the live ones: projections from Kafka, state from the service's own events.

Promises: nothing is changed outside the schemas made for it, until a swap or a restatement is asked for.
"""

from __future__ import annotations

from lettra_events.progress import Progress
from lettra_events.rebuild.comparing import Comparison, Difference
from lettra_events.service.service import Service
from lettra_events.service.settings import ServiceSettings

__all__ = ["Comparison", "Difference", "compare_projections", "compare_state"]


async def compare_projections(
    service: Service,
    settings: ServiceSettings,
    reference: str,
    progress: Progress,
    processes: int | None = None,
) -> Comparison:
    """Rebuild the projections from Kafka to exactly the live positions, and compare row for row.

    `reference`: where the service's code is, as `module:attribute`, for processes that load it themselves.
    `processes`: default one a processor, at most one a partition. Live goes on meanwhile, unharmed.
    """
    from lettra_events.rebuild.replaying import Request, compare

    return await compare(Request(service, settings, reference, progress, processes))


async def compare_state(service: Service, settings: ServiceSettings, progress: Progress) -> Comparison:
    """Fold the state tables anew from the service's own events, as of one moment, and compare row for row."""
    from lettra_events.rebuild.restating import compare_restated

    return await compare_restated(service, settings, progress)
