"""A stale feed and a missing statement, as the close of a day tells them, on a real database."""

from __future__ import annotations

from typing import Any

from bank_files import ACCOUNT, Entry, camt, following


async def close(api, day: str) -> None:
    (await api.client.post(f"/days/2026-03-{day}/close")).raise_for_status()


async def told(api, kind: str) -> list[dict[str, Any]]:
    rows = await api.pool.fetch(
        "select key, data::jsonb as data from events_json where type = $1", f"payments.{kind}"
    )
    return [dict(row) for row in rows]


async def test_a_missing_statement_and_a_stale_feed_are_events_once(api):
    """Guards: close_day (handlers/accounts.py) decides on both before `DayClosed`, once for each end of the line."""
    days = following("100", [Entry("1")], [Entry("2")], [Entry("3")])
    await api.take(camt(days[0], days[2]))
    await close(api, "05")
    await close(api, "06")
    (missing,), (stale,) = await told(api, "StatementMissing"), await told(api, "FeedStale")
    assert (missing["key"], stale["key"]) == ("entity:FR01", "entity:FR01")
    assert all(ACCOUNT in str(each["data"]) for each in (missing, stale))
    events = await api.events()
    assert max(events.index("StatementMissing"), events.index("FeedStale")) < events.index("DayClosed")


async def test_a_feed_that_comes_as_it_should_is_told_of_by_neither(api):
    days = following("100", [Entry("1")], [Entry("2")], [Entry("3")])
    await api.take(camt(*days))
    await close(api, "04")
    assert (await told(api, "StatementMissing"), await told(api, "FeedStale")) == ([], [])


async def test_the_statement_that_was_missing_makes_the_line_go_on(api):
    days = following("100", [Entry("1")], [Entry("2")], [Entry("3")])
    await api.take(camt(days[0], days[2]))
    assert (await api.account())["through_date"] == "2026-03-02"
    await api.take(camt(days[1]))
    assert (await api.account())["through_date"] == "2026-03-04"
