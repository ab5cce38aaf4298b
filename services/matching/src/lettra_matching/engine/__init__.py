"""The matching engine: `decide(payment, candidates, rules)`, pure, the same for the service and for files.

docs/matching.md says how it decides, for people who review matches.
"""

from lettra_matching.engine.candidates import Candidates
from lettra_matching.engine.deciding import decide
from lettra_matching.engine.learning import learned, learned_from, taught
from lettra_matching.engine.memory import InMemory
from lettra_matching.engine.model import (
    AdviceLine,
    Decision,
    Incoming,
    Item,
    KnownAlias,
    KnownIban,
    Line,
    MayBe,
    Payer,
)
from lettra_matching.engine.ruleset import Rules

__all__ = [
    "AdviceLine",
    "Candidates",
    "Decision",
    "InMemory",
    "Incoming",
    "Item",
    "KnownAlias",
    "KnownIban",
    "Line",
    "MayBe",
    "Payer",
    "Rules",
    "decide",
    "learned",
    "learned_from",
    "taught",
]
