"""Named places at which a test kills the process, or a server, to prove that a kill there loses and doubles nothing.

`LETTRA_FAILPOINT` is `name`, `name@N` (the N-th time, from 1) or either with `:kill=PID` behind it. When the place is
reached, `reach` ends its own process with SIGKILL; with a PID it ends that one (a server's) and goes on.
`LETTRA_FAILPOINT_TRACE` names a file: it is made when the failpoint fires, so that a test sees that it did, and once
it is there nothing fires again, in whichever process of this environment. Without the first variable a call costs a
comparison.
"""

from __future__ import annotations

import os
import signal

NAMES = (
    "append.before",
    "append.written",
    "append.committed",
    "import.kept",
    "import.taken",
    "sequence.before",
    "sequence.written",
    "sequence.committed",
    "publish.before",
    "publish.sent",
    "publish.marked",
    "contacts.before_send",
    "contacts.sent",
    "contacts.forgotten",
    "consume.before",
    "consume.decided",
    "consume.written",
    "consume.committed",
    "consume.offset_committed",
    "park.written",
    "release.skipped",
    "release.applied",
    "release.written",
    "release.committed",
    "replay.begun",
    "replay.batch_written",
    "replay.built",
    "swap.locked",
    "swap.written",
    "swap.committed",
    "restate.locked",
    "restate.written",
    "restate.committed",
    "generation.created",
    "generation.republished_batch",
    "generation.announced",
    "generation.switched",
    "generation.consumer_moved",
)

_armed = ""
_left = 0
_victim: int | None = None
_trace: str | None = None


def arm() -> None:
    """Do what the environment says now; called at import, and by whoever changes its environment afterwards."""
    global _armed, _left, _victim, _trace
    place, _, victim = os.environ.get("LETTRA_FAILPOINT", "").partition(":kill=")
    _armed, _, times = place.partition("@")
    _left = int(times or 1)
    _victim = int(victim) if victim else None
    _trace = os.environ.get("LETTRA_FAILPOINT_TRACE")


def reach(name: str) -> None:
    """Kill here and now if this is the failpoint that the environment names, and its time has come."""
    global _left
    if name != _armed or _left <= 0:
        return
    _left -= 1
    if _left == 0 and _fires_first(name):
        os.kill(_victim or os.getpid(), signal.SIGKILL)


def _fires_first(name: str) -> bool:
    if _trace is None:
        return True
    try:
        with open(_trace, "x", encoding="utf-8") as trace:
            trace.write(f"{name} in process {os.getpid()}\n")
    except FileExistsError:
        return False
    return True


arm()
