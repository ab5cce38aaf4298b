"""XML from strangers, read a piece at a time.

The only module that knows lxml. It promises that no document type declaration is ever parsed (so no entity
is ever expanded, inside or outside the file), that memory stays bounded by `Limits`, that namespaces and
prefixes play no part (a `Stmt` is a `Stmt`), and that whatever is wrong with the XML is an `UnreadableFile`.
"""

import codecs
import io
import re
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any, BinaryIO, Final, Protocol, Self

from lxml import etree  # type: ignore[import-untyped, unused-ignore]

from lettra_payment_ingest.bank.errors import UnreadableFile, quoted
from lettra_payment_ingest.bank.limits import Limits

_DOCTYPE: Final = "has a document type declaration (DOCTYPE), refused because it could expand entities"

# libxml2 goes on after an undeclared entity or prefix, and says so only when the file has ended.
_REPORTED_AT_THE_END: Final = (
    etree.ErrorTypes.ERR_UNDECLARED_ENTITY,
    etree.ErrorTypes.NS_ERR_UNDEFINED_NAMESPACE,
)

CHUNK_BYTES: Final = 64 * 1024
FIRST_NAMES_MAX: Final = 200

# Encodings in which every ASCII byte means itself, so that the scan of the prolog sees what the parser will
# see. A shifting one (ISO-2022, UTF-7) could show a harmless root to the scan and a DOCTYPE to the parser.
_ASCII_LIKE: Final = re.compile(
    r"(?i)(utf-?8|us-ascii|ascii|latin-?[19]|iso-?8859-\d{1,2}|windows-125\d|cp125\d)\Z"
)
_PROLOG: Final = re.compile(r"\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*", re.DOTALL)
_DECLARATION: Final = re.compile(r"\s*<\?xml\s[^>]*>")
_ENCODING: Final = re.compile(r"""encoding\s*=\s*["']([^"']*)["']""")
_SAFE: Final[dict[str, Any]] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
}


_BLANKS: Final = b" \t\r\n"
_FILLERS: Final = frozenset(b"\0\x1a")
_FILLING: Final = _BLANKS + bytes(_FILLERS)
_STRAY: Final = "lettra-cp1252"
"""How bytes that are no UTF-8 are read in a file that says it is: some banks change the encoding, not the header."""


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(_STRAY, _as_cp1252)


class Element(Protocol):
    """The part of an lxml element that the readers use."""

    tag: str
    text: str | None
    sourceline: int | None

    def get(self, key: str) -> str | None: ...
    def getparent(self) -> "Element | None": ...
    def getprevious(self) -> "Element | None": ...
    def iterchildren(self, *tags: str) -> "Iterator[Element]": ...
    def clear(self, keep_tail: bool = False) -> None: ...
    def remove(self, element: Self) -> None: ...
    def __len__(self) -> int: ...


class Flaw(Exception):
    """Something wrong at an element. The reader of the file adds the file's name and the path."""

    def __init__(self, element: Element, reason: str) -> None:
        super().__init__(reason)
        self.element = element
        self.reason = reason


def local_name(element: Element) -> str:
    """The name without its namespace."""
    return element.tag.rpartition("}")[2]


def children(element: Element, name: str) -> "Iterator[Element]":
    """The child elements of that name, in any namespace or none."""
    return element.iterchildren("{*}" + name)


def find(element: Element, *path: str) -> Element | None:
    """The first element down that path of names."""
    for name in path:
        child = next(element.iterchildren("{*}" + name), None)
        if child is None:
            return None
        element = child
    return element


def drop_before(element: Element, keep: str = "") -> None:
    """Free the siblings before this one, back to the nearest named `keep`, and the content of the element
    itself.

    The element stays, empty: the parser may still be adding the white space behind it.
    """
    parent = element.getparent()
    previous = element.getprevious()
    while parent is not None and previous is not None and local_name(previous) != keep:
        parent.remove(previous)
        previous = element.getprevious()
    element.clear(keep_tail=True)


