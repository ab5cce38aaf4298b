"""The training command as a process of its own, with the learning library: its model, and the published table."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import settled as say

from lettra_risk_scoring.engine.model import Linear, Trees, raw, read, sigmoid
from lettra_risk_scoring.training import fitting
from lettra_risk_scoring.training.files import OWN, SettledItem
from lettra_risk_scoring.training.samples import Sample, samples_of, settled_before
from lettra_risk_scoring.training.walking import CHOSEN, CONTENDERS, Walk, walk

SECONDS_MAX = 500
"""Ten on an idle machine; the library alone takes three to import, and much more beside other work."""
PROJECT = Path(__file__).resolve().parents[4]
ROW = re.compile(
    r"^\| (?P<name>.+?) \| (?P<accuracy>[\d.]+) % \| (?P<auc>[\d.]+) \| (?P<brier>[\d.]+) \| (?P<days>[\d.]+) \|"
)


def train(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lettra_risk_scoring.training", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS_MAX)


def as_file(items: Sequence[SettledItem], path: Path) -> Path:
    rows = [
        f"{item.customer_id},{item.item_id},{item.currency},{item.amount},{item.issue_date},{item.due_date},"
        f"{item.settled_on},{str(item.disputed).lower()}"
        for item in items
    ]
    path.write_text("\n".join([",".join(OWN), *rows]) + "\n")
    return path


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return samples_of(say.company(months=9))


@pytest.fixture
def public_items() -> Path:
    """The public sample of late payments, which lies outside the project: `LETTRA_DATA` names where."""
    data = os.environ.get("LETTRA_DATA") or PROJECT.parent / "shared/data"
    path = Path(data) / "receivables/ibm-late-payments.csv"
    if not path.exists():
        words = "the public sample of late payments is not here (LETTRA_DATA names its folder)"
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)
    return path


@pytest.mark.timeout(SECONDS_MAX)
def test_the_same_file_and_seed_give_the_same_model_byte_for_byte(tmp_path: Path) -> None:
    items = as_file(say.company(months=8), tmp_path / "items.csv")
    first, second = (train(items, "--out", tmp_path / name, "--seed", "5") for name in ("a.json", "b.json"))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert first.stdout == second.stdout
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    kept = read((tmp_path / "a.json").read_text())
    assert (kept.model.seed, kept.model.samples, kept.model.window[0]) == (5, 320, "2025-01-01")
    assert set(kept.model.metrics) == {
        "always_on_time",
        "customer_mean",
        "scorecard",
        "logistic",
        "boosting",
        CHOSEN,
    }


def test_a_short_file_and_a_bad_one_write_no_model(tmp_path: Path) -> None:
    short = train(as_file(say.company(months=2), tmp_path / "short.csv"), "--out", tmp_path / "model.json")
    assert (short.returncode, "the scorecard serves" in short.stderr) == (1, True)
    bad = train(PROJECT / "README.md", "--out", tmp_path / "model.json")
    assert (bad.returncode, "README.md: line 1" in bad.stderr) == (2, True)
    assert not (tmp_path / "model.json").exists()


@pytest.mark.timeout(SECONDS_MAX)
def test_the_published_table_is_what_the_command_prints(public_items: Path, tmp_path: Path) -> None:
    """And the page names the contender that was taken into use. Another processor may differ in the last digit."""
    done = train(public_items, "--out", tmp_path / "model.json")
    assert done.returncode == 0, done.stderr
    page = (PROJECT / "docs/risk-scoring.md").read_text()
    printed, published = rows_of(done.stdout), rows_of(page)
    assert len(printed) == 6
    assert published.keys() == printed.keys()
    for name, figures in printed.items():
        assert published[name] == pytest.approx(figures, abs=0.2), name
    (taken,) = [line for line in done.stdout.splitlines() if line.startswith("Taken into use")]
    assert taken in page
    assert json.loads((tmp_path / "model.json").read_text())["content"]["samples"] == 2466


def rows_of(text: str) -> dict[str, list[float]]:
    found = filter(None, map(ROW.match, text.splitlines()))
    return {row["name"]: [float(row[name]) for name in ("accuracy", "auc", "brier", "days")] for row in found}


def test_trees_read_as_data_answer_as_the_library_does(samples: list[Sample]) -> None:
    """The same probabilities and days to twelve and nine digits, for every item."""
    from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

    values = [list(sample.features.values) for sample in samples]
    late, days = [sample.late for sample in samples], [sample.days for sample in samples]
    fitted = fitting.fit("boosting", samples, date(2030, 1, 1), 3)
    grown = GradientBoostingClassifier(random_state=3, **fitting._GROWTH).fit(values, late)
    aged = GradientBoostingRegressor(loss="absolute_error", random_state=3, **fitting._GROWTH).fit(
        values, days
    )
    assert isinstance(fitted.late, Trees)
    assert isinstance(fitted.days, Trees)
    ours = [sigmoid(raw(fitted.late, sample.features.values)) for sample in samples]
    assert ours == pytest.approx(list(grown.predict_proba(values)[:, 1]), abs=1e-12)
    ours = [raw(fitted.days, sample.features.values) for sample in samples]
    assert ours == pytest.approx(list(aged.predict(values)), abs=1e-9)


def test_weights_read_as_data_answer_as_the_library_does(samples: list[Sample]) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    values = [list(sample.features.values) for sample in samples]
    late = [sample.late for sample in samples]
    fitted = fitting.fit("logistic", samples, date(2030, 1, 1), 3)
    library = make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=1_000)).fit(values, late)
    assert isinstance(fitted.late, Linear)
    ours = [sigmoid(raw(fitted.late, sample.features.values)) for sample in samples]
    assert ours == pytest.approx(list(library.predict_proba(values)[:, 1]), abs=1e-9)


def test_what_is_settled_from_a_month_on_changes_no_prediction_of_before() -> None:
    """Guard: `settled_before` in `walk`, and the eve in the features. Later outcomes turned into their contrary."""
    cut = date(2025, 9, 1)
    items = say.company(months=10)
    walked, otherwise = (
        walk(samples_of(each), 1, print) for each in (items, [turned(item, cut) for item in items])
    )
    count = sum(1 for item in items if walked.months[0] <= item.issue_date < cut)
    assert count > 30
    for contender in CONTENDERS:
        assert said(walked, contender)[:count] == said(otherwise, contender)[:count], contender
    assert said(walked, "boosting")[count:] != said(otherwise, "boosting")[count:]


def said(walked: Walk, contender: str) -> list[tuple[float, float]]:
    return [(each.probability, each.days) for each in walked.predictions[contender]]


def turned(item: SettledItem, cut: date) -> SettledItem:
    assert item.settled_on is not None
    if item.settled_on < cut:
        return item
    days = 30 if item.settled_on <= item.due_date else 0
    return replace(item, settled_on=max(cut, item.due_date + timedelta(days=days)))


def test_each_month_learns_only_from_what_was_settled_when_it_began(samples: list[Sample]) -> None:
    lines: list[str] = []
    walked = walk(samples, 1, lines.append)
    first = walked.months[0]
    assert f"learns from {len(settled_before(samples, first))} items" in lines[0]
    assert len(settled_before(samples, first)) >= fitting.SAMPLES_MIN
