"""A rebuild in a process of its own, which a test may kill: `swap`, `compare`, `restate` or `as-of`, by PROCESSES.

Prints nothing and ends with 0, or says why it could not be done and ends with 2. LETTRA_KAFKA and LETTRA_POSTGRES are
the servers, BOOKKEEPER_TOPIC is what is read.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import bookkeeper
import clerk

from lettra_events.progress import silent
from lettra_events.rebuild.as_of import replay_as_of
from lettra_events.rebuild.errors import RebuildError
from lettra_events.rebuild.replaying import Request, compare
from lettra_events.rebuild.restating import restate
from lettra_events.rebuild.swapping import swap

WORK: Mapping[str, Callable[[Request], Coroutine[Any, Any, Any]]] = {
    "swap": swap,
    "compare": compare,
    "restate": lambda asked: restate(asked.service, asked.settings, silent),
    "as-of": lambda asked: replay_as_of(asked, 1),
}

if __name__ == "__main__":
    clerk.register()
    request = Request(
        bookkeeper.service(os.environ["BOOKKEEPER_TOPIC"]),
        bookkeeper.Settings.load(),
        "bookkeeper.at_work:SERVICE",
        silent,
        int(sys.argv[2]),
    )
    try:
        asyncio.run(WORK[sys.argv[1]](request))
    except RebuildError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
