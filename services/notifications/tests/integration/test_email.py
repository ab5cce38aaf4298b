"""Mail by SMTP to a real server: what it keeps, what it says, and where it breaks off."""

from __future__ import annotations

import asyncio
import socket
from email import message_from_bytes, policy

import pytest
from messages_world import mail, request_id
from smtp_servers import Inbox, smtp_server

from lettra_events.testing.waiting import until
from lettra_notifications.channels.email import EmailChannel, SmtpServer
from lettra_notifications.domain.outcomes import FailedForNow, HandedOver, InDoubt, Outcome, Refused
from lettra_notifications.messages.mail import Attachment, Mail

_MAIL = mail()
_TO = _MAIL.envelope_to


async def _one(inbox: Inbox, handed: Mail = _MAIL, **changes: object) -> Outcome:
    async with smtp_server(inbox, **changes) as server:
        channel = EmailChannel(server)
        try:
            return await channel.hand_over(handed)
        finally:
            await channel.close()


async def test_a_mail_arrives_as_it_was_made() -> None:
    inbox = Inbox()
    made = mail(attachments=[Attachment("releve.pdf", bytes(range(256)) * 100)])
    assert await _one(inbox, made) == HandedOver("taken as 42")
    (taken,) = inbox.mails
    assert taken.content == made.content
    assert (taken.mail_from, taken.rcpt_tos) == (made.envelope_from, [made.envelope_to])
    read = message_from_bytes(taken.content, policy=policy.default)
    assert read["To"].addresses[0].display_name == "Zoé Müller"


async def test_lines_that_begin_with_a_dot_arrive() -> None:
    """Guard: the doubled dots; without them the mail would end at the first line of one dot, or lose a dot."""
    inbox = Inbox()
    content = b".first\r\n\r\n.\r\n..two\r\nlast"
    handed = Mail("a@x.example", "b@y.example", "<i@x>", content, "")
    assert isinstance(await _one(inbox, handed), HandedOver)
    assert inbox.mails[0].content == content + b"\r\n"


async def test_connections_are_kept_and_bounded() -> None:
    inbox = Inbox()
    async with smtp_server(inbox, connections=3, mails_a_connection=10) as server:
        channel = EmailChannel(server)
        outcomes = await asyncio.gather(*(channel.hand_over(_MAIL) for _ in range(30)))
        await channel.close()
    assert len(inbox.mails) == 30
    assert all(isinstance(each, HandedOver) for each in outcomes)
    assert inbox.connections == 3


async def test_a_connection_is_given_up_after_its_mails() -> None:
    inbox = Inbox()
    async with smtp_server(inbox, connections=1, mails_a_connection=2) as server:
        channel = EmailChannel(server)
        for _ in range(5):
            assert isinstance(await channel.hand_over(_MAIL), HandedOver)
        await channel.close()
    assert inbox.connections == 3


async def test_a_kept_connection_that_the_server_closed_is_replaced_and_the_mail_sent_once() -> None:
    """Guard: `stale`. Nothing of the second mail had left, so it is no failure and no doubt."""
    inbox = Inbox()
    async with smtp_server(inbox) as server:
        channel = EmailChannel(server)
        await channel.hand_over(_MAIL)
        inbox.transports[0].abort()
        assert isinstance(await channel.hand_over(_MAIL), HandedOver)
        await channel.close()
    assert (len(inbox.mails), inbox.connections) == (2, 2)


async def test_an_idle_connection_is_not_used() -> None:
    inbox, now = Inbox(), [0.0]
    async with smtp_server(inbox, idle_seconds=20.0) as server:
        channel = EmailChannel(server, clock=lambda: now[0])
        for now[0] in (0.0, 19.0, 60.0):
            await channel.hand_over(_MAIL)
        await channel.close()
    assert inbox.connections == 2


