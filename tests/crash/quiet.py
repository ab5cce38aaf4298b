"""When all is done: everything appended is published, and everything published is applied, in every service."""

from __future__ import annotations

from typing import Any

from .company import SERVICES, Company

READS = {
    "invoicing": ("matching",),
    "payment-ingest": ("matching",),
    "matching": ("invoicing", "payment-ingest"),
}
TOPICS = {
    "invoicing": "ar.invoicing.events",
    "payment-ingest": "ar.payments.events",
    "matching": "ar.matching.events",
}
_WAITING = """
select (select count(*) from outbox) + (select sequence - mark from relay)
       + (select count(*) from compacted_changes)"""
_HEADS = """
select partition, h.sequence from partition_heads h join relay using (generation)
 where h.sequence > 0 order by 1"""
_POSITIONS = "select partition, sequence from consumer_offsets where topic = $1"
_PUBLISHED = "select generation from relay"
_READ = "select generation from consumer_generations where topic = $1 and left_at is null"


async def quiet(company: Company, what: str) -> None:
    """Wait until nothing is under way: two looks in a row find all done, and the same."""
    before: Any = None

    async def settled() -> bool:
        nonlocal before
        now = await _done(company)
        same = now is not None and now == before
        before = now
        return same

    await company.until(f"all is published and applied: {what}", settled)


async def published_generation(company: Company, service: str) -> int:
    """The generation of its topic that a service publishes to."""
    return int((await company.rows(service, _PUBLISHED))[0][0])


async def _done(company: Company) -> dict[str, Any] | None:
    """How far each service is, if nothing waits in it and all of the others is read; else None."""
    heads: dict[str, dict[int, int]] = {}
    for service in SERVICES:
        if (await company.rows(service, _WAITING))[0][0]:
            return None
        heads[service] = dict(await company.rows(service, _HEADS))
    for service, sources in READS.items():
        for source in sources:
            if not await _all_is_read(company, service, source, heads[source]):
                return None
    return heads


async def _all_is_read(company: Company, service: str, source: str, heads: dict[int, int]) -> bool:
    """Whether the service reads the generation that is published, up to the last record of each partition."""
    read = await company.rows(service, _READ, TOPICS[source])
    if (read[0][0] if read else 1) != await published_generation(company, source):
        return False
    positions = dict(await company.rows(service, _POSITIONS, TOPICS[source]))
    return all(positions.get(partition, 0) >= head for partition, head in heads.items())
