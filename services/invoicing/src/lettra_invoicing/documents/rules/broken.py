"""A rule, and what one says when it is broken. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lettra_invoicing.documents.codes import VatCategory

if TYPE_CHECKING:
    from lettra_invoicing.documents.model import InvoiceDocument


@dataclass(frozen=True)
class Broken:
    """A rule that does not hold; `rule` is its name in the standard or the article of the law."""

    field: str
    rule: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.field}: {self.sentence} ({self.rule})"


_SHOWN_MAX = 20


class BrokenRules(ValueError):
    """What is wrong with a document: `broken` has all of it, the sentence the first twenty."""

    def __init__(self, broken: Sequence[Broken]) -> None:
        self.broken = tuple(broken)
        more = len(self.broken) - _SHOWN_MAX
        tail = [f"and {more} more"] if more > 0 else []
        super().__init__("; ".join([str(it) for it in self.broken[:_SHOWN_MAX]] + tail))


def family(category: VatCategory) -> str:
    """How the rules of EN 16931 call a category: K is IC there, as in BR-IC-08."""
    return "IC" if category == "K" else category


Rule = Callable[["InvoiceDocument"], Iterator[Broken]]
