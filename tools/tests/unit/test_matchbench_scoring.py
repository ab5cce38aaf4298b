"""Scoring of allocations, by small tables made by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lettra_tools.cli import app
from lettra_tools.matchbench.scoring import (
    NOT_IN_TRUTH,
    Count,
    Score,
    UnreadableTable,
    read_allocations,
    read_truth,
    score,
)

TRUTH = """entry_ref,case,item_id,amount
P1,list,A,100.00
P1,list,B,50.00
P2,exact,C,30.00
P3,unknown_payer,,
P4,twin_name_ambiguous,,
"""
HEAD = "entry_ref,outcome,item_id,amount,write_off,rule,confidence,solutions\n"


def scored(tmp_path: Path, rows: str, truth: str = TRUTH) -> Score:
    (tmp_path / "truth.csv").write_text(truth)
    (tmp_path / "alloc.csv").write_text(HEAD + rows)
    return score(read_truth(tmp_path / "truth.csv"), read_allocations(tmp_path / "alloc.csv"))


def test_all_that_is_right(tmp_path: Path) -> None:
    rows = (
        "P1,applied,B,50.0,0,n,1,1\nP1,applied,A,100,0,n,1,1\nP2,applied,C,30.00,2.00,n,1,1\nP3,held,,,,,,\n"
    )
    found = scored(tmp_path, rows)
    assert found.total == Count(payments=4, matchable=2, right=2, held=2)
    assert (found.total.right_share, found.total.wrong_share) == (1.0, 0.0)
    assert found.cases["twin_name_ambiguous"] == Count(payments=1, held=1)


@pytest.mark.parametrize(
    "rows",
    [
        "P1,applied,A,100.00,,,,\n",
        "P1,applied,A,100.00,,,,\nP1,applied,B,49.99,,,,\n",
        "P1,applied,A,100.00,,,,\nP1,applied,B,50.00,,,,\nP1,applied,C,1.00,,,,\n",
        "P1,applied,A,100.00,,,,\nP1,proposed,B,50.00,,,,\n",
        "P3,applied,A,100.00,,,,\n",
        "P4,applied,A,100.00,,,,\n",
    ],
    ids=["one missing", "a cent short", "one too many", "half proposed", "settles nothing", "to be asked"],
)
def test_anything_else_that_is_applied_is_wrong(tmp_path: Path, rows: str) -> None:
    """Guard: only exactly the truth is right; where nothing is to be applied, all that is applied is wrong."""
    found = scored(tmp_path, rows)
    assert (found.total.right, found.total.wrong, found.total.applied) == (0, 1, 1)
    assert found.total.wrong_share == 1.0
    assert found.wrong_entries == (rows[:2],)


def test_a_proposal_is_no_error_and_counts_apart(tmp_path: Path) -> None:
    rows = (
        "P1,proposed,A,100.00,,,,\nP1,proposed,B,50.00,,,,\nP2,proposed,A,30.00,,,,\nP4,proposed,A,1.00,,,,\n"
    )
    total = scored(tmp_path, rows).total
    assert (total.applied, total.proposed_right, total.proposed_otherwise, total.held) == (0, 1, 2, 1)
    assert (total.right_share, total.wrong_share) == (0.0, 0.0)


def test_what_is_applied_of_an_entry_that_the_truth_does_not_know_is_wrong(tmp_path: Path) -> None:
    found = scored(tmp_path, "X9,applied,A,100.00,,,,\nX8,held,,,,,,\nP2,applied,C,30.00,,,,\n")
    assert found.cases[NOT_IN_TRUTH] == Count(payments=1, wrong=1)
    assert found.total.wrong_share == 0.5


def test_rows_of_one_item_add_up(tmp_path: Path) -> None:
    assert scored(tmp_path, "P2,applied,C,10.00,,,,\nP2,applied,C,20.00,,,,\n").total.right == 1


def test_shares_are_of_the_matchable_and_of_the_applied(tmp_path: Path) -> None:
    """Two of three matchable are right; one of three applied is wrong."""
    truth = TRUTH + "P5,exact,D,5.00\n"
    rows = "P2,applied,C,30.00,,,,\nP5,applied,D,5.00,,,,\nP3,applied,A,7.00,,,,\n"
    total = scored(tmp_path, rows, truth).total
    assert total.right_share == pytest.approx(2 / 3)
    assert total.wrong_share == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("P1,maybe,A,1.00,,,,\n", "alloc.csv: line 2: the outcome is 'maybe'"),
        ("P1,applied,,1.00,,,,\n", "alloc.csv: line 2: applied, but no item_id"),
        ("P1,applied,A,1 000,,,,\n", "alloc.csv: line 2: '1 000' is no amount"),
        ("P1,applied,A,NaN,,,,\n", "alloc.csv: line 2: 'NaN' is no amount"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, rows: str, says: str) -> None:
    with pytest.raises(UnreadableTable, match=says):
        scored(tmp_path, rows)


@pytest.mark.parametrize(
    ("truth", "says"),
    [
        ("entry_ref,case\nP1,list\n", "lacks the column item_id"),
        (TRUTH + "P2,exact,C,1.00\n", "P2 settles C twice"),
        (TRUTH + "P2,list,E,1.00\n", "P2 has another case than before"),
    ],
)
def test_a_truth_that_contradicts_itself_is_refused(tmp_path: Path, truth: str, says: str) -> None:
    with pytest.raises(UnreadableTable, match=says):
        scored(tmp_path, "", truth)


def test_the_command_prints_a_table_or_json(tmp_path: Path) -> None:
    scored(tmp_path, "P2,applied,C,30.00,,,,\nP3,applied,A,7.00,,,,\n")
    command = [
        "matchbench",
        "score",
        "--truth",
        str(tmp_path / "truth.csv"),
        "--allocations",
        str(tmp_path / "alloc.csv"),
    ]
    shown = CliRunner().invoke(app, command)
    assert shown.exit_code == 0
    assert "applied and entirely right: 50.00% of 2 matchable" in shown.stdout
    assert "wrong: 50.000% of 2 applied" in shown.stdout
    found = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)
    assert (found["right_share"], found["wrong_share"], found["wrong_entries"]) == (0.5, 0.5, ["P3"])
    assert found["cases"]["unknown_payer"]["wrong"] == 1


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    command = [
        "matchbench",
        "score",
        "--truth",
        str(tmp_path / "none.csv"),
        "--allocations",
        str(tmp_path / "no.csv"),
    ]
    assert "none.csv: cannot be read: No such file" in str(CliRunner().invoke(app, command).exception)
