"""The rules, in the order in which they are tried. Each module has a `RULE` name and `find(case)`."""

from __future__ import annotations

from collections.abc import Callable

from lettra_matching.engine.case import Case, Finding
from lettra_matching.engine.model import RuleName
from lettra_matching.engine.rules import (
    document_number,
    exact_amount,
    legal_imputation,
    natural_group,
    remittance_advice,
    structured_reference,
    unique_sum,
)

IN_ORDER: tuple[tuple[RuleName, Callable[[Case], Finding | None]], ...] = (
    (structured_reference.RULE, structured_reference.find),
    (remittance_advice.RULE, remittance_advice.find),
    (document_number.RULE, document_number.find),
    (exact_amount.RULE, exact_amount.find),
    (natural_group.RULE, natural_group.find),
    (unique_sum.RULE, unique_sum.find),
    (legal_imputation.RULE, legal_imputation.find),
)
"""Rule 4, who pays, is asked by the others (`engine.who`); rule 8, what may be less, is in `engine.settling`."""
