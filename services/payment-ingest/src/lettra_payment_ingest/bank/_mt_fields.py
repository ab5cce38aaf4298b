"""The frame of MT940 and MT942: lines to fields, fields to messages, one for each statement or page.

Wrappers ({1:..}{4: and -}) may be there or not, so may the lines of a bank's own before `:20:`; a message begins with
`:20:` and ends with `-`, with the next one, or with the file. Fields keep their lines apart, because only the field
knows how its lines are to be joined.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import BinaryIO, Final

from lettra_payment_ingest.bank.errors import UnreadableFile
from lettra_payment_ingest.bank.limits import Limits
from lettra_payment_ingest.bank.text import lines

# What is held in memory of one field: the longest that banks send have some twenty lines.
FIELD_LINES_MAX: Final = 500

# A tag of two digits must be known: the like of ":26:" is a time of day, cut by the end of a line.
_TAG: Final = re.compile(r":(\d{2}[A-Z]|13|20|21|25|28|61|64|65|86|NS):", re.ASCII)
_CUT_TIME: Final = re.compile(r":\d{2}:\d{2}(?!\d)", re.ASCII)
_HOUR: Final = re.compile(r"(?<!\d)\d{2}", re.ASCII)
_END: Final = re.compile(r"-(\}.*|XXX)?\s*")
_CUT: Final = "the message ends too soon: its wrapper {4: has no end -}"
_BLOCK: Final = re.compile(r"\{\s*2:\s*[IO](94\d)")


@dataclass(slots=True)
class Field:
    """A field: its tag without colons, its lines, and the line of the file on which it begins.

    `message` counts the messages of the file; `number` is the message's own (940) where a header tells it.
    """

    tag: str
    lines: list[str]
    line: int
    message: int
    number: str | None

    @property
    def first(self) -> str:
        return self.lines[0].strip()


def messages(source: BinaryIO, name: str, limits: Limits) -> Iterator[Iterator[Field]]:
    """The fields of a file, message by message, none held longer than it is needed.

    A message in a wrapper must have the wrapper's end, or it was cut.
    """
    return (fields for _, fields in groupby(_fields(source, name, limits), lambda each: each.message))


def _fields(source: BinaryIO, name: str, limits: Limits) -> Iterator[Field]:
    last: Field | None = None
    message, number, wrapped = 0, None, False
    for line, text in lines(source, name, limits):
        header = _BLOCK.search(text) if "{" in text else None
        ended = _END.fullmatch(text) is not None
        if ended or header or "{4:" in text:
            if wrapped and not ended and last is not None:
                raise UnreadableFile(name, f"line {line}", _CUT)
            if last is not None:
                yield last
                last, number, message = None, None, message + 1
            wrapped, number = "{4:" in text, header[1] if header else number
            text = text.partition("{4:")[2]
        tag = _TAG.match(text)
        if tag is None or (last is not None and _is_cut_time(last, text)):
            if last is not None:
                _append(last, text, name, line)
            continue
        if last is not None:
            yield last
            message += tag[1] == "20"
        last = Field(tag[1], [text[tag.end() :]], line, message, number)
    if last is not None and wrapped:
        raise UnreadableFile(name, f"line {last.line}", _CUT)
    if last is not None:
        yield last


def _is_cut_time(last: Field, text: str) -> bool:
    """Whether the line goes on with the time of day in which the information to the owner was cut (T16 | :20:37)."""
    return (
        last.tag == "86" and _CUT_TIME.match(text) is not None and bool(_HOUR.fullmatch(last.lines[-1][-2:]))
    )


def _append(last: Field, text: str, name: str, line: int) -> None:
    last.lines.append(text)
    if len(last.lines) > FIELD_LINES_MAX:
        reason = f"field :{last.tag}: of more than {FIELD_LINES_MAX} lines"
        raise UnreadableFile(name, f"line {line}", reason)
