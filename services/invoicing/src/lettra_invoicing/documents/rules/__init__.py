"""What must hold in an invoice document: every rule names itself, the field and what is wrong. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lettra_invoicing.documents.rules.broken import Broken, BrokenRules, Rule
from lettra_invoicing.documents.rules.mentions import MENTIONS
from lettra_invoicing.documents.rules.parties import PARTIES
from lettra_invoicing.documents.rules.sums import SUMS
from lettra_invoicing.documents.rules.vat import VAT

if TYPE_CHECKING:
    from lettra_invoicing.documents.model import InvoiceDocument

__all__ = ["Broken", "BrokenRules", "broken_rules"]

RULES: tuple[Rule, ...] = (*SUMS, *VAT, *PARTIES, *MENTIONS)


def broken_rules(document: InvoiceDocument) -> Iterator[Broken]:
    """Everything that is wrong with the document, in the order of the rules."""
    for rule in RULES:
        yield from rule(document)
