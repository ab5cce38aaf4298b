"""Rule 3: document numbers in the texts, in whatever way they are written."""

from __future__ import annotations

from lettra_matching.engine.case import Case, Finding
from lettra_matching.engine.designated import Designation, settle
from lettra_matching.engine.designating import Named
from lettra_matching.engine.model import RuleName
from lettra_matching.engine.numbers import STRONG

RULE: RuleName = "document_number"


def find(case: Case) -> Finding | None:
    """The items whose numbers, or references, stand in the texts."""
    if not case.found:
        return None
    named: dict[str, Named] = {each.item.item_id: each for each in case.referenced}
    loose = []
    for mentioned in case.meant.mentioned:
        only = mentioned.only
        if only is not None and mentioned.strength >= STRONG:
            known = named.get(only.item.item_id)
            if known is None or known.strength < only.strength:
                named[only.item.item_id] = only
        else:
            loose.append(mentioned)
    between = {n.item.item_id: n for m in case.meant.mentioned for n in m.between}
    optional = tuple(n for each, n in sorted(between.items()) if each not in named)
    return settle(case, Designation(RULE, tuple(named.values()), tuple(loose), optional))
