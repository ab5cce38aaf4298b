"""Mails as a mail program reads them, and what cannot be made into one."""

from __future__ import annotations

import io
from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
import zxingcpp
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from messages_world import DOMAIN, DRAFT, mail, request_id
from PIL import Image

from lettra_notifications.domain.values import one_line
from lettra_notifications.messages.addresses import NoAddress, mail_address, phone_number, postal_address
from lettra_notifications.messages.mail import Attachment, NoMail
from lettra_notifications.templates.filling import Row

_QUICK = settings(max_examples=200, phases=[Phase.explicit, Phase.reuse, Phase.generate])
_SMALL = replace(
    DRAFT.filled, paragraphs=("Bonjour",), payment=replace(DRAFT.filled.payment, qr=None), rows=()
)


def _read(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert [part.defects for part in message.walk() if part.defects] == []
    return message


def _decoded_name(content: bytes) -> str:
    """The name of the addressee by the older of the standard library's readers: the newer one adds blanks to it."""
    raw = message_from_bytes(content, policy=policy.compat32)["To"]
    name, _, _ = raw.replace("\r\n", "\n").rpartition("\n <")
    return name[1:-1] if name.startswith('"') else str(make_header(decode_header(name)))


class TestParts:
    def test_text_html_code_and_attachment_are_where_programs_look_for_them(self):
        read = _read(mail(attachments=[Attachment("releve.pdf", b"%PDF-1.7 x")]).content)
        kinds = [part.get_content_type() for part in read.walk()]
        assert kinds == [
            *("multipart/mixed", "multipart/alternative", "text/plain", "multipart/related"),
            *("text/html", "image/png", "application/pdf"),
        ]
        (attached,) = read.iter_attachments()
        assert (attached.get_filename(), attached.get_content()) == ("releve.pdf", b"%PDF-1.7 x")

    def test_the_html_shows_the_code_that_pays(self):
        read = _read(mail().content)
        html = next(part for part in read.walk() if part.get_content_type() == "text/html").get_content()
        picture = next(part for part in read.walk() if part.get_content_type() == "image/png")
        assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in html
        (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture.get_content())))
        assert "EUR3303.49" in code.text

    def test_both_texts_have_the_means_to_pay_and_the_list(self):
        read = _read(mail().content)
        for kind in ("plain", "html"):
            body = read.get_body((kind,))
            assert body is not None
            text = body.get_content()
            for said in (
                "FR76 3000 6000 0112 3456 7890 189",
                "FA-2026-000123",
                "-51,25",
                "https://pay.example/i/8f3k",
            ):
                assert said in text

    def test_a_customers_name_is_no_html(self):
        """Guard: the escaping of the layout."""
        row = Row("<script>alert(1)</script>", "", "", "&", "1")
        read = _read(mail(filled=replace(DRAFT.filled, rows=(row,))).content)
        html = read.get_body(("html",)).get_content()  # type: ignore[union-attr]
        assert "<script>" not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html

    def test_a_long_list_is_cut_in_the_mail_and_says_so(self):
        row = Row("FA-1", "", "", "", "1")
        read = _read(mail(filled=replace(DRAFT.filled, rows=(row,) * 130)).content)
        text = read.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert text.count("FA-1 ") == 100
        assert "... et 30 autres lignes, voir le relevé" in text

    def test_the_same_draft_is_the_same_bytes_in_ascii_with_short_lines(self):
        """Guard: `_set_boundaries`."""
        first = mail(attachments=[Attachment("a.pdf", b"\xff" * 1000)])
        assert first == mail(attachments=[Attachment("a.pdf", b"\xff" * 1000)])
        assert first.content.isascii()
        assert max(map(len, first.content.split(b"\r\n"))) <= 998
        assert b"\n" not in first.content.replace(b"\r\n", b"")


class TestThreads:
    def test_all_mails_of_a_case_have_one_root_and_follow_each_other(self):
        first = _read(mail(request_id=request_id(1)).content)
        third = _read(mail(request_id=request_id(3), earlier=[request_id(1), request_id(2)]).content)
        root = f"<case.case-C-1024@{DOMAIN}>"
        assert first["Message-ID"] == f"<00000000-0000-0000-0000-000000000001@{DOMAIN}>"
        assert first["References"] == first["In-Reply-To"] == root
        assert third["In-Reply-To"] == f"<00000000-0000-0000-0000-000000000002@{DOMAIN}>"
        assert third["References"].split() == [root, first["Message-ID"], third["In-Reply-To"]]

    def test_a_long_case_keeps_its_root_and_the_latest(self):
        read = _read(mail(earlier=[request_id(n) for n in range(50)]).content)
        assert len(read["References"].split()) == 21
        assert read["References"].split()[0].startswith("<case.")

    def test_machines_are_told_that_a_machine_wrote(self):
        assert _read(mail().content)["Auto-Submitted"] == "auto-generated"

    def test_bounces_come_back_with_the_request(self):
        made = mail(request_id=request_id(7))
        assert made.envelope_from == f"bounces+00000000000000000000000000000007@{DOMAIN}"


