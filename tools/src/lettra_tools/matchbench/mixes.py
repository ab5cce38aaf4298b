"""How often each habit comes: three mixes, one to tune on, two that were unseen once. Weights, not shares."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from lettra_tools.matchbench import crowd
from lettra_tools.matchbench.habits import (
    by_amount,
    by_number,
    by_others,
    crowd_meant,
    crowd_written,
    nothing,
    sealed,
    silent,
)
from lettra_tools.matchbench.populating import PLAIN, Market

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lettra_tools.matchbench.scene import Habit

HABITS: Mapping[str, Habit] = MappingProxyType(
    {
        **by_number.HABITS,
        **by_amount.HABITS,
        **silent.HABITS,
        **by_others.HABITS,
        **nothing.HABITS,
        **sealed.HABITS,
        **crowd_written.HABITS,
        **crowd_meant.HABITS,
    }
)


@dataclass(frozen=True, slots=True)
class Mix:
    """A name, the weight of each habit, and who sells to whom. The name is a part of the seed, so mixes differ in all
    they draw.
    """

    name: str
    weights: Mapping[str, float]
    market: Market = PLAIN


def _at(weight: float, *names: str) -> dict[str, float]:
    return dict.fromkeys(names, weight)


_OPEN = {
    **dict.fromkeys({**by_number.HABITS, **by_amount.HABITS, **silent.HABITS, **by_others.HABITS}, 1.0),
    **dict.fromkeys(nothing.HABITS, 0.5),
    **_at(14.0, "exact"),
    **_at(6.0, "list", "silent_known_account", "structured"),
    **_at(4.0, "no_separators", "blanks", "lower_case", "no_prefix", "beside_own_references"),
    **_at(2.5, "slashes", "zeros_dropped", "in_a_letter", "fee_deducted", "end_to_end_only", "direct_debit"),
    **_at(
        2.0, "suffixes", "range", "serial_only", "year_dropped", "credit_note_named", "rest", "parent_pays"
    ),
    **_at(
        1.5, "structured_in_text", "glued_to_a_word", "discount_taken", "statement_total", "everything_due"
    ),
    **_at(3.0, "equal_amounts_one_due", "month_named_equal_amounts"),
    **_at(1.5, "instalment", "down_payment", "paid_twice", "unknown_payer"),
    **_at(
        0.5, "dots", "underscores", "former_prefix", "factor_pays_several", "another_customer_pays", "subset"
    ),
    **_at(
        0.5, "on_behalf_of_named", "with_penalty", "short_beyond_fee", "list_cut_by_bank", "silent_name_cut"
    ),
    **_at(
        0.3, "twin_name_ambiguous", "mistyped_to_another_ambiguous", "amount_of_stranger_ambiguous", "return"
    ),
}
_SEALED = {
    **{name: weight**0.6 for name, weight in _OPEN.items()},
    **dict.fromkeys(sealed.HABITS, 0.6),
    **_at(7.0, "exact"),
    **_at(
        2.5,
        "silent_name",
        "silent_name_abbreviated",
        "list_of_serials",
        "split_by_line",
        "letters_for_digits",
    ),
    **_at(2.0, "said_twice", "glued_amount", "mixed_language", "bracketed", "between_words"),
}
_CROWD = {
    **{name: weight**0.5 for name, weight in _OPEN.items() if name != "silent_name_cut"},
    **dict.fromkeys({**crowd_written.HABITS, **crowd_meant.HABITS}, 2.0),
    **_at(0.7, "near_stranger_ambiguous", "several_round_part_ambiguous", "returned_transfer", "grant"),
    **_at(0.7, "paid_again_otherwise", "credit_note_claimed_ambiguous"),
    **_at(8.0, "exact"),
}
"""Where names are near, one that is cut may be anybody's."""
MIXES: Mapping[str, Mix] = MappingProxyType(
    {
        mix.name: mix
        for mix in (
            Mix("open", _OPEN),
            Mix("sealed", _SEALED),
            Mix("crowd", _CROWD, crowd.MARKET),
        )
    }
)
