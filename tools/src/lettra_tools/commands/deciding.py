"""Who decides, where a command keeps that for ever."""

from __future__ import annotations

import getpass

from lettra_tools.commands.reaching import fail

EXIT_USAGE = 2


def one_line(text: str, option: str) -> str:
    """The text without blanks around it; exit code 2 for one that is no readable line."""
    found = text.strip()
    if not found.isprintable():  # an argument of a terminal in another encoding is not
        fail(f"{option}: one line of readable text is expected, in UTF-8.", EXIT_USAGE)
    return found


def decider(who: str | None) -> str:
    """The name that was given, else the login. An account without one must give a name: exit code 2."""
    try:
        return one_line(who or getpass.getuser(), "--who")
    except (KeyError, OSError):
        fail("This account has no login name: say who decides, with --who NAME.", EXIT_USAGE)
