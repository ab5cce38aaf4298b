"""Linking remittance advices to payments, whichever comes second: looked for after either has come, and once again if
a kill comes between.
"""

from __future__ import annotations

from typing import Any

import asyncpg

from lettra_events.service.commands import Answer, Commands, Request
from lettra_payment_ingest import handlers
from lettra_payment_ingest.decider.advices import DAYS_AFTER, DAYS_BEFORE, Pair, bears, unique_pairs

PAIRS_MAX = 10_000

_PAIRS = """
select a.advice_id, a.reference, p.payment_id, p.end_to_end_id, p.structured_reference, p.remittance, p.entry_ref
  from advices a
  join payments p on p.currency = a.currency and p.amount = a.total
 where a.payment_id is null and p.direction = 'credit' and p.advice_id is null and not p.detailed
   and p.returned = 0 and not p.reversal and (a.entity_id is null or a.entity_id = p.entity_id)
   and p.booking_date between a.payment_date - $1::int and a.payment_date + $2::int
 order by a.advice_id, p.payment_id limit $3"""
_ANY = "select exists (select from advices where payment_id is null)"


async def link_advices(commands: Commands, correlation_id: str) -> int:
    """Link every advice that means one payment alone, and is alone in meaning it; how many were linked now."""
    if not await commands.pool.fetchval(_ANY):
        return 0
    linked = 0
    for pair in unique_pairs(await _pairs(commands.pool)):
        linked += await _link(commands, correlation_id, pair)
    return linked


async def _pairs(pool: asyncpg.Pool[Any]) -> list[Pair]:
    rows = await pool.fetch(_PAIRS, DAYS_BEFORE, DAYS_AFTER, PAIRS_MAX)
    return [Pair(row["advice_id"], row["payment_id"], bears(row[3:], row["reference"])) for row in rows]


async def _link(commands: Commands, correlation_id: str, pair: Pair) -> bool:
    linked: list[bool] = []

    def decide(workspace: Any) -> Answer:
        linked[:] = [handlers.link_advice(workspace, pair)]
        return Answer(200, b"")

    await commands.run(decide, Request(correlation_id))
    return linked[0]
