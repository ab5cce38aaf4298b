"""`lettra import` killed in the middle, and the service with it: sent again, every row is there once."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

from invoicing_examples import many_invoices
from service_process import Started, serving

from lettra_events.testing.waiting import until

ROWS = 2_000
CHUNKS = {"LETTRA_IMPORT_CHUNK_ROWS": "50"}


async def lettra(service: Started, file: Path) -> asyncio.subprocess.Process:
    """`lettra import invoices` as an operator types it."""
    command = Path(sys.executable).with_name("lettra")
    url = str(service.client.base_url)
    arguments = ("import", "invoices", str(file), "--url", url)
    return await asyncio.create_subprocess_exec(str(command), *arguments, stdout=PIPE, stderr=PIPE)


async def said(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    out, err = await asyncio.wait_for(process.communicate(), 150)
    return process.returncode, out.decode() or err.decode()


async def test_client_and_service_are_killed_in_mid_import(api, servers, database, tmp_path):
    """Guards: a chunk moves `done` in its transaction; the lock of an import goes with its process (importing.py);
    whoever sends while the service is at work waits (lettra import)."""
    data = many_invoices(ROWS)
    file = tmp_path / "invoices.csv"
    file.write_bytes(data)
    path = f"/imports/{hashlib.sha256(data).hexdigest()}"

    async def in_the_middle(service: Started) -> bool:
        answer = await service.client.get(path)
        found = answer.json() if answer.status_code == 200 else {"phase": "", "done": 0}
        assert found["phase"] != "finished"
        return found["phase"] == "taking" and found["done"] > taken()

    def taken() -> int:
        return progress[-1]

    progress = [0]
    async with serving(servers, database, tmp_path, "api", **CHUNKS) as first:
        client = await lettra(first, file)
        await until(lambda: in_the_middle(first), "rows are being taken", 60)
        client.kill()
        first.process.kill()
        assert [await client.wait(), await first.ended()] == [-signal.SIGKILL] * 2
    progress.append(await api.pool.fetchval("select count(*) from documents"))
    assert 0 < taken() < ROWS

    async with serving(servers, database, tmp_path, "api", **CHUNKS) as second:
        client = await lettra(second, file)
        await until(lambda: in_the_middle(second), "the rest is being taken", 60)
        client.kill()
        await client.wait()
        code, words = await said(await lettra(second, file))
        assert (code, words) == (0, f"invoices.csv: rows: {ROWS}, new: none; nothing changed.\n")
    assert await api.pool.fetchval("select count(*) from documents") == ROWS
    numbers = await api.pool.fetch("select stream_id, version from streams where stream_id like 'invoice:%'")
    assert {row["version"] for row in numbers} == {1}
    assert len(numbers) == ROWS
