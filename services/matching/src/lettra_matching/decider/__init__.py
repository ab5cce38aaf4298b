"""Matching's decider: what it decides, and what its events do to the state."""

from lettra_matching.decider.deciding import (
    designate,
    match,
    open_credit_note,
    open_items,
    open_opening_item,
    part_id,
    set_off,
    take_payment,
    why_nothing,
)
from lettra_matching.decider.evolving import evolve

__all__ = [
    "designate",
    "evolve",
    "match",
    "open_credit_note",
    "open_items",
    "open_opening_item",
    "part_id",
    "set_off",
    "take_payment",
    "why_nothing",
]
