"""What stands in a payment's texts, read once: a pure function of them, kept for as often as a payment is decided on.

A service decides several times on one payment while its candidates are fetched; reading is most of the work.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache

from lettra_matching.engine.designating import search_keys
from lettra_matching.engine.keys import reference_key
from lettra_matching.engine.mentions import Written, written_in
from lettra_matching.engine.periods import Period, periods_in
from lettra_matching.engine.text import Figures, cut, figures_in, fold, is_nothing

Texts = tuple[str | None, ...]

_REFUND = re.compile(
    r"\b(?:REMBOURS\w*|REMBT|RBT|RBST|TROP[ -]?PERCU|TROP[ -]?VERSE|REFUND\w*|REIMBURS\w*|GUTSCHRIFT"
    r"|ERSTATTUNG|RESTITUTION)\b"
)
_CREDIT = re.compile(r"\b(?:AVOIRS?|CREDIT NOTES?|NOTES? DE CREDIT|GUTSCHRIFT)\b")
_PART = re.compile(
    r"\b(?:ACOMPTES?|PARTIEL\w*|PARTIAL\w*|DEPOSIT|DOWN ?PAYMENT|INSTALMENT|ANZAHLUNG|TEILZAHLUNG|ABSCHLAG"
    r"|ACCONTO|ANTICIPO|AANBETALING|ECHEANCE \d\W\d)\b"
)
_FIGURE_DIGITS = 3
SHORT_CHARS = 500
_SHORT_KEPT, _LONG_KEPT = 2_048, 8
"""How many readings are kept; those of long texts are large."""


class Reading:
    """Of each text that says something, each once; at most `chars_max` characters of each are read."""

    def __init__(self, texts: Texts, chars_max: int) -> None:
        folded = dict.fromkeys(fold(cut(text, chars_max)).strip() for text in texts if text)
        self.figures: tuple[Figures, ...] = tuple(figures_in(t) for t in folded if not is_nothing(t))
        self.is_cut = any(text is not None and len(text) > chars_max for text in texts)

    @cached_property
    def written(self) -> tuple[Written, ...]:
        return tuple(written_in(figures) for figures in self.figures)

    @cached_property
    def references(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each for figures in self.figures for each in figures.references))

    @cached_property
    def sirens(self) -> tuple[str, ...]:
        """What may be the SIREN of who pays."""
        return tuple(dict.fromkeys(siren for figures in self.figures for siren in figures.sirens))

    @cached_property
    def reference_keys(self) -> tuple[str, ...]:
        return tuple(map(reference_key, self.references))

    @cached_property
    def number_keys(self) -> tuple[str, ...]:
        """By which the documents are found that the texts may name, each once."""
        return tuple(dict.fromkeys(key for written in self.written for key in search_keys(written)))

    @cached_property
    def figures_alone(self) -> frozenset[str]:
        """Groups of at least three digits as they stand, without leading zeros."""
        atoms = (atom for written in self.written for atom in written.atoms if atom.is_number)
        return frozenset(atom.text.lstrip("0") for atom in atoms if len(atom.text) >= _FIGURE_DIGITS)

    @cached_property
    def periods(self) -> frozenset[Period]:
        """The months that the texts name."""
        return frozenset(period for figures in self.figures for period in periods_in(figures.rest))

    @cached_property
    def refund(self) -> str | None:
        """The word by which the texts say that this is no payment of an invoice, if they do."""
        found = (_REFUND.search(figures.rest) for figures in self.figures)
        return next((match[0] for match in found if match), None)

    @cached_property
    def says_part(self) -> bool:
        return any(_PART.search(figures.rest) for figures in self.figures)

    @cached_property
    def says_credit(self) -> bool:
        return any(_CREDIT.search(figures.rest) for figures in self.figures)


def read(texts: Texts, chars_max: int) -> Reading:
    """The reading of these texts, kept where they were read lately."""
    short = sum(len(text) for text in texts if text) <= SHORT_CHARS
    return (_short if short else _long)(texts, chars_max)


_short = lru_cache(maxsize=_SHORT_KEPT)(Reading)
_long = lru_cache(maxsize=_LONG_KEPT)(Reading)
