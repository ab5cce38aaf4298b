"""Who decides, where a command keeps that for ever."""

from __future__ import annotations

import getpass

from lettra_tools.commands.reaching import fail

EXIT_USAGE = 2


def decider(who: str | None) -> str:
    """The name that was given, else the login. An account without one must give a name: exit code 2."""
    try:
        return (who or getpass.getuser()).strip()
    except (KeyError, OSError):
        fail("This account has no login name: say who decides, with --who NAME.", EXIT_USAGE)
