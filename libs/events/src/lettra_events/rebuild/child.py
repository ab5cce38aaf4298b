"""A worker's process: `python -m lettra_events.rebuild.child`. See `lettra_events.rebuild.workers`."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from queue import SimpleQueue
from typing import Any, BinaryIO, TextIO

import asyncpg
import uvloop

from lettra_events.rebuild.errors import NotNow, RebuildError, ServersAway
from lettra_events.rebuild.extent import Extent
from lettra_events.rebuild.workers import DATABASE_AWAY, Task, away, load, worker_here
from lettra_events.service.logs import configure_logs

TOLD_EVERY = 10_000
_answers: TextIO = sys.stdout


def main() -> None:
    """Take a task and extents from standard input until it ends."""
    global _answers
    _answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the service's code may print is not an answer
    # Not sys.stdin: Python closes that one when it ends, and dies where a thread still reads from it.
    told = os.fdopen(os.dup(0), "rb")
    task = Task.from_json(told.readline())
    extents: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(told, extents), daemon=True).start()
    configure_logs("rebuild", "ERROR")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_work(task, extents))


def _listen(told: BinaryIO, extents: SimpleQueue[bytes]) -> None:
    """Once the input ends nobody waits for this process any more, in the middle of work or not."""
    for line in told:
        extents.put(line)
    os._exit(0)


async def _work(task: Task, extents: SimpleQueue[bytes]) -> None:
    try:
        service = load(task.reference)
        async with worker_here(task, service) as worker:
            while True:
                line = await asyncio.to_thread(extents.get)
                await worker.follow(Extent.from_json(json.loads(line)), _told())
                _say(says="arrived")
    except ServersAway as error:
        _say(says="away", why=str(error))
    except NotNow as error:
        _say(says="later", why=str(error))
    except RebuildError as error:
        _say(says="failed", why=str(error))
    except DATABASE_AWAY as error:
        _say(says="away", why=str(away(error)))
    except asyncpg.PostgresError as error:
        _say(says="failed", why=f"PostgreSQL refuses: {type(error).__name__}: {error}")
    except Exception as error:
        _say(says="failed", why=f"a worker process failed: {type(error).__name__}: {error}")
        raise


def _told() -> Any:
    last = -TOLD_EVERY

    def told(done: int, total: int) -> None:
        nonlocal last
        if done - last >= TOLD_EVERY or done == total:
            last = done
            _say(says="read", done=done, total=total)

    return told


def _say(**answer: Any) -> None:
    _answers.write(json.dumps(answer) + "\n")
    _answers.flush()


if __name__ == "__main__":
    main()
