"""Mail that comes back: reports as real servers write them, replies, and whatever anybody may send."""

from __future__ import annotations

import random
import time
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messages_world import DOMAIN, mail, request_id

from lettra_notifications.intake.reading import (
    AutomaticAnswer,
    Bounce,
    Incoming,
    Reply,
    Unreadable,
    Unrelated,
    read_incoming,
)
from lettra_notifications.messages.mail import bounce_address, message_id

_ID = UUID("6f0c1c1e-52a2-5c0e-9d53-0f6a4c2f7b11")
_OURS = f"compta@{DOMAIN}"
_POSTFIX = """\
From: MAILER-DAEMON@mx.client.example (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B/mx"

This is a MIME-encapsulated message.

--B/mx
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--B/mx
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.client.example
X-Postfix-Queue-ID: 4B1
Arrival-Date: Mon, 20 Apr 2026 11:00:00 +0200 (CEST)

Final-Recipient: rfc822; zoe@client.example
Original-Recipient: rfc822;zoe@client.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--B/mx
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Return-Path: <x>
Subject: Factures
Message-ID: {message_id}

--B/mx--
"""


def _report(action="failed", status="5.1.1", to="", named="") -> bytes:
    text = _POSTFIX.format(action=action, status=status, to=to, message_id=named)
    return text.replace("\n", "\r\n").encode()


def _read(raw: bytes, recipient: str = _OURS) -> Incoming:
    return read_incoming(raw, recipient, DOMAIN)


class TestReports:
    @pytest.mark.parametrize(
        ("action", "status", "kind", "bad"),
        [
            ("failed", "5.1.1", "failed", True),
            ("failed", "5.2.1 (disabled)", "failed", True),
            ("failed", "5.2.2", "failed", False),
            ("Failed", "4.4.7", "failed", False),
            ("delayed", "4.4.1", "delayed", False),
            ("delivered", "2.0.0", "delivered", False),
            ("relayed", "2.0.0", "delivered", False),
        ],
    )
    def test_a_report_says_what_happened_to_the_mail_of_the_address_it_came_to(
        self, action, status, kind, bad
    ):
        raw = _report(action, status)
        assert _read(raw, bounce_address(_ID, DOMAIN)) == Bounce(_ID, kind, status.split()[0], bad)

    def test_without_such_an_address_the_returned_headers_name_the_request(self):
        assert _read(_report(named=message_id(_ID, DOMAIN))) == Bounce(_ID, "failed", "5.1.1", True)

    def test_a_whole_returned_mail_names_it_too(self):
        sent = mail(request_id=_ID)
        status = b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
        status += b"Action: failed\r\nStatus: 5.0.0\r\n\r\n"
        boundary = b"=_x"
        raw = (
            b'To: us\r\nContent-Type: multipart/report; boundary="=_x"\r\n\r\n--'
            + boundary
            + b"\r\n"
            + status
            + b"\r\n--"
            + boundary
            + b"\r\nContent-Type: message/rfc822\r\n\r\n"
            + sent.content
            + b"\r\n--"
            + boundary
            + b"--\r\n"
        )
        assert _read(raw) == Bounce(_ID, "failed", "5.0.0", False)

    def test_a_report_on_somebody_elses_mail_is_none_of_ours(self):
        assert _read(_report(named="<6f0c1c1e-52a2-5c0e-9d53-0f6a4c2f7b11@other.example>")) == Unrelated()

    def test_a_report_that_says_nothing_and_one_in_words_alone_conclude_nothing(self):
        recipient = bounce_address(_ID, DOMAIN)
        assert isinstance(_read(_report(action="perhaps"), recipient), Unreadable)
        assert isinstance(
            _read(b"Subject: failure notice\r\n\r\nHi. This is the qmail-send program.\r\n", recipient),
            Unreadable,
        )


class TestReplies:
    def _reply(self, *headers: str, body: bytes = b"Bonjour, je paie vendredi.\r\n") -> bytes:
        return "\r\n".join([*headers, "", ""]).encode() + body

    def test_a_reply_is_put_to_the_request_that_it_answers(self):
        raw = self._reply(f"In-Reply-To: {message_id(_ID, DOMAIN)}", "References: <a@b>")
        assert _read(raw) == Reply(_ID, "Bonjour, je paie vendredi.")

    def test_references_name_it_where_a_program_leaves_the_rest_out(self):
        first, last = message_id(request_id(1), DOMAIN), message_id(_ID, DOMAIN)
        assert _read(self._reply(f"References: <case.c@{DOMAIN}>\r\n {first}\r\n {last} <x@phone>")) == Reply(
            _ID, "Bonjour, je paie vendredi."
        )

    @pytest.mark.parametrize(
        "header", ["Auto-Submitted: auto-replied", "Precedence: auto_reply", "X-Autoreply: yes"]
    )
    def test_an_absence_is_no_reply(self, header):
        assert _read(self._reply(f"In-Reply-To: {message_id(_ID, DOMAIN)}", header)) == AutomaticAnswer(_ID)

    def test_what_a_person_sends_by_hand_is_one(self):
        raw = self._reply(f"In-Reply-To: {message_id(_ID, DOMAIN)}", "Auto-Submitted: no")
        assert isinstance(_read(raw), Reply)

    def test_other_mail_is_unrelated(self):
        assert _read(self._reply("Subject: Newsletter")) == Unrelated()

    @pytest.mark.parametrize(
        ("headers", "body", "text"),
        [
            ("Content-Type: text/plain; charset=iso-8859-1", b"pay\xe9", "payé"),
            ("Content-Type: text/plain; charset=no-such", b"pay\xc3\xa9", "payé"),
            (
                "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64",
                b"cGF5w6k=",
                "payé",
            ),
            ("Content-Type: text/plain\r\nContent-Transfer-Encoding: base64", b"!!!", ""),
            ("Content-Type: text/html", b"<b>x</b>", ""),
            ("Content-Type: text/plain", b"a\x00b\x1bc\r\nd", "abc\nd"),
            ("Content-Type: text/plain; charset=utf-8", b"x" * 50_000, "x" * 20_000),
        ],
    )
    def test_its_text_is_bounded_and_can_be_stored(self, headers, body, text):
        raw = self._reply(f"In-Reply-To: {message_id(_ID, DOMAIN)}", headers, body=body)
        assert _read(raw) == Reply(_ID, text)


