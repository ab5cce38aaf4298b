"""Risk-scoring's knowledge of a customer: facts, and the history that they make. Pure."""

from lettra_risk_scoring.domain.facts import Fact
from lettra_risk_scoring.domain.history import (
    History,
    Item,
    Pocket,
    Reduction,
    SeesLater,
    fold,
    must_not_see_beyond,
)

__all__ = [
    "Fact",
    "History",
    "Item",
    "Pocket",
    "Reduction",
    "SeesLater",
    "fold",
    "must_not_see_beyond",
]
