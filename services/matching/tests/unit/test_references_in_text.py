"""A reference in a text is found whatever is written behind it."""

from __future__ import annotations

import pytest

from lettra_matching.domain import references_in


@pytest.mark.parametrize("behind", ["", " MERCI", " FACTURE", " DU 18", " N 45 DU 18/03"])
def test_words_behind_a_reference_do_not_hide_it(behind: str) -> None:
    """One word in 97 makes another valid reference of it: FACTURE and DU 18 do."""
    assert "RF25280670965" in references_in(f"REF RF25 2806 7096 5{behind}")


def test_what_is_no_reference_is_not_found() -> None:
    assert list(references_in("RF26 2806 7096 5 MERCI")) == []
