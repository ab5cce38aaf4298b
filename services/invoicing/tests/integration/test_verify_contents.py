"""`lettra verify` looks at the lines and parties of issued invoices: each is what its event knows by the digest."""

from __future__ import annotations

import asyncpg
import pytest

from lettra_events.progress import silent
from lettra_events.verify.finding import Kind, Unsound
from lettra_events.verify.kept import check_kept
from lettra_invoicing.main import SERVICE

LINES = [{"name": "Article", "quantity": "2", "price": "50.00", "vat_rate": "20"}]
KEY = "entity_id = 'FR02' and document_number = 'FA-000001'"


async def verified(api) -> int:
    async with api.pool.acquire() as connection:
        return await check_kept(connection, SERVICE, silent)


async def issued(api) -> None:
    """An invoice with lines and its credit note, and an invoice without."""
    await api.made_with_lines(LINES)
    note = {"entity_id": "FR02", "series": "AV", "issue_date": "2026-01-06", "currency": "EUR"}
    note |= {"corrects": "FA-000001", "operation_category": "goods", "lines": LINES}
    await api.made("/credit-notes", note)
    plain = {"entity_id": "FR02", "customer_id": "C-9", "series": "FB", "issue_date": "2026-01-06"}
    await api.made("/invoices", plain | {"currency": "EUR", "net": "1.00", "vat": "0", "gross": "1.00"})


async def test_what_is_kept_is_counted(api):
    """Guard: `kept` of the Service (main.py)."""
    await issued(api)
    assert await verified(api) == 2


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (f"update document_contents set content = content || ' '::bytea where {KEY}", "digest"),
        (f"delete from document_contents where {KEY}", "nothing"),
    ],
)
async def test_what_was_changed_or_removed_is_found(api, change, found):
    """Guards: check_kept (lettra_events/verify/kept.py), and `kept` of the Service."""
    await issued(api)
    await api.pool.execute(change)
    with pytest.raises(Unsound) as unsound:
        await verified(api)
    finding = unsound.value.finding
    assert (finding.kind, finding.table, finding.key) == (Kind.KEPT, "document_contents", "FR02 FA-000001")
    told = await api.pool.fetchval(
        "select data ->> 'document_digest' from events_json where type = 'invoicing.InvoiceIssued'"
        " and data ->> 'document_number' = 'FA-000001'"
    )
    assert finding.expected == told
    assert (finding.found == "nothing") is (found == "nothing")
    assert finding.found != told


@pytest.mark.parametrize("number", ["FB-000001", "FB-000002"])
async def test_what_no_event_tells_of_is_found(api, number):
    """Guard: the join from both sides (lettra_events/verify/kept.py); the first was issued without lines."""
    await issued(api)
    await api.pool.execute("insert into document_contents values ('FR02', $1, 'lines of no event')", number)
    with pytest.raises(Unsound) as unsound:
        await verified(api)
    assert (unsound.value.finding.key, unsound.value.finding.expected) == (f"FR02 {number}", "nothing")


async def test_a_table_that_differs_from_the_code_is_refused_at_start(api, start):
    """Guard: Service.tables has what is kept (lettra_events/service/service.py)."""
    await api.pool.execute("alter table document_contents rename column content to contents")
    with pytest.raises(Exception, match="document_contents") as drift:
        await start()
    assert not isinstance(drift.value, asyncpg.PostgresError)
