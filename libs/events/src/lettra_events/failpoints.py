"""Named places at which a test kills the process, to prove that a kill there loses and doubles nothing.

`LETTRA_FAILPOINT=name` or `name@N` (the N-th time, from 1) makes `reach(name)` end the process with SIGKILL.
Without the variable a call costs a comparison.
"""

from __future__ import annotations

import os
import signal

_armed, _, _times = os.environ.get("LETTRA_FAILPOINT", "").partition("@")
_left = int(_times or 1)

NAMES = (
    "append.before",
    "append.written",
    "append.committed",
    "sequence.before",
    "sequence.written",
    "sequence.committed",
    "publish.before",
    "publish.sent",
    "publish.marked",
    "consume.before",
    "consume.decided",
    "consume.written",
    "consume.committed",
    "consume.offset_committed",
)


def reach(name: str) -> None:
    """End the process here if this is the failpoint that the environment names."""
    global _left
    if name != _armed:
        return
    _left -= 1
    if _left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
