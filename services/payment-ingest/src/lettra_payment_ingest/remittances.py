"""Remittance advices from a CSV file. Pure.

Columns: customer_id, payment_date, currency, total, document_number, amount; a row a document. Rows of one customer,
day, currency and total are one advice. Optional: entity_id, reference.
"""

from __future__ import annotations

from typing import Any

from lettra_payment_ingest.csv_rows import Checked, Row, Table, filled, read_rows
from lettra_payment_ingest.domain import AdviseRemittance

_ADVICE = ("customer_id", "payment_date", "currency", "total")
_DOCUMENT = ("document_number", "amount")
_OPTIONAL = ("entity_id", "reference")


def _advice(rows: list[Row]) -> dict[str, Any]:
    first = rows[0]
    lines = [{name: row[name] for name in _DOCUMENT} for row in rows]
    return {name: first[name] for name in _ADVICE} | filled(first, _OPTIONAL) | {"lines": lines}


TABLE = Table(
    model=AdviseRemittance,
    needed=(*_ADVICE, *_DOCUMENT),
    optional=_OPTIONAL,
    grouped_by=(*_ADVICE, *_OPTIONAL),
    build=_advice,
    whole="total",
    rows_in="lines",
    many="advices",
)


def read_remittances(data: bytes) -> Checked[AdviseRemittance]:
    """Everything that the file says, or everything that is wrong with it (the first hundred)."""
    return read_rows(data, TABLE)
