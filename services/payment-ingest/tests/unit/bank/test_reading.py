"""The format of a file, told from its content; zip containers; what is refused in words."""

import io
import zipfile
from pathlib import Path

import pytest

from lettra_payment_ingest.bank import archive, text
from lettra_payment_ingest.bank.errors import UnreadableFile
from lettra_payment_ingest.bank.limits import Limits
from lettra_payment_ingest.bank.mapping import read_mapping
from lettra_payment_ingest.bank.reading import read_file, recognise

MT = b":20:R\n:25:ACC\n:28C:1\n:60F:C260301EUR1,\n:62F:C260301EUR1,\n-\n"
CFONB = (
    f"01{'30006':<9}{'00001'}EUR2 12345678901  020326{' ' * 50}{'10{':0>14}{' ' * 16}".encode()
    + b"\n"
    + f"07{'30006':<9}{'00001'}EUR2 12345678901  020326{' ' * 50}{'10{':0>14}{' ' * 16}".encode()
)
CSV = b"Date,Amount\n2026-03-02,1.00\n"
MAPPING = read_mapping(
    'account = "ACC"\ncurrency = "EUR"\n[columns]\nbooking_date = "Date"\namount = "Amount"\n', "map.toml"
)


@pytest.fixture
def camt(xml) -> bytes:
    return xml.document(xml.statement(xml.entry()))


def read(data: bytes, limits: Limits | None = None, mapping=None):
    return list(read_file(io.BytesIO(data), "bank.dat", limits or Limits(), mapping))


def refusal(data: bytes, limits: Limits | None = None, mapping=None) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(data, limits, mapping)
    return str(caught.value)


def packed(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return buffer.getvalue()


class TestRecognition:
    @pytest.mark.parametrize(
        ("head", "found"),
        [
            (MT, "mt"),
            (b"\xef\xbb\xbf" + MT, "mt"),
            (b"\x01{1:F01X}{2:I940X}{4:\r\n" + MT, "mt"),
            (b"BANKNL2A\r\n940\r\nBANKNL2A\r\n" + MT, "mt"),
            (b"\r\n\r\n" + MT.replace(b"\n", b"\r"), "mt"),
            (b":940:\n:20:X", "mt"),
            (CFONB, "cfonb"),
            (b"\n\n" + CFONB, "cfonb"),
            (CFONB.replace(b"\n", b""), "cfonb"),
            (CFONB.replace(b"EUR", b"   "), "cfonb"),
            (b"<Document/>", "camt"),
            (b"\n<?xml version='1.0'?><Document/>", "camt"),
            ("\ufeff<Document/>".encode("utf-16-le"), "camt"),
            (b"PK\x03\x04", "zip"),
            (b"PK\x05\x06", "zip"),
            (CSV, None),
            (b"01/02/2026;100,00;EUR;" + b"x" * 120, None),
            (b"01", None),
            (b"", None),
            (b"Text :20: in it\n", None),
        ],
    )
    def test_by_the_content(self, head, found):
        assert recognise(head) == found

    def test_each_format_is_read(self, camt):
        assert [read(data)[0].account for data in (MT, CFONB)] == ["ACC", "FR7630006000011234567890189"]
        assert len(read(camt)[0].transactions) == 1
        assert read(CSV, mapping=MAPPING)[0].account == "ACC"

    def test_a_mapping_plays_no_part_in_other_formats(self, camt):
        for data in (MT, CFONB, camt):
            assert read(data, mapping=MAPPING) == read(data)

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", "line 1: the file is empty"),
            (b" \r\n", "line 1: the file is empty"),
            (
                CSV,
                "line 1: is no bank file: neither CAMT, MT940, MT942 nor CFONB 120 (a CSV file needs a mapping)",
            ),
            (b"%PDF-1.7\n", "line 1: is PDF, which is not taken"),
            (b"OFXHEADER:100\n", "line 1: is OFX, which is not taken"),
            (b"\x1f\x8b\x08", "line 1: is gzip, which is not taken"),
            (b"<html></html>", "root element: is XML, but no bank statement"),
            (b"\x00\x01\x02", "line 1: is no bank file"),
        ],
    )
    def test_what_is_no_bank_file_is_refused_in_words(self, data, reason):
        assert refusal(data).startswith(f"bank.dat: {reason}")

    def test_an_empty_file_is_empty_with_a_mapping_too(self):
        assert refusal(b"", mapping=MAPPING) == "bank.dat: line 1: the file is empty"

    def test_a_stream_is_read_like_a_file(self, camt):
        class Stream(io.BytesIO):
            def seekable(self) -> bool:
                return False

            def seek(self, *_arguments) -> int:
                raise OSError("a pipe")

        for data in (MT, CFONB, camt, packed({"a": MT})):
            assert list(read_file(Stream(data), "bank.dat")) == read(data)
        with pytest.raises(UnreadableFile, match="is larger than 10 bytes"):
            list(read_file(Stream(packed({"a": MT})), "bank.dat", Limits(bytes_max=10)))


