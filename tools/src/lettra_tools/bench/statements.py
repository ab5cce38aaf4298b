"""camt_parse_per_s and camt_commit_per_s: a CAMT.053 file read alone, and imported into the running service.

The file has one statement. Reading is that of `lettra bank parse`; importing is from the request to the answer: read,
checked, kept, and every transaction committed as an event, the relay publishing beside. `camt_import_memory_mb` is the
most that the service's process has ever held.
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import httpx

from lettra_tools.demo.account import DayStatement, Line
from lettra_tools.demo.camt import write_camt
from lettra_tools.demo.codes import french_iban
from lettra_tools.demo.remittance import Remittance

ACCOUNT = french_iban(9, 1)
DAY = date(2026, 3, 16)
ANSWER_SECONDS_MAX = 1_800.0
BYTES_A_TRANSACTION = 985
"""Of the files that are made here."""


def measure(url: str, pid: int, transactions: int) -> dict[str, Any]:
    """`url` and `pid` are payment-ingest's."""
    content = camt_file(transactions)
    figures: dict[str, Any] = {"camt_parse_per_s": round(_parse(content))}
    with httpx.Client(base_url=url, timeout=ANSWER_SECONDS_MAX, trust_env=False) as client:
        account = {"account": ACCOUNT, "currency": "EUR", "entity_id": "BENCH"}
        client.post("/accounts", json=account).raise_for_status()
        begun = time.perf_counter()
        answer = client.post("/statements", files={"file": ("bench.xml", content)})
        seconds = time.perf_counter() - begun
    answer.raise_for_status()
    (statement,) = answer.json()["statements"]
    assert statement["transactions_new"] == transactions, statement
    figures["camt_commit_per_s"] = round(transactions / seconds)
    figures |= {"camt_import_memory_mb": memory_mb(pid), "camt_file_mb": round(len(content) / 1e6, 1)}
    return figures | {"camt_transactions": transactions, "camt_import_seconds": round(seconds, 1)}


def transactions_of(megabytes: int) -> int:
    """How many make a file of this size."""
    return megabytes * 1_000_000 // BYTES_A_TRANSACTION + 1


def camt_file(transactions: int) -> bytes:
    """One statement, each transaction with references, a payer and a text."""
    entries = tuple(_entries(transactions))
    opening = Decimal("1000.00")
    closing = opening + sum((line.amount for (line,) in entries), Decimal(0))
    return write_camt("BENCH", [DayStatement(1, ACCOUNT, "EUR", DAY, opening, closing, entries)])


def _entries(transactions: int) -> Iterator[tuple[Line]]:
    for number in range(transactions):
        text = Remittance(None, f"FACTURE FA-2026-{number:06d}")
        amount = Decimal(number % 1_000 + 1)
        yield (Line(f"B{number:09d}", DAY, amount, True, f"CLIENT {number % 5_000}", ACCOUNT, text),)


def _parse(content: bytes) -> float:
    (point,) = entry_points(group="lettra.bank", name="parse")
    parse = point.load()
    begun = time.perf_counter()
    count = sum(statement.transactions for statement in parse(io.BytesIO(content), "bench.xml"))
    return float(count / (time.perf_counter() - begun))


def memory_mb(pid: int) -> int | None:
    """The most resident memory that a process has had; None where the system does not say."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text("ascii"))
    except OSError:
        return None
    return int(found[1]) // 1_024 if found else None
