"""Zip containers of bank files, opened without trusting them.

Of a member only the content counts: its path is never used, and names only the place in an error. Limits are on what
comes out, not on what the archive says of itself; what is encrypted, or a container inside a container, is refused.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, BinaryIO, Final

from lettra_payment_ingest.bank.errors import UnreadableFile, one_line
from lettra_payment_ingest.bank.limits import Limits

if TYPE_CHECKING:
    from typing_extensions import Buffer

MEMBERS_MAX: Final = 1_000
RATIO_MAX: Final = 250
"""A statement full of equal entries packs to a hundredth; what packs to less is made to fill a memory."""
RATIO_FROM_BYTES: Final = 4_096
"""Of less than this the ratio says nothing."""
DIRECTORY_BYTES_MAX: Final = 1_000 * 512
NAME_CHARS_MAX: Final = 80

_OF_A_MAC: Final = (b"\x00\x05\x16\x07", b"\x00\x00\x00\x01Bud1")
"""How the files begin that a Mac puts beside those of its user: attributes (`._name`), and how a folder is shown."""

_END: Final = struct.Struct("<4s4H2LH")
_END_BYTES_MAX: Final = _END.size + 65_535
_ENCRYPTED: Final = 0x1
_TAKEN: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive: the name to call it by, and its content, to be read once."""

    name: str
    content: BinaryIO


def is_archive(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a zip container, empty ones included."""
    return head[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def members(source: BinaryIO, name: str, limits: Limits) -> Iterator[Member]:
    """The files of an archive in its order, without folders and what a Mac adds.

    `UnreadableFile` where it is not to be trusted.
    """
    _check_end(source, name)
    try:
        archive = zipfile.ZipFile(source)
    except _BROKEN as error:
        raise UnreadableFile(name, "zip", f"is a broken zip container: {error}") from None
    left, taken = limits.bytes_max, 0
    for info in archive.infolist():
        if info.filename.endswith("/"):  # is_dir() fails on a file without a name
            continue
        member = _named(name, info)
        content = _opened(archive, info, member, left)
        buffered = io.BufferedReader(content)
        if not buffered.peek(len(_OF_A_MAC[1])).startswith(_OF_A_MAC):
            taken += 1
            yield Member(member, buffered)
        left -= content.count
    if taken == 0:
        raise UnreadableFile(name, "zip", "is an empty zip container")


def _opened(archive: zipfile.ZipFile, info: zipfile.ZipInfo, member: str, left: int) -> "Counted":
    if info.flag_bits & _ENCRYPTED:
        raise UnreadableFile(member, "zip", "is encrypted")
    if info.compress_type not in _TAKEN:
        raise UnreadableFile(
            member, "zip", f"is packed in a way that is not taken (method {info.compress_type})"
        )
    try:
        opened = archive.open(info)
    except _BROKEN as error:
        raise UnreadableFile(member, "zip", f"cannot be unpacked: {error}") from None
    return Counted(opened, member, min(left, RATIO_MAX * max(info.compress_size, RATIO_FROM_BYTES)))


def _check_end(source: BinaryIO, name: str) -> None:
    """What the end of the archive says of its directory, before that is read: it could fill the memory alone."""
    size = source.seek(0, 2)
    source.seek(max(0, size - _END_BYTES_MAX))
    tail = source.read()
    source.seek(0)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + _END.size > len(tail):
        raise UnreadableFile(name, "zip", "is a broken zip container: it has no end")
    entries, directory = _END.unpack_from(tail, at)[4:6]
    if entries > MEMBERS_MAX or directory > DIRECTORY_BYTES_MAX:
        raise UnreadableFile(name, "zip", f"is a zip container of more than {MEMBERS_MAX} files")


def _named(name: str, info: zipfile.ZipInfo) -> str:
    own = info.filename.replace("\\", "/").rpartition("/")[2]
    return f"{name}/{one_line(own)[:NAME_CHARS_MAX]}"


class Counted(io.RawIOBase):
    """What is unpacked of a member: counted, and stopped where it is too much or broken."""

    def __init__(self, opened: IO[bytes], member: str, most: int) -> None:
        super().__init__()
        self._opened = opened
        self._member = member
        self._most = most
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "Buffer", /) -> int:
        view = memoryview(buffer).cast("B")
        try:
            piece = self._opened.read(len(view))
        except _BROKEN as error:
            raise UnreadableFile(self._member, "zip", f"cannot be unpacked: {error}") from None
        self.count += len(piece)
        if self.count > self._most:
            raise UnreadableFile(self._member, "zip", f"unpacks to more than {self._most} bytes")
        view[: len(piece)] = piece
        return len(piece)
