"""A mail as the bytes that go to the server: text and HTML, the payment code, attachments, and its place in a thread.

The same draft gives the same bytes: date, ids and boundaries come from the request, not from the clock or chance.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from uuid import UUID

from lettra_documents.epc import epc_png
from lettra_notifications.domain.requests import Sender
from lettra_notifications.messages.addresses import NoAddress, mail_address
from lettra_notifications.messages.headers import encoded_text, person
from lettra_notifications.messages.writing import html, plain_text
from lettra_notifications.templates.filling import Filled

MAIL_BYTES_MAX = 10_000_000
ATTACHMENTS_MAX = 20
THREAD_MAX = 20
"""How many earlier messages a mail refers to, beside its case."""
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_POLICY = SMTP.clone(cte_type="7bit", max_line_length=78)


class NoMail(ValueError):
    """The mail cannot be made from what it was given: an unsafe name, too large, too many attachments."""


@dataclass(frozen=True)
class Attachment:
    name: str
    content: bytes
    kind: str = "application/pdf"


@dataclass(frozen=True)
class Postmark:
    """From where mails go out: the address that people see and answer to, and the domain of ids and bounces."""

    address: str
    domain: str


@dataclass(frozen=True)
class Draft:
    """What a mail is made from. `earlier`: requests of the same case whose mails were handed over, oldest first."""

    request_id: UUID
    case_id: str
    filled: Filled
    sender: Sender
    postmark: Postmark
    to_name: str
    to_address: str
    date: datetime
    attachments: Sequence[Attachment] = ()
    earlier: Sequence[UUID] = ()


@dataclass(frozen=True)
class Mail:
    """Bytes with CRLF, all ASCII; to whom, and where bounces go. `digest` is the SHA-256 of the bytes."""

    envelope_from: str
    envelope_to: str
    message_id: str
    content: bytes
    digest: str


def message_id(request_id: UUID, domain: str) -> str:
    """The same for every attempt: whoever gets a mail twice after all can see that it is one."""
    return f"<{request_id}@{domain}>"


def bounce_address(request_id: UUID, domain: str) -> str:
    """Where a server reports that it could not deliver the mail of this request."""
    return f"bounces+{request_id.hex}@{domain}"


def build(draft: Draft) -> Mail:
    """The mail. NoAddress: nothing can be sent to this address; NoMail: what is sent is unsafe or too much."""
    to_address = mail_address(draft.to_address)
    if len(draft.attachments) > ATTACHMENTS_MAX:
        raise NoMail(f"{len(draft.attachments)} attachments, {ATTACHMENTS_MAX} at most")
    try:
        message = _body(draft)
        _set_boundaries(message, draft.request_id)
        content = _headers(draft, to_address) + message.as_bytes(policy=_POLICY)
    except (NoAddress, NoMail):
        raise
    except (ValueError, UnicodeError) as error:
        raise NoMail(f"the mail cannot be written: {error}") from None
    if len(content) > MAIL_BYTES_MAX:
        raise NoMail(f"the mail has {len(content)} bytes, {MAIL_BYTES_MAX} at most")
    domain = draft.postmark.domain
    return Mail(
        envelope_from=bounce_address(draft.request_id, domain),
        envelope_to=to_address,
        message_id=message_id(draft.request_id, domain),
        content=content,
        digest=hashlib.sha256(content).hexdigest(),
    )


def _body(draft: Draft) -> EmailMessage:
    message = EmailMessage(policy=_POLICY)
    message.set_content(plain_text(draft.filled, draft.sender), cte="quoted-printable")
    code = draft.filled.payment.qr
    content_id = None if code is None else f"qr.{draft.request_id}@{draft.postmark.domain}"
    message.add_alternative(
        html(draft.filled, draft.sender, content_id), subtype="html", cte="quoted-printable"
    )
    if code is not None:
        shown = message.get_payload(1)
        if not isinstance(shown, EmailMessage):
            raise TypeError("the HTML part is none")
        shown.add_related(
            epc_png(code), "image", "png", cid=f"<{content_id}>", filename="qr.png", disposition="inline"
        )
    for each in draft.attachments:
        main, _, sub = each.kind.partition("/")
        message.add_attachment(each.content, main, sub, filename=_file_name(each.name))
    return message


def _headers(draft: Draft, to_address: str) -> bytes:
    domain = draft.postmark.domain
    thread = [f"<case.{_in_an_id(draft.case_id)}@{domain}>"]
    thread += [message_id(each, domain) for each in draft.earlier[-THREAD_MAX:]]
    headers = {
        "From": person(draft.sender.name, mail_address(draft.postmark.address)),
        "To": person(draft.to_name, to_address),
        "Subject": encoded_text(draft.filled.subject),
        "Date": format_datetime(draft.date),
        "Message-ID": message_id(draft.request_id, domain),
        # The first mail of a case refers to its case too, which no mail is: all of them have one root.
        "In-Reply-To": thread[-1],
        "References": "\r\n ".join(thread),
        "Auto-Submitted": "auto-generated",
        # Answers of people are wanted, those of machines are not.
        "X-Auto-Response-Suppress": "OOF, AutoReply",
    }
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("ascii")


def _in_an_id(case_id: str) -> str:
    if not _ID.fullmatch(case_id):
        raise NoMail("the case's id cannot stand in a message id")
    return case_id


def _file_name(name: str) -> str:
    if not _FILE.fullmatch(name):
        raise NoMail("an attachment's name is of letters, digits, dots and dashes")
    return name


def _set_boundaries(message: EmailMessage, request_id: UUID) -> None:
    """Boundaries by chance would make other bytes each time; these hold no sequence that base64 or text can have."""
    for number, part in enumerate(_multiparts(message)):
        part.set_boundary(f"=_{request_id.hex}_{number}_=")


def _multiparts(message: EmailMessage) -> Iterator[EmailMessage]:
    for part in message.walk():
        if isinstance(part, EmailMessage) and part.is_multipart():
            yield part
