"""The one error of the readers of bank files.

A reader either gives whole statements or raises `UnreadableFile`: nothing else leaves it, whatever the
bytes. Its text is one line that an operator can act on: which file, where in it, and what is wrong.
"""

from typing import Final

QUOTED_CHARS_MAX: Final = 40


class UnreadableFile(Exception):
    """A file that cannot be taken. `place` is a line, an element path, or both; printed, it is always one
    line.
    """

    def __init__(self, name: str, place: str, reason: str) -> None:
        super().__init__(name, place, reason)
        self.name = name
        self.place = place
        self.reason = reason

    def __str__(self) -> str:
        return one_line(f"{self.name}: {self.place}: {self.reason}")


def one_line(words: str) -> str:
    """The same words without line breaks or control characters, which a hostile file could put into a log."""
    return "".join(c if c.isprintable() else " " for c in words)


def quoted(value: str) -> str:
    """A value of the file as it may stand in a reason: in quotes, cut when long."""
    return repr(value if len(value) <= QUOTED_CHARS_MAX else value[:QUOTED_CHARS_MAX] + "...")