class TestLimits:
    def test_a_large_mail_is_unreadable(self):
        assert isinstance(_read(b"x" * 2_000_001), Unreadable)

    def test_parts_deep_in_each_other_are_unreadable(self):
        """Guards: DEPTH_MAX, and that a RecursionError of the parser (990) is one of what is unreadable."""
        for depth in (20, 990, 5_000):
            head = b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n'
            raw = b"".join(head % (n, n) for n in range(depth))
            assert isinstance(_read(raw), Unreadable)

    def test_many_parts_and_headers_are_unreadable(self):
        parts = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\nx\r\n" * 2_000
        assert isinstance(_read(parts), Unreadable)
        assert isinstance(_read(b"".join(b"X-%d: y\r\n" % n for n in range(600)) + b"\r\n"), Unreadable)

    @pytest.mark.parametrize(
        "raw",
        [
            b"In-Reply-To: " + b"<" * 1_900_000,
            b"References: " + b"<6f0c1c1e-52a2-5c0e-9d53-0f6a4c2f7b11@" * 40_000,
            b'Content-Type: multipart/report; boundary="' + b";" * 300_000 + b"\r\n\r\n",
            b"Content-Type: text/plain; " + b"a*0*=x; " * 50_000 + b"\r\n\r\n",
            b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b" * 500_000,
            b"Subject: x\r\n" + b" y\r\n" * 400_000,
        ],
    )
    def test_long_lines_do_not_take_long(self, raw):
        """Guard: `_check_content_headers`."""
        began = time.process_time()
        _read(raw, bounce_address(_ID, DOMAIN))
        assert time.process_time() - began < 2


_INSERTED = [b"\r\n", b"\r\n\r\n", b"--B/mx\r\n", b"=?utf-8?b?//8=?=", b"\x00", b"boundary=", b";"]


def _mutated(raw: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, cut out, doubled or moved."""
    data = bytearray(raw)
    for _ in range(chance.randint(1, 8)):
        at, length = chance.randrange(len(data) or 1), chance.randint(1, 60)
        kind = chance.randrange(5)
        if kind == 0 and data:
            data[at % len(data)] = chance.randrange(256)
        elif kind == 1:
            del data[at : at + length]
        elif kind == 2:
            data[at:at] = data[at : at + length] * chance.randint(1, 5)
        elif kind == 3:
            data[at:at] = chance.choice(_INSERTED)
        else:
            other = chance.randrange(len(data) or 1)
            data[at : at + length], data[other : other + length] = (
                data[other : other + length],
                data[at : at + length],
            )
    return bytes(data)


_OTHER = b"In-Reply-To: <x@y>\r\nContent-Type: text/plain\r\n\r\nx"


class TestFuzz:
    def test_mutated_mails_are_always_one_of_the_five(self):
        """Guard: the `except` of `read_incoming`. Seeded: the same 3,000 mails each time."""
        chance = random.Random(20260420)
        small = mail(request_id=_ID).content[:6_000]
        seeds = [
            _report(named=message_id(_ID, DOMAIN)),
            small,
            b"In-Reply-To: <x@y>\r\nContent-Type: text/plain\r\n\r\nx",
        ]
        seen = set()
        for _ in range(3_000):
            read = _read(
                _mutated(chance.choice(seeds), chance),
                chance.choice([_OURS, bounce_address(_ID, DOMAIN), ""]),
            )
            assert isinstance(read, Bounce | AutomaticAnswer | Reply | Unrelated | Unreadable)
            if isinstance(read, Bounce | AutomaticAnswer | Reply):
                assert read.request_id == _ID or isinstance(read.request_id, UUID)
            seen.add(type(read))
        assert {Bounce, Unrelated, Unreadable} <= seen

    @given(st.binary(max_size=2_000), st.text(max_size=60))
    @settings(max_examples=300)
    def test_any_bytes_are_read(self, raw, recipient):
        assert isinstance(_read(raw, recipient), Reply | AutomaticAnswer | Bounce | Unrelated | Unreadable)
