"""Names and subjects in a mail's headers (RFC 2047), in linear time.

The standard library takes tens of milliseconds to fold some names of 60 characters (measured, on a busy machine).
Here a text is either plain ASCII, quoted where it is a name, or a row of encoded words.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from lettra_notifications.domain.values import one_line

_PLAIN = re.compile(r"[A-Za-z0-9!'()*+,./:;@#$%&-]+(?: [A-Za-z0-9!'()*+,./:;@#$%&-]+)*")
_PLAIN_MAX = 60
_WORD_BYTES = 42
"""Bytes of one encoded word before base64: the word stays below the 75 characters that are allowed."""


def encoded_text(text: str) -> str:
    """An unstructured header's value, folded; ValueError where the text is not of one line."""
    one_line(text)
    return text if _is_plain(text) else _words(text)


def person(name: str, address: str) -> str:
    """`name <address>`, folded; the name is quoted or encoded, so that nothing in it is read as an address."""
    one_line(name)
    phrase = f'"{name}"' if _is_plain(name) else _words(name)
    return f"{phrase}\r\n <{address}>"


def _is_plain(text: str) -> bool:
    return len(text) <= _PLAIN_MAX and _PLAIN.fullmatch(text) is not None


def _words(text: str) -> str:
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(part).decode()}?=" for part in _parts(text))


def _parts(text: str) -> Iterator[bytes]:
    """The text as UTF-8, cut between characters."""
    part = b""
    for character in text:
        encoded = character.encode()
        if len(part) + len(encoded) > _WORD_BYTES:
            yield part
            part = b""
        part += encoded
    yield part