def test_a_file_of_empty_lines_ends(monkeypatch):
    """Guard: a hundred million of them would take minutes."""
    monkeypatch.setattr(text, "LINES_MAX", 100)
    for data in (MT, CFONB):
        assert refusal(data + b"\n" * 200) == "bank.dat: line 101: more than 100 lines"


class TestArchive:
    @pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    def test_every_file_of_an_archive_is_read(self, camt, method):
        found = read(packed({"x/": b"", "x/a.txt": MT, "../../b": camt, "c.xml": CFONB}, method))
        assert [s.place.split(",")[0] for s in found] == ["a.txt", "b", "c.xml"]
        assert [s.transactions for s in found] == [
            s.transactions for data in (MT, camt, CFONB) for s in read(data)
        ]

    def test_csv_files_in_an_archive_need_their_mapping(self):
        assert read(packed({"a.csv": CSV}), mapping=MAPPING)[0].place == "a.csv, line 2"
        assert "bank.dat/a.csv: line 1: is no bank file" in refusal(packed({"a.csv": CSV}))

    def test_an_error_names_the_file_inside(self):
        assert refusal(packed({"ok": MT, "dir/bad.sta": b":61:x"})).startswith("bank.dat/bad.sta: line 1: ")
        assert refusal(packed({"dir/a\nb\x00c": b":61:x"})).startswith("bank.dat/a b")

    def test_an_archive_in_an_archive_is_refused(self):
        """Guard: an archive of archives has no bound."""
        found = refusal(packed({"inner.zip": packed({"a": MT})}))
        assert found == "bank.dat/inner.zip: zip: is a zip container inside a zip container"

    def test_an_empty_archive_is_refused(self):
        assert refusal(packed({})) == "bank.dat: zip: is an empty zip container"
        assert refusal(packed({"folder/": b""})) == "bank.dat: zip: is an empty zip container"

    def test_a_bomb_is_stopped_at_the_ratio(self):
        """Guard: without it a megabyte unpacks to a gigabyte."""
        bomb = packed({"a": MT + b" " * 30_000_000})
        assert len(bomb) < 40_000
        assert "bank.dat/a: zip: unpacks to more than" in refusal(bomb)

    def test_all_files_together_have_one_limit(self):
        """Guard: a thousand files of the largest size would be two hundred gigabytes."""
        members = {name: MT + name.encode() * 400 for name in "abc"}
        found = refusal(packed(members, zipfile.ZIP_STORED), Limits(bytes_max=1_000))
        assert found == f"bank.dat/c: zip: unpacks to more than {1_000 - 2 * len(members['a'])} bytes"

    def test_too_many_files(self, monkeypatch):
        monkeypatch.setattr(archive, "MEMBERS_MAX", 3)
        assert "of more than 3 files" in refusal(packed({str(n): MT for n in range(4)}))

    def test_what_is_encrypted_or_packed_otherwise_is_refused(self):
        data = packed({"a": MT})
        central = data.index(b"PK\x01\x02")
        encrypted = data[: central + 8] + b"\x01" + data[central + 9 :]
        assert refusal(encrypted) == "bank.dat/a: zip: is encrypted"
        lzma = packed({"a": MT}, zipfile.ZIP_LZMA)
        assert refusal(lzma) == "bank.dat/a: zip: is packed in a way that is not taken (method 14)"

    def test_a_broken_archive_is_refused(self):
        data = packed({"a": MT * 50})
        assert refusal(data[:100]) == "bank.dat: zip: is a broken zip container: it has no end"
        at = data.index(b"PK\x01\x02") - 10
        assert "bank.dat/a: zip: cannot be unpacked" in refusal(data[:at] + b"XXXX" + data[at + 4 :])
        stored = packed({"a": MT}, zipfile.ZIP_STORED)
        changed = stored.replace(b":60F:C260301EUR1,", b":60F:C260301EUR2,", 1)
        assert "Bad CRC-32" in refusal(changed)

    def test_nothing_is_written_and_no_path_is_used(self, tmp_path: Path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        read(packed({"../evil": MT, "/etc/evil": MT, "C:\\evil": MT}))
        assert list(tmp_path.iterdir()) == []
