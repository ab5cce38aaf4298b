"""`lettra import` as an operator types it: what was taken is said, and every mistake with its line and column."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

from invoicing_examples import customers_csv
from service_process import serving

HEADER = (
    "entity_id,customer_id,item_id,kind,document_number,issue_date,due_date,currency,amount,payment_reference,"
    "discount_amount,discount_until,original_amount,reminder_step\n"
)
ITEM = "FR01,C-1,A1,invoice,2025/0815,2025-11-03,2025-12-31,EUR,70.00,,,,120.00,2\n"


async def lettra(*arguments: str) -> tuple[int | None, str, str]:
    command = Path(sys.executable).with_name("lettra")
    process = await asyncio.create_subprocess_exec(str(command), *arguments, stdout=PIPE, stderr=PIPE)
    out, err = await asyncio.wait_for(process.communicate(), 120)
    return process.returncode, out.decode(), err.decode()


async def test_opening_balances_and_changed_customers(api, servers, database, tmp_path):
    """Guards: the commands open-items and --update (lettra_tools/commands/imports.py)."""
    del api  # it has registered a legal entity and customers
    items, changed = tmp_path / "items.csv", tmp_path / "changed.csv"
    async with serving(servers, database, tmp_path, "api") as service:
        url = ("--url", str(service.client.base_url))
        items.write_text(HEADER + ITEM)
        for words in ("rows: 1, new: 1; taken.", "rows: 1, new: none; nothing changed."):
            assert (await lettra("import", "open-items", str(items), *url))[:2] == (
                0,
                f"items.csv: {words}\n",
            )
        items.write_text(HEADER + ITEM.replace("70.00", "71.00"))
        code, _out, err = await lettra("import", "open-items", str(items), *url)
        assert code == 1
        assert "items.csv: line 2, column item_id: A1 of FR01 was taken with other data" in err

        changed.write_bytes(customers_csv("C-2,Durand SA,,,,,fr,"))
        code, _out, err = await lettra("import", "customers", str(changed), *url)
        assert code == 1
        assert "registered with other data (name)" in err
        code, out, _err = await lettra("import", "customers", str(changed), "--update", *url)
        assert (code, out) == (0, "changed.csv: rows: 1, new: 1; taken.\n")


async def test_a_file_that_the_service_is_at_work_on(api, servers, database, tmp_path):
    """Guard: the command knows the service's word for it, import-running (lettra_tools/commands/imports.py)."""
    file = tmp_path / "customers.csv"
    file.write_bytes(customers_csv("C-7,Martin SA,,,,,fr,"))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    async with serving(servers, database, tmp_path, "api") as service, api.pool.acquire() as connection:
        url = str(service.client.base_url).rstrip("/")
        await connection.execute("select pg_advisory_lock(hashtextextended($1, 0))", digest)
        code, _out, err = await lettra("import", "customers", str(file), "--url", url, "--wait", "0")
        assert code == 1
        assert "customers.csv: the service is still at work on this file after 0 s" in err
        assert f"{url}/imports/{digest}" in err
        await connection.execute("select pg_advisory_unlock(hashtextextended($1, 0))", digest)
        code, out, _err = await lettra("import", "customers", str(file), "--url", url)
        assert (code, out) == (0, "customers.csv: rows: 1, new: 1; taken.\n")
