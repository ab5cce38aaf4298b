"""Rule 1: a valid structured reference (ISO 11649) of an item."""

from __future__ import annotations

from lettra_matching.engine.case import Case, Finding
from lettra_matching.engine.designated import Designation, settle
from lettra_matching.engine.model import RuleName
from lettra_matching.engine.numbers import STRONG

RULE: RuleName = "structured_reference"


def find(case: Case) -> Finding | None:
    """The items whose references stand in the texts; numbers of further items are left to rule 3."""
    if not case.referenced:
        return None
    known = {named.item.item_id for named in case.referenced}
    further = any(
        mentioned.strength >= STRONG and not any(n.item.item_id in known for n in mentioned.candidates)
        for mentioned in case.meant.mentioned
    )
    return settle(case, Designation(RULE, case.referenced, ()), exact_only=further)