class Document:
    """One XML file: its head, looked at without parsing the rest, then its elements as they end."""

    def __init__(self, source: bytes | BinaryIO, name: str, limits: Limits) -> None:
        self.name = name
        self._limits = limits
        self._file: BinaryIO = io.BytesIO(source) if isinstance(source, bytes) else source
        first = self._read_first()
        if first.startswith((b"<\0", b"\0<")):
            first = (codecs.BOM_UTF16_LE if first[1] == 0 else codecs.BOM_UTF16_BE) + first
        stripped = first.removeprefix(codecs.BOM_UTF8).lstrip(_BLANKS)
        self._wide = stripped.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        self._utf8 = not self._wide and _is_utf8(stripped)
        # Blank lines before the declaration are not XML, but banks send them. Lines keep their numbers.
        self._line_offset = first[: len(first) - len(stripped)].count(b"\n")
        self._first = stripped
        self._refuse_prolog()

    def _read_first(self) -> bytes:
        """One full chunk, however little a stream gives at a time: the scan of the prolog sees only this."""
        parts, size = [], 0
        while size < CHUNK_BYTES and (part := self._file.read(CHUNK_BYTES - size)):
            parts.append(part)
            size += len(part)
        return b"".join(parts)

    def fail(self, place: str, reason: str) -> UnreadableFile:
        return UnreadableFile(self.name, place, reason)

    def line(self, element: Element) -> str:
        """The element's line, in words."""
        return f"line {(element.sourceline or 0) + self._line_offset}"

    def _refuse_prolog(self) -> None:
        text = self._decoded_head()
        end = _PROLOG.match(text)
        rest = text[end.end() :] if end else text
        line = f"line {text[: len(text) - len(rest)].count(chr(10)) + 1 + self._line_offset}"
        if rest[:9].upper() == "<!DOCTYPE":
            raise self.fail(line, _DOCTYPE)
        if not text:
            raise self.fail("line 1", "the file is empty")
        if not rest or rest[:2] in ("<?", "<!"):
            raise self.fail(line, "no element after the XML prolog")
        if not re.match(r"<[^\W\d]", rest):
            raise self.fail(line, "is not XML")

    def _decoded_head(self) -> str:
        if self._wide:
            return self._first.decode("utf-16", "replace")
        text = self._first.decode("latin-1")
        declaration = _DECLARATION.match(text)
        for encoding in _ENCODING.findall(declaration[0] if declaration else ""):
            if not _ASCII_LIKE.match(encoding):
                raise self.fail("line 1", f"encoding {quoted(encoding)} is not taken")
        return text

    def first_names(self) -> tuple[str, ...]:
        """The names of the first elements, in document order, from the first bytes only.

        Raises `UnreadableFile` only when there is not even one: a later flaw is for `ends` to report.
        """
        parser = _parser(events=("start",))
        flaw: UnreadableFile | None = None
        try:
            self._feed(parser, self._first.decode("utf-8", _STRAY).encode() if self._utf8 else self._first)
        except UnreadableFile as error:
            flaw = error
        names = tuple(local_name(element) for _, element in islice(parser.read_events(), FIRST_NAMES_MAX))
        if not names:
            raise flaw or self.fail("line 1", "the root element never ends")
        return names

    def ends(self, names: Collection[str], freeing: Collection[str]) -> Iterator[Element]:
        """The elements of those names, each when it has ended, so inner before outer.

        `freeing` are the names at whose end the caller frees what was read; between these, only so much is allowed.

        The caller frees what it has used (`drop_before`). Raises `UnreadableFile` at the first flaw of the
        XML.
        """
        tags = tuple("{*}" + name for name in names)
        parser = _parser(events=("end",), tag=tags, remove_comments=True, remove_pis=True)
        taken = held = 0
        for chunk in self._chunks():
            taken += len(chunk)
            if taken > self._limits.bytes_max:
                raise self.fail("end", f"is larger than {self._limits.bytes_max} bytes")
            self._feed(parser, chunk)
            freed = False
            for _, element in parser.read_events():
                freed = freed or local_name(element) in freeing
                yield element
            held = 0 if freed else held + len(chunk)
            if held > self._limits.gap_bytes_max:
                raise self.fail(f"byte {taken}", f"{self._limits.gap_bytes_max} bytes without an entry")
        self._finish(parser)
        for _, element in parser.read_events():
            yield element

    def _chunks(self) -> Iterator[bytes]:
        """The file's bytes, without what old systems fill its end with, and in UTF-8 where it means to be."""
        decoder = codecs.getincrementaldecoder("utf-8")(_STRAY) if self._utf8 else None
        filled = False
        chunk = self._first
        while chunk:
            content = chunk if self._wide else chunk.rstrip(_FILLING)
            if filled and content:
                content = b"\0" + content  # as it stands there, for the parser to say so
            filled = filled or not _FILLERS.isdisjoint(chunk[len(content) :])
            kept = content if filled else chunk
            yield decoder.decode(kept).encode() if decoder is not None else kept
            chunk = self._file.read(CHUNK_BYTES)
        cut = decoder.decode(b"", final=True).encode() if decoder is not None else b""
        if cut:
            yield cut

    def _feed(self, parser: Any, chunk: bytes) -> None:
        try:
            parser.feed(chunk)
        except etree.XMLSyntaxError as error:
            raise self._ill_formed(parser, error, "is not well-formed XML") from None

    def _finish(self, parser: Any) -> None:
        try:
            root = parser.close()
        except etree.XMLSyntaxError as error:
            codes = [entry.type for entry in parser.feed_error_log]
            late = bool(codes) and codes[0] in _REPORTED_AT_THE_END
            words = "is not well-formed XML" if late else "the file ends too soon"
            raise self._ill_formed(parser, error, words) from None
        # The prolog was scanned; this is the same promise checked on what the parser saw.
        if root.getroottree().docinfo.internalDTD is not None:
            raise self.fail("line 1", _DOCTYPE)

    def _ill_formed(self, parser: Any, error: Any, words: str) -> UnreadableFile:
        """The first thing that went wrong; the exception itself may be about what followed from it."""
        logged = [(entry.line, entry.message) for entry in parser.feed_error_log]
        line, message = logged[0] if logged else (error.position[0] or 0, error.msg or "")
        return self.fail(f"line {line + self._line_offset}", f"{words}: {message.strip()}")


def _is_utf8(first: bytes) -> bool:
    """Whether a file says that it is UTF-8, or says nothing. In no other one can a byte above 127 be wrong."""
    declaration = _DECLARATION.match(first.decode("latin-1"))
    named = _ENCODING.findall(declaration[0] if declaration else "")
    return all(re.fullmatch(r"(?i)utf-?8", name) for name in named)


def _parser(**options: Any) -> Any:
    """A parser that is fed. Untyped, because what its events hold depends on their names, which types cannot say."""
    return etree.XMLPullParser(**_SAFE, **options)
