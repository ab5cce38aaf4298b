"""The small parts of a verification, without any server."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from lettra_events.verify import recent
from lettra_events.verify.finding import SAYS, SHOWN_MAX, Finding, Kind, shown, shown_around
from lettra_events.verify.heads import Head, MalformedHead, read_head
from lettra_events.verify.recent import Chains, Sequences

PAGE = Path(__file__).parents[4] / "docs" / "audit.md"


def test_a_head_is_read_as_it_is_printed() -> None:
    head = Head(1204, hashlib.sha256(b"x").digest())
    assert str(head) == f"1204:{hashlib.sha256(b'x').hexdigest()}"
    assert read_head(str(head)) == head
    assert read_head(f" {str(head).upper()}\n") == head
    assert read_head(str(Head())) == Head()


@pytest.mark.parametrize(
    "text", ["", "12", "12:ab", ":" + "a" * 64, "-1:" + "a" * 64, "1:" + "g" * 64, "1:" + "a" * 65]
)
def test_what_is_no_head_is_refused(text: str) -> None:
    """Guard: the form of a head (verify/heads.py)."""
    with pytest.raises(MalformedHead, match="is no head"):
        read_head(text)


def test_the_first_differing_byte_is_shown_also_far_behind_the_beginning() -> None:
    """Guard: shown_around (verify/finding.py); a shortened text would show two equal halves."""
    expected, found = shown_around(b"a" * 500 + b"x" + b"b" * 500, b"a" * 500 + b"y" + b"b" * 500)
    assert expected.startswith("…'aaa")
    assert ("axb" in expected, "ayb" in found) == (True, True)
    assert expected.endswith("… (byte 500)")
    assert shown_around(b"ab", b"abc") == ("'ab' (byte 2)", "'abc' (byte 2)")


def test_values_are_shown_short_and_so_that_a_person_can_compare_them() -> None:
    assert shown(None) == "nothing"
    assert shown("text") == "'text'"
    assert shown(7) == "7"
    assert shown(b"\xff\x00") == "ff00"
    assert len(shown("x" * 1_000)) == SHOWN_MAX + 1


def test_a_finding_says_its_place_both_values_what_it_means_and_what_to_do() -> None:
    finding = Finding(
        service="toy", kind=Kind.RECORD, partition=0, sequence=3, field="value", expected="1", found="2"
    )
    said = str(finding)
    assert said.startswith("toy: partition 0, entry 3, field value: expected 1, found 2.\n")
    assert finding.means in said
    assert finding.remedy in said
    assert finding.as_json() == {
        "service": "toy",
        "kind": "record",
        "partition": 0,
        "sequence": 3,
        "field": "value",
        "expected": "1",
        "found": "2",
        "means": finding.means,
        "remedy": finding.remedy,
    }


def test_every_kind_of_difference_has_a_meaning_and_a_paragraph_on_the_auditor_s_page() -> None:
    """Guard: docs/audit.md names each kind."""
    assert set(SAYS) == set(Kind)
    page = PAGE.read_text(encoding="utf-8")
    assert [kind for kind in Kind if f"`{kind}`" not in page] == []


def test_sequences_remember_what_stood_before_and_forget_in_flat_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Guard: the bound of Sequences (verify/recent.py)."""
    monkeypatch.setattr(recent, "RECENT_MAX", 10)
    known = Sequences()
    for sequence in range(2, 202, 2):
        known.add(sequence)
    assert (known.before(200), known.before(199), known.before(202)) == (198, None, None)
    assert (known.forgets(2), known.before(2), known.forgets(190), known.before(190)) == (
        True,
        None,
        False,
        188,
    )
    assert len(known._all) <= 20
    assert (Sequences().forgets(1), Sequences().before(1)) == (False, None)


def test_chains_remember_the_last_entries_in_flat_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guard: the bound of Chains (verify/recent.py)."""
    monkeypatch.setattr(recent, "RECENT_MAX", 10)
    known = Chains()
    assert known.at(0) == bytes(32)
    for sequence in range(1, 101):
        known.add(hashlib.sha256(b"%d" % sequence).digest())
    assert known.at(100) == hashlib.sha256(b"100").digest()
    assert known.at(92) == hashlib.sha256(b"92").digest()
    assert (known.at(1), known.at(101)) == (None, None)
    assert len(known._bytes) <= 2 * 10 * 32