class TestHeaders:
    @pytest.mark.parametrize(
        "changes",
        [
            {"to_name": "Zoé\r\nBcc: all@example.com"},
            {"to_name": "Zoé\nX: y"},
            {"filled": replace(DRAFT.filled, subject="A\r\nBcc: all@example.com")},
            {"filled": replace(DRAFT.filled, subject="A\x00")},
            {"attachments": [Attachment('a.pdf"\r\nX: y', b"")]},
            {"sender": DRAFT.sender.model_copy(update={"name": "S\nX: y"})},
            {"case_id": "c@x>\r\nX: y"},
        ],
    )
    def test_nothing_writes_a_header_of_its_own(self, changes):
        """Guard: `one_line`, and the policy of the standard library behind it."""
        with pytest.raises(NoMail):
            mail(**changes)

    def test_a_subject_of_any_length_is_read_as_it_was_written(self):
        for subject in ("Relevé", "é" * 200, "plain", "x" * 200, "a, b; <c> =?utf-8?q?d?=", "日本" * 60):
            assert _read(mail(filled=replace(DRAFT.filled, subject=subject)).content)["Subject"] == subject

    @given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=60))
    @_QUICK
    def test_any_name_leaves_one_address_and_no_header(self, name):
        try:
            one_line(name)
        except ValueError:
            with pytest.raises(NoMail):
                mail(to_name=name)
            return
        content = mail(to_name=name, filled=_SMALL).content
        read = _read(content)
        (to,) = read["To"].addresses
        assert to.addr_spec == "zoe@client.example"
        assert _decoded_name(content) == name
        assert len(read.get_all("To", [])) == 1

    def test_too_many_and_too_large_attachments_are_refused(self):
        with pytest.raises(NoMail, match="20 at most"):
            mail(attachments=[Attachment("a.pdf", b"")] * 21)
        with pytest.raises(NoMail, match="10000000 at most"):
            mail(attachments=[Attachment("a.pdf", b"x" * 8_000_000)])


class TestAddresses:
    @pytest.mark.parametrize(
        ("written", "sent"),
        [
            ("zoe@bücher.example", "zoe@xn--bcher-kva.example"),
            ("Zoe.M+facture@Client.Example", "Zoe.M+facture@client.example"),
            ("o'neil@straße.example", "o'neil@xn--strae-oqa.example"),
            (" compta@例え.jp ", "compta@xn--r8jz45g.jp"),
        ],
    )
    def test_international_domains_are_written_in_ascii(self, written, sent):
        assert mail_address(written) == sent

    @pytest.mark.parametrize(
        "written",
        [
            *(
                "",
                "zoe",
                "@x.example",
                "zoe@",
                "zoé@x.example",
                "a b@x.example",
                "a@b@x.example",
                "a@[127.0.0.1]",
            ),
            *(
                "a@10.0.0.1",
                "a@localhost",
                "a@x..example",
                ".a@x.example",
                "a..b@x.example",
                '"a b"@x.example',
            ),
            *(
                "a@x.example\r\nRCPT TO:<b@y.example>",
                "a@-x.example",
                "a" * 65 + "@x.example",
                "a@x.example>",
            ),
            *("a@" + "x" * 70 + ".example", "a@" + ".".join(["x" * 61] * 4) + ".example", "<a@x.example>"),
        ],
    )
    def test_what_is_no_address_is_refused(self, written):
        with pytest.raises(NoAddress):
            mail_address(written)

    @pytest.mark.parametrize(
        "written", ["06 12 34 56 78", "+33 6 12345678", "0033612345678", "+33 (0)612345678"]
    )
    def test_mobile_numbers_are_written_in_one_way(self, written):
        assert phone_number(written) == "+33612345678"

    @pytest.mark.parametrize("written", ["01 23 45 67 89", "0000", "zoe", "", "+33 6 12", "3615", "06" * 200])
    def test_what_takes_no_short_message_is_refused(self, written):
        with pytest.raises(NoAddress):
            phone_number(written)

    def test_a_postal_address_fits_the_window(self):
        assert postal_address(("Müller & Cie", "", " 1 rue X ", "69003 Lyon")) == (
            "Müller & Cie",
            "1 rue X",
            "69003 Lyon",
        )
        for lines in (("Müller", "Lyon"), tuple("abcdefgh"), ("a\nb", "c", "d")):
            with pytest.raises(NoAddress):
                postal_address(lines)
