"""The processes of a rebuild, where neither PostgreSQL nor Kafka is needed."""

from __future__ import annotations

import os

import pytest

from lettra_events.rebuild.errors import RebuildError
from lettra_events.rebuild.extent import Exclusions, Extent
from lettra_events.rebuild.workers import Task, worker_beside


async def test_an_interrupt_of_the_terminal_does_not_reach_a_worker() -> None:
    """Guard: start_new_session in worker_beside; a worker that still loads would die of it with a traceback."""
    task = Task(
        "no_such_module:SERVICE", "127.0.0.1:1", "postgresql://127.0.0.1:1/x", "rebuild", (), {}, alone=True
    )
    async with worker_beside(task) as worker:
        pid = worker._process.pid
        assert (os.getsid(pid), os.getpgid(pid)) == (pid, pid)
        with pytest.raises(RebuildError, match="no_such_module"):
            await worker.follow(Extent({}, Exclusions()), lambda _done, _total: None)


async def test_a_worker_that_fails_ends_in_order_while_its_input_is_open(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Guard: child.py reads a file of its own; Python, at its end, waits in vain for a thread that reads sys.stdin."""
    task = Task(
        "no_such_module:SERVICE", "127.0.0.1:1", "postgresql://127.0.0.1:1/x", "rebuild", (), {}, alone=True
    )
    async with worker_beside(task) as worker:
        with pytest.raises(RebuildError):
            await worker.follow(Extent({}, Exclusions()), lambda _done, _total: None)
        await worker._process.wait()
    assert "Fatal Python error" not in capfd.readouterr().err