class TestNothingHasLeft:
    """A failure for now: these mails are tried again, and none of them is with the server."""

    @pytest.mark.parametrize("breaks", ["before MAIL", "before 354"])
    async def test_the_server_goes_before_the_content(self, breaks):
        inbox = Inbox(breaks=breaks)
        outcome = await _one(inbox)
        assert isinstance(outcome, FailedForNow)
        assert outcome.provider_down
        assert inbox.mails == []

    async def test_the_server_does_not_answer_data(self):
        inbox = Inbox(breaks="no 354")
        outcome = await _one(inbox, command_seconds=0.3)
        assert isinstance(outcome, FailedForNow)
        assert outcome.provider_down

    async def test_there_is_no_server(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            server = SmtpServer("127.0.0.1", taken.getsockname()[1], encryption="none", hello="localhost")
            outcome = await EmailChannel(server).hand_over(_MAIL)
        assert isinstance(outcome, FailedForNow)
        assert outcome.reason.startswith("no connection to the mail server")

    async def test_the_server_does_not_greet(self):
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        listening = await asyncio.start_server(silent, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        server = SmtpServer("127.0.0.1", port, encryption="none", hello="localhost", connect_seconds=0.3)
        outcome = await EmailChannel(server).hand_over(_MAIL)
        listening.close()
        assert isinstance(outcome, FailedForNow)

    async def test_encryption_that_is_wanted_is_not_gone_without(self):
        inbox = Inbox()
        outcome = await _one(inbox, encryption="starttls")
        assert isinstance(outcome, FailedForNow)
        assert inbox.mails == []


class TestDoubt:
    """The content has left and no answer came: never tried again by itself."""

    async def test_the_server_took_the_mail_and_went(self):
        inbox = Inbox(breaks="after the mail")
        assert isinstance(await _one(inbox), InDoubt)
        assert len(inbox.mails) == 1

    async def test_the_server_went_within_the_mail(self):
        inbox = Inbox(breaks="within the mail")
        assert isinstance(await _one(inbox, mail(attachments=[Attachment("a.pdf", b"x" * 200_000)])), InDoubt)
        assert inbox.mails == []

    async def test_the_server_is_too_slow(self):
        inbox = Inbox(wait=asyncio.Event())
        assert isinstance(await _one(inbox, content_seconds=0.3), InDoubt)

    async def test_the_answer_is_none(self):
        assert isinstance(await _one(Inbox(breaks="an answer that is none")), InDoubt)

    async def test_it_is_not_repeated_on_another_connection(self):
        """Guard: only what breaks before the content is tried on a fresh connection."""
        inbox = Inbox()
        async with smtp_server(inbox) as server:
            channel = EmailChannel(server)
            await channel.hand_over(_MAIL)
            inbox.breaks = "after the mail"
            assert isinstance(await channel.hand_over(_MAIL), InDoubt)
            await channel.close()
        assert (len(inbox.mails), inbox.connections) == (2, 1)

    async def test_a_cancelled_hand_over_leaves_no_connection_behind(self):
        """Guard: `keep` is False until the answer is there; the next mail would read the answer to this one."""
        inbox = Inbox(wait=asyncio.Event())
        async with smtp_server(inbox, connections=1) as server:
            channel = EmailChannel(server)
            task = asyncio.create_task(channel.hand_over(_MAIL))

            async def handed() -> bool:
                return inbox.connections == 1 and not task.done() and channel._turns.locked()

            await until(handed, "the hand-over has begun")
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            inbox.wait.set()
            inbox.wait = None
            assert isinstance(await channel.hand_over(_MAIL), HandedOver)
            await channel.close()
        assert inbox.connections == 2


class TestAnswers:
    @pytest.mark.parametrize(
        ("inbox", "outcome"),
        [
            (
                Inbox(rcpt_answers={"zoe@client.example": "550 5.1.1 no such user"}),
                Refused("550 5.1.1 no such user", "address"),
            ),
            (
                Inbox(rcpt_answers={"zoe@client.example": "450 greylisted"}),
                FailedForNow("450 greylisted", False),
            ),
            (Inbox(mail_answer="550 not you"), FailedForNow("550 not you", True)),
            (Inbox(mail_answer="552 too large"), Refused("552 too large", "message")),
            (Inbox(mail_answer="451 later"), FailedForNow("451 later", True)),
            (Inbox(data_answer="554 looks like spam"), Refused("554 looks like spam", "message")),
            (Inbox(data_answer="451 try later"), FailedForNow("451 try later", False)),
            (Inbox(data_answer="421 closing"), FailedForNow("421 closing", True)),
        ],
        ids=lambda value: value.reason if not isinstance(value, Inbox) else "",
    )
    async def test_each_answer_means_one_thing(self, inbox, outcome):
        assert await _one(inbox) == outcome
        assert inbox.mails == []

    async def test_after_a_refused_address_the_connection_serves_the_next_mail(self):
        inbox = Inbox(rcpt_answers={"nobody@client.example": "550 no such user"})
        async with smtp_server(inbox) as server:
            channel = EmailChannel(server)
            refused = await channel.hand_over(mail(to_address="nobody@client.example"))
            taken = await channel.hand_over(mail(request_id=request_id(2)))
            await channel.close()
        assert isinstance(refused, Refused)
        assert isinstance(taken, HandedOver)
        assert inbox.connections == 1
        assert [each.rcpt_tos for each in inbox.mails] == [["zoe@client.example"]]
