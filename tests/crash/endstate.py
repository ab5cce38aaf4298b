"""What a company's databases hold in the end, as far as two runs of the same script must agree on it.

Left out: times, and what only says how the work was divided (positions, batches, numbers of the log). An event is
named by its place, `stream@version`, and not by its id: statements are taken without an idempotency key, so the ids
of what they cause differ from run to run. What caused an event is named in the same way.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from lettra_events.testing.published import read_topic

from .company import SERVICES, Company

CONTACTS = "ar.invoicing.contacts"
EndState = Mapping[str, list[str]]

ABOUT_THE_WORK = {
    "consumer_batches",
    "consumer_offsets",
    "events",  # read apart
    "guards",
    "log",
    "outbox",
    "partition_heads",
    "relay",
}
NOT_COMPARED = {("parked_records", "record")}
"""It holds offset and chain, which follow from times."""
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_COLUMNS = """
select table_name, column_name from information_schema.columns
  join information_schema.tables using (table_schema, table_name)
 where table_schema = 'public' and table_type = 'BASE TABLE'
   and data_type not like 'timestamp%' order by table_name, ordinal_position"""
_EVENTS = """
select stream_id, version, event_id::text, type, schema_version, key, convert_from(payload, 'UTF8'),
       told->>'causationid', told->>'correlationid'
  from events, convert_from(attributes, 'UTF8') as text, cast(text as jsonb) as told
 order by stream_id, version"""


async def read_end_state(company: Company) -> EndState:
    """All rows and events, by `service.table`, each as a line of text, sorted."""
    events = {service: await company.rows(service, _EVENTS) for service in SERVICES}
    places = {row[2]: f"<{row[0]}@{row[1]}>" for rows in events.values() for row in rows}
    found: dict[str, list[str]] = {}
    for service in SERVICES:
        keys = {row[0] for row in await company.rows(service, "select key from idempotency_keys")}
        found[f"{service}.events"] = [_event_line(row, places, keys) for row in events[service]]
        async for table, lines in _tables(company, service):
            found[f"{service}.{table}"] = sorted(_named(line, places) for line in lines)
    found["contacts on Kafka"] = await _contacts(company)
    return found


async def _contacts(company: Company) -> list[str]:
    """Every key of the contacts' topic that has a value, with its last one; of an erased one no older value is left."""
    lines = []
    for records in (await read_topic(company.servers.kafka, CONTACTS)).values():
        last = {record.key: record.value for record in records}
        kept = [r for r in records if r.value is not None and r.value == last[r.key]]
        left = {r.key for r in records if r.value is not None} - {r.key for r in kept}
        assert not left, f"values of erased contacts are left in {CONTACTS}: {left}"
        lines += sorted({f"{r.key!r} {r.value!r}" for r in kept})
    return sorted(lines)


async def _tables(company: Company, service: str) -> AsyncIterator[tuple[str, list[str]]]:
    columns: dict[str, list[str]] = {}
    for table, column in await company.rows(service, _COLUMNS):
        if table not in ABOUT_THE_WORK and (table, column) not in NOT_COMPARED:
            columns.setdefault(table, []).append(column)
    for table, names in columns.items():
        # A stream that a decision only looked at is locked by a row of version 0.
        only = " where version > 0" if table == "streams" else ""
        query = f"select to_jsonb(t)::text from (select {', '.join(names)} from {table}{only}) t"
        yield table, [row[0] for row in await company.rows(service, query)]


def _event_line(row: Any, places: Mapping[str, str], keys: set[str]) -> str:
    stream, version, _id, kind, schema, key, payload, cause, correlation = row
    by = places.get(cause) or (cause if cause in keys else "a command without a key")
    line = json.dumps([stream, version, kind, schema, key, by, correlation])
    return _named(f"{line} {payload}", places)


def _named(line: str, places: Mapping[str, str]) -> str:
    """Ids of events as the places that they name."""
    return UUID.sub(lambda found: places.get(found[0], found[0]), line)


def differences(wanted: EndState, found: EndState) -> list[str]:
    """Where two end states differ: a line for each row that only one of them has."""
    return [line for table in sorted({*wanted, *found}) for line in _of_table(table, wanted, found)]


def _of_table(table: str, wanted: EndState, found: EndState) -> Iterator[str]:
    undisturbed, disturbed = wanted.get(table, []), found.get(table, [])
    for row in undisturbed:
        if row not in disturbed:
            yield f"{table}: missing {row}"
    for row in disturbed:
        if row not in undisturbed:
            yield f"{table}: unexpected {row}"
    if len(undisturbed) != len(disturbed):
        yield f"{table}: {len(disturbed)} rows instead of {len(undisturbed)}"
