"""What a model learns from was known when the item was issued, and its outcome before the model was made."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import settled as say
from hypothesis import given, settings
from hypothesis import strategies as st

from lettra_risk_scoring.domain import SeesLater, fold
from lettra_risk_scoring.engine.features import NAMES
from lettra_risk_scoring.training.files import SettledItem
from lettra_risk_scoring.training.fitting import NotEnoughHistory, fit
from lettra_risk_scoring.training.samples import (
    Sample,
    eve_of,
    facts_of,
    sample_of,
    samples_of,
    settled_before,
)

MARCH = date(2026, 3, 1)


def seen(sample: Sample) -> dict[str, float]:
    return dict(zip(NAMES, sample.features.values, strict=True))


def test_an_item_is_seen_as_on_the_eve_of_its_issue() -> None:
    """One paid 6 days late before, one open and overdue, one paid on the very day: that is not known on the eve."""
    items = [
        say.item("I1", issued=date(2026, 1, 1), late=6),
        say.item("I2", issued=date(2026, 1, 2), late=None),
        say.item("I3", issued=date(2026, 1, 10), late=20),
        say.item("I4", issued=MARCH, late=3, amount=300),
    ]
    assert items[2].settled_on == MARCH
    last = samples_of(items)[-1]
    values = seen(last)
    assert (last.item_id, last.days, last.late) == ("I4", 3, True)
    assert (values["items_paid"], values["items_open"], values["items_overdue"]) == (1.0, 2.0, 2.0)
    assert (last.features.late_share, last.features.delay_mean) == (1.0, 6.0)
    assert values["amount_relative"] == 3.0


def test_that_an_item_is_disputed_is_not_known_at_its_issue() -> None:
    """The file does not say when a dispute came up: it must not tell of the item itself, only later of the customer."""
    calm, contested = (say.item("I1", issued=MARCH, late=9, disputed=what) for what in (False, True))
    assert samples_of([calm])[0].features == samples_of([contested])[0].features
    after = say.item("I2", issued=date(2026, 6, 1))
    shares = [seen(samples_of([first, after])[-1])["disputed_share"] for first in (calm, contested)]
    assert shares[0] < shares[1]


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_changing_later_outcomes_changes_no_earlier_features(data: st.DataObject) -> None:
    """Guard: the eve. Whatever is settled from a day on is settled otherwise: who was issued by then looks the same."""
    items = say.company(months=3)
    cut = say.START + timedelta(days=data.draw(st.integers(20, 90)))
    moved = st.integers(0, 300)
    others = [changed(item, cut, data.draw(moved)) for item in items]
    before = [sample.features for sample in samples_of(items) if sample.issued_on <= cut]
    after = [sample.features for sample in samples_of(others) if sample.issued_on <= cut]
    assert len(before) > 20
    assert before == after


def changed(item: SettledItem, cut: date, by: int) -> SettledItem:
    assert item.settled_on is not None
    if item.settled_on < cut:
        return item
    return replace(item, settled_on=item.settled_on + timedelta(days=by), disputed=not item.disputed)


def test_a_leak_into_the_features_is_refused() -> None:
    """Guard: `must_not_see_beyond` in `known_of`. Seeded leak: the history goes a day too far, to that of issue."""
    items = [say.item("I1", issued=date(2026, 1, 1), late=6), say.item("I2", issued=MARCH)]
    facts = facts_of(items)
    assert sample_of(items[1], fold(facts, eve_of(items[1]))).item_id == "I2"
    with pytest.raises(SeesLater, match="a figure of 2026-02-28 would see what was known on 2026-03-01"):
        sample_of(items[1], fold(facts, MARCH))


def test_a_leak_into_the_training_is_refused() -> None:
    """Guard: `must_be_settled_before` in `fit`. Seeded leak: all samples, also those settled from the month on."""
    samples = samples_of(say.company(months=12))
    before = date(2025, 10, 1)
    assert fit("customer_mean", settled_before(samples, before), before, 1)
    with pytest.raises(SeesLater, match="a model of 2025-10-01 would learn from item I0"):
        fit("customer_mean", samples, before, 1)


@pytest.mark.parametrize("change", [{"months": 4}, {"months": 12, "late": 0}])
def test_too_little_history_makes_no_model(change: dict[str, Any]) -> None:
    items = say.company(change["months"])
    if "late" in change:
        items = [replace(item, settled_on=item.due_date) for item in items]
    with pytest.raises(NotEnoughHistory, match="200 are needed, 30 of them late and 30 in time"):
        fit("customer_mean", samples_of(items), date(2030, 1, 1), 1)
