"""The lines of a text file, in whatever encoding and with whatever line ends it comes.

An encoding is nowhere declared, so it is told line by line: what is UTF-8 is UTF-8 (no other text looks like it by
chance); a line with bytes that only CP1252 prints is CP1252; the rest is ISO 8859-15, which is 8859-1 but for the euro
sign and a few letters in the place of signs that no statement needs.
"""

import codecs
import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, Final

from lettra_payment_ingest.bank.errors import UnreadableFile
from lettra_payment_ingest.bank.limits import Limits

if TYPE_CHECKING:
    from typing_extensions import Buffer

LINE_BYTES_MAX: Final = 65_536
LINES_MAX: Final = 5_000_000
"""More than the largest file of real lines has: each takes its time, even if it is empty."""

_UTF16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_PIECE_BYTES: Final = 65_536
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_CP1252_ONLY: Final = re.compile(rb"[\x80-\x9f]")
# Control characters mean nothing in a statement, and no database takes a NUL.
_CONTROLS: Final = dict.fromkeys([*range(9), *range(14, 32), 127], None)


def decode(raw: bytes) -> str:
    """The text of these bytes, without control characters other than white space."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        narrow = "cp1252" if _CP1252_ONLY.search(raw) else "iso8859-15"
        # Five bytes are nothing in CP1252.
        text = raw.decode(narrow, "replace")
    return text if text.isprintable() else text.translate(_CONTROLS)


def is_utf16(head: bytes) -> bool:
    """Whether a file begins with the mark of UTF-16, in either order of bytes."""
    return head.startswith(_UTF16_MARKS)


class FromUtf16(io.RawIOBase):
    """A file of UTF-16 as UTF-8; halves of a character that stand alone become the sign for what cannot be read."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__()
        self._source = source
        self._decoder = codecs.getincrementaldecoder("utf-16")("replace")
        self._ready = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "Buffer", /) -> int:
        view = memoryview(buffer).cast("B")
        while not self._ready and not self._ended:
            raw = self._source.read(_PIECE_BYTES)
            self._ended = not raw
            self._ready = self._decoder.decode(raw, self._ended).encode("utf-8", "replace")
        piece, self._ready = self._ready[: len(view)], self._ready[len(view) :]
        view[: len(piece)] = piece
        return len(piece)


def raw_lines(source: BinaryIO, name: str, limits: Limits) -> Iterator[tuple[int, bytes]]:
    """The lines without their ends (CRLF, LF or CR), counted from 1; `UnreadableFile` where there is too much."""
    number = size = 0
    for chunk in source:
        size += len(chunk)
        if size > limits.bytes_max:
            raise UnreadableFile(name, f"line {number + 1}", f"is larger than {limits.bytes_max} bytes")
        for line in chunk.splitlines() if b"\r" in chunk[:-2] else (chunk.rstrip(b"\r\n"),):
            number += 1
            if number > LINES_MAX:
                raise UnreadableFile(name, f"line {number}", f"more than {LINES_MAX} lines")
            yield number, line.removeprefix(_UTF8_MARK) if number == 1 else line


def lines(source: BinaryIO, name: str, limits: Limits) -> Iterator[tuple[int, str]]:
    """The decoded lines; one that is too long is refused, for it is no line of a statement."""
    for number, raw in raw_lines(source, name, limits):
        if len(raw) > LINE_BYTES_MAX:
            raise UnreadableFile(name, f"line {number}", f"is longer than {LINE_BYTES_MAX} bytes")
        yield number, decode(raw)


def one_blank(text: str) -> str | None:
    """The text with every white space as one blank, and none around; None where nothing is left."""
    return " ".join(text.split()) or None
