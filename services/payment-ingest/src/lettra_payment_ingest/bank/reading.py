"""Any bank file: its format told from its content, never from its name, then read by the reader of that format."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import IO, TYPE_CHECKING, BinaryIO, Final, Literal

from lettra_payment_ingest.bank.archive import is_archive, members
from lettra_payment_ingest.bank.camt import read_messages
from lettra_payment_ingest.bank.cfonb import read_cfonb
from lettra_payment_ingest.bank.csv_file import read_csv
from lettra_payment_ingest.bank.errors import UnreadableFile
from lettra_payment_ingest.bank.kept import InMemory, Keep
from lettra_payment_ingest.bank.limits import DEFAULT, Limits
from lettra_payment_ingest.bank.mapping import Mapping
from lettra_payment_ingest.bank.model import Statement
from lettra_payment_ingest.bank.mt import read_mt
from lettra_payment_ingest.bank.text import FromUtf16, is_utf16

if TYPE_CHECKING:
    from typing_extensions import Buffer

Format = Literal["camt", "mt", "cfonb", "zip"]

HEAD_BYTES: Final = 65_536

_MARK: Final = b"\xef\xbb\xbf"
# A wrapper, or a field on a line of its own; what stands before is a bank's own. The blanks before it hold no line end,
# or a run of empty lines would be tried from each of them.
_MT: Final = re.compile(
    rb"(?:\A|\n)[\x01\t\v\f ]*(?:\{1:|\{2:[IO]94|\{4:|:(?:20|21|25P?|28[CD]?|60[FM]|61|62[FM]|64|86|940|942|NS):)"
)
# Kind, bank, bank's code, branch, currency, decimals: nothing else begins so. (Some leave the currency blank.)
_CFONB: Final = re.compile(rb"\s*0[1457][0-9A-Z ]{5}[^\r\n]{4}[0-9A-Z ]{5}(?:[A-Z]{3}|   )[0-9 ][^\r\n]{60}")
_OTHERS: Final = {
    b"%PDF": "PDF",
    b"OFXHEADER": "OFX",
    b"\x1f\x8b": "gzip",
    b"7z\xbc\xaf": "7z",
    b"Rar!": "RAR",
}


def recognise(head: bytes) -> Format | None:
    """The format of a file by its first bytes; None for CSV and all that is unknown."""
    if is_archive(head):
        return "zip"
    text = readable_head(head).removeprefix(_MARK).replace(b"\r", b"\n")
    if text.replace(b"\0", b"").lstrip().startswith(b"<"):
        return "camt"
    if _MT.search(text):
        return "mt"
    return "cfonb" if _CFONB.match(text) else None


def readable_head(head: bytes) -> bytes:
    """The first bytes of a file, those of UTF-16 as UTF-8."""
    return FromUtf16(io.BytesIO(head)).readall() if is_utf16(head) else head


def read_file(
    source: BinaryIO,
    name: str,
    limits: Limits = DEFAULT,
    mapping: Mapping | None = None,
    keep: Keep = InMemory,
) -> Iterator[Statement]:
    """The statements, reports and notifications of a bank file, in its order; of a zip container, of all its files.

    `mapping` is for CSV, and plays no part in other formats; `keep` says where transactions are kept. The statements
    given before an `UnreadableFile`, the only error besides those of reading `source` itself, are not to be used: a
    file is taken whole or not at all.
    """
    head = source.read(HEAD_BYTES)
    if recognise(head) != "zip":
        yield from _read(head, source, name, limits, mapping, keep)
        return
    for member in members(_seekable(head, source, name, limits), name, limits):
        first = member.content.read(HEAD_BYTES)
        if recognise(first) == "zip":
            raise UnreadableFile(member.name, "zip", "is a zip container inside a zip container")
        for statement in _read(first, member.content, member.name, limits, mapping, keep):
            inside = member.name.removeprefix(f"{name}/")
            yield replace(statement, place=f"{inside}, {statement.place}")


def _read(
    head: bytes, rest: BinaryIO, name: str, limits: Limits, mapping: Mapping | None, keep: Keep
) -> Iterator[Statement]:
    other = next((words for first, words in _OTHERS.items() if head.startswith(first)), None)
    if other is not None or not head.strip():
        raise UnreadableFile(
            name, "line 1", f"is {other}, which is not taken" if other else "the file is empty"
        )
    whole: BinaryIO = io.BufferedReader(Chained(head, rest))
    form = recognise(head)
    if form == "camt":  # XML says its own encoding
        return read_messages(whole, name, limits, keep)
    named = form is None and mapping is not None and mapping.encoding != "auto"
    if is_utf16(head) and not named:
        transcoded: BinaryIO = io.BufferedReader(FromUtf16(whole))
        whole = transcoded
    match form:
        case "mt":
            return read_mt(whole, name, limits, keep)
        case "cfonb":
            return read_cfonb(whole, name, limits, keep)
    if mapping is None:
        words = "is no bank file: neither CAMT, MT940, MT942 nor CFONB 120 (a CSV file needs a mapping)"
        raise UnreadableFile(name, "line 1", words)
    return read_csv(whole, name, mapping, limits, keep)


def _seekable(head: bytes, source: BinaryIO, name: str, limits: Limits) -> BinaryIO:
    """The source from its start; a stream is read whole, because the directory of an archive stands at its end."""
    if source.seekable():
        source.seek(0)
        return source
    data = head + source.read(limits.bytes_max + 1)
    if len(data) > limits.bytes_max:
        raise UnreadableFile(name, "end", f"is larger than {limits.bytes_max} bytes")
    return io.BytesIO(data)


class Chained(io.RawIOBase):
    """The first bytes of a file, which were read already, and the rest behind them."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        super().__init__()
        self._head = memoryview(head)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "Buffer", /) -> int:
        view = memoryview(buffer).cast("B")
        piece = self._head[: len(view)] or self._rest.read(len(view))
        self._head = self._head[len(piece) :] if self._head else self._head
        view[: len(piece)] = piece
        return len(piece)
