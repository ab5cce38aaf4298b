"""What is kept outside of memory is the same sequence, and a large file does not fill the memory."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from bank_files import Entry, Stmt, camt
from hypothesis import given
from hypothesis import strategies as st

from lettra_payment_ingest.bank.camt import read_camt
from lettra_payment_ingest.spooling import BLOCK_ITEMS, Spool

SIZES = st.lists(st.integers(0, 3 * BLOCK_ITEMS), min_size=1, max_size=4)

_READ = """
import resource, sys
from lettra_payment_ingest.bank.limits import DEFAULT
from lettra_payment_ingest.preparing import File, prepare
from lettra_payment_ingest.spooling import Spool

def used():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

for path in sys.argv[1:]:
    with Spool() as spool, open(path, "rb") as source:
        prepare(File(source, "f", "d"), DEFAULT, spool.keep)
    print(used())
"""


@given(SIZES, st.integers(-5, 3 * BLOCK_ITEMS), st.integers(-5, 3 * BLOCK_ITEMS))
def test_sequences_of_one_spool_are_as_lists_are(sizes, start, stop):
    """Also written in turns: blocks of several sequences lie mixed in one file."""
    with Spool() as spool:
        kept, lists = [spool.keep() for _ in sizes], [[] for _ in sizes]
        for item in range(max(sizes)):
            for sequence, expected, size in zip(kept, lists, sizes, strict=True):
                if item < size:
                    sequence.append(item)
                    expected.append(item)
        for sequence, expected in zip(kept, lists, strict=True):
            for whole in (sequence, sequence.sealed()):
                assert list(whole) == expected
                assert list(reversed(whole)) == expected[::-1]
                assert whole[start:stop] == expected[start:stop]
                assert len(whole) == len(expected)
            if expected:
                assert (sequence[0], sequence[-1]) == (expected[0], expected[-1])


def test_there_is_nothing_beyond_the_end():
    with Spool() as spool:
        sequence = spool.keep()
        sequence.append(1)
        for place in (1, -2):
            with pytest.raises(IndexError):
                sequence[place]


def test_a_transaction_is_what_it_was():
    statement = Stmt(2, "100", [Entry("10", "FA-1", ref="B-1", e2e="E-1", name="Anna")])
    (plain,) = read_camt(camt(statement), "f")
    with Spool() as spool:
        (spooled,) = read_camt(camt(statement), "f", keep=spool.keep)
        assert tuple(spooled.transactions) == plain.transactions


def test_memory_does_not_grow_with_the_file(tmp_path: Path):
    """Guard: `keep` in every reader; kept in lists, ten times the entries would take 40 MB more."""
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0
    files = []
    for count in (1_000, 10_000):
        entries = [
            Entry(str(n % 90 + 1), f"FACTURE {n} {'x' * 80}", ref=f"B-{n}", name="Anna") for n in range(count)
        ]
        files.append(tmp_path / f"{count}.xml")
        files[-1].write_bytes(camt(Stmt(2, "100", entries)))
    done = subprocess.run(
        [sys.executable, "-c", _READ, *map(str, files)],
        capture_output=True,
        text=True,
        check=True,
        timeout=50,
    )
    small, large = map(int, done.stdout.split())
    assert large - small < 12_000, done.stdout
