"""Incoming mail: a report of non-delivery (RFC 3464), an automatic answer, or somebody's reply, and to which request.

Nothing is trusted: the mail is bounded before it is parsed, and whatever the parser of the standard library breaks on
is unreadable, never an error. A report counts only where it names a request by the address that it came to, or by
the Message-ID of the mail that it returns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from typing import Literal
from uuid import UUID

MAIL_BYTES_MAX = 2_000_000
PARTS_MAX, DEPTH_MAX = 100, 10
HEADERS_MAX, HEADER_MAX = 500, 20_000
CONTENT_HEADER_MAX, CONTENT_HEADERS_MAX = 5_000, 1_000
REPLY_MAX = 20_000
"""Characters of a reply that are kept."""
_CONTENT_HEADER = re.compile(rb"^content-[a-z-]{1,40}:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_BOUNCE = re.compile(r"bounces\+([0-9a-f]{32})@", re.IGNORECASE)
_BAD_ADDRESS = ("5.1.", "5.2.1")
"""Enhanced status codes (RFC 3463) of addresses that are none, or are switched off."""


@dataclass(frozen=True)
class Bounce:
    """A server gave up, is late, or says that it delivered. `status` is an enhanced code such as 5.1.1, or empty."""

    request_id: UUID
    kind: Literal["failed", "delayed", "delivered"]
    status: str
    address_is_bad: bool


@dataclass(frozen=True)
class AutomaticAnswer:
    """Somebody's machine answered: an absence, a receipt. Nobody has read the message."""

    request_id: UUID


@dataclass(frozen=True)
class Reply:
    """A person answered. `text` is personal: it is kept beside the history, and erased with the contact."""

    request_id: UUID
    text: str


@dataclass(frozen=True)
class Unrelated:
    """It belongs to no request."""


@dataclass(frozen=True)
class Unreadable:
    """It cannot be read within the limits; a person may look at it."""

    why: str


Incoming = Bounce | AutomaticAnswer | Reply | Unrelated | Unreadable


def read_incoming(raw: bytes, recipient: str, domain: str) -> Incoming:
    """What a mail is. `recipient`: the address of the envelope that it came to; `domain`: of our message ids."""
    if len(raw) > MAIL_BYTES_MAX:
        return Unreadable(f"it has {len(raw)} bytes, {MAIL_BYTES_MAX} at most")
    try:
        _check_content_headers(raw)
        message = message_from_bytes(raw, policy=compat32)
        parts = list(_parts(message, DEPTH_MAX))
        return _read(message, parts, recipient, domain)
    except _TooMuch as error:
        return Unreadable(str(error))
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError) as error:
        return Unreadable(f"it is no mail that can be read: {type(error).__name__}")


class _TooMuch(Exception):
    pass


def _check_content_headers(raw: bytes) -> None:
    """The parser takes time by the square of what such a header holds: 100,000 quoted semicolons, five seconds."""
    for count, found in enumerate(_CONTENT_HEADER.finditer(raw)):
        if count >= CONTENT_HEADERS_MAX or found.end() - found.start() > CONTENT_HEADER_MAX:
            raise _TooMuch("it says of its parts more than is read")


def _parts(message: Message, depth: int) -> Iterator[Message]:
    """The message and all parts of it, within the limits."""
    stack, count = [(message, depth)], 0
    while stack:
        part, left = stack.pop()
        count += 1
        if count > PARTS_MAX or left <= 0:
            raise _TooMuch(f"it has more than {PARTS_MAX} parts, or they stand too deep in each other")
        if len(part.keys()) > HEADERS_MAX:
            raise _TooMuch(f"it has more than {HEADERS_MAX} headers")
        yield part
        payload = part.get_payload()
        if isinstance(payload, list):
            stack += [(each, left - 1) for each in reversed(payload)]


def _read(message: Message, parts: list[Message], recipient: str, domain: str) -> Incoming:
    report = next((part for part in parts if part.get_content_type() == "message/delivery-status"), None)
    if report is not None:
        return _bounce(report, parts, recipient, domain)
    request_id = _named(_header(message, "In-Reply-To"), domain) or _named(
        _header(message, "References"), domain
    )
    if request_id is None:
        request_id = _by_address(recipient)
        # A server that reports in words alone: what it says cannot be read, so nothing is concluded from it.
        return Unrelated() if request_id is None else Unreadable("a report of a server in words alone")
    return AutomaticAnswer(request_id) if _is_automatic(message) else Reply(request_id, _text(parts))


def _bounce(report: Message, parts: list[Message], recipient: str, domain: str) -> Incoming:
    request_id = _by_address(recipient) or _returned(parts, domain)
    if request_id is None:
        return Unrelated()
    groups = report.get_payload()
    for group in groups if isinstance(groups, list) else []:
        if not isinstance(group, Message):
            continue
        action = _header(group, "Action").strip().lower().split(";")[0].strip()
        status = _STATUS.match(_header(group, "Status"))
        code = status.group(1) if status else ""
        if action == "failed":
            # "failed" is final whatever the class of the code: 4.4.7 is a server that gave up after days.
            return Bounce(request_id, "failed", code, code.startswith(_BAD_ADDRESS))
        if action == "delayed":
            return Bounce(request_id, "delayed", code, False)
        if action in {"delivered", "relayed", "expanded"}:
            return Bounce(request_id, "delivered", code, False)
    return Unreadable("a report of a server that does not say what happened")


def _returned(parts: list[Message], domain: str) -> UUID | None:
    """The request by the mail, or its headers, that the report returns."""
    for part in parts[1:]:
        found = _named(_header(part, "Message-ID"), domain)
        if found is None and part.get_content_type() == "text/rfc822-headers":
            payload = part.get_payload()
            headers = payload[:HEADER_MAX] if isinstance(payload, str) else ""
            line = re.search(
                r"^Message-ID:([^\r\n]*(?:\r?\n[ \t][^\r\n]*)?)", headers, re.IGNORECASE | re.MULTILINE
            )
            found = _named(line.group(1), domain) if line else None
        if found is not None:
            return found
    return None


def _named(header: str, domain: str) -> UUID | None:
    """The last of our message ids in a header: the request that was answered."""
    ids = re.findall(rf"<([0-9a-fA-F-]{{36}})@{re.escape(domain)}>", header)
    for each in reversed(ids):
        try:
            return UUID(each)
        except ValueError:
            continue
    return None


def _by_address(recipient: str) -> UUID | None:
    match = _BOUNCE.match(recipient.strip())
    return UUID(match.group(1)) if match else None


def _is_automatic(message: Message) -> bool:
    said = _header(message, "Auto-Submitted").strip().lower()
    if said and not said.startswith("no"):
        return True
    if _header(message, "Precedence").strip().lower() in {"auto_reply", "bulk", "junk"}:
        return True
    return any(
        _header(message, name) for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress")
    )


def _header(message: Message, name: str) -> str:
    value = message.get(name)
    return "" if value is None else str(value)[:HEADER_MAX]


def _text(parts: list[Message]) -> str:
    """The first plain text of a reply, without what cannot be stored or shown."""
    for part in parts:
        if part.get_content_type() == "text/plain":
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                return _shown(payload[: 4 * REPLY_MAX], part.get_content_charset() or "utf-8")
    return ""


def _shown(payload: bytes, charset: str) -> str:
    try:
        text = payload.decode(charset, "replace")
    except (LookupError, ValueError):
        text = payload.decode("utf-8", "replace")
    kept = (c for c in text.replace("\r\n", "\n") if c == "\n" or c.isprintable())
    return "".join(kept)[:REPLY_MAX].strip()
