"""The matching rules of a legal entity as people write them: by name, as text, where they differ from the defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from lettra_matching.engine.model import RuleName
from lettra_matching.engine.ruleset import ALL, Rules

DEFAULTS = Rules(version=0)


def _amount(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite() or not 0 <= value <= 1_000:
        raise ValueError("an amount from 0 to 1000")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError("a share from 0 to 1")
    return value


def _count(text: str) -> int:
    return int(text)


def _rules(text: str) -> frozenset[RuleName]:
    names = frozenset(text.replace(",", " ").split())
    unknown = sorted(names - ALL)
    if unknown:
        raise ValueError(f"there are no rules {', '.join(unknown)}; there are {', '.join(sorted(ALL))}")
    return cast("frozenset[RuleName]", names)


READERS: Mapping[str, Callable[[str], Any]] = {
    "on": _rules,
    "fee_tolerance": _amount,
    "rounding_tolerance": _amount,
    "name_threshold": _share,
    "name_margin": _share,
    "subset_items_max": _count,
    "chance_max": _share,
}
"""What an entity may set; bounds of work are not among it."""


def changed_rules(version: int, changes: Mapping[str, str]) -> Rules:
    """The defaults with these changes; `ValueError` names the first that cannot be."""
    values: dict[str, Any] = {}
    for name, text in sorted(changes.items()):
        reader = READERS.get(name)
        if reader is None:
            raise ValueError(f"{name}: there is no such rule; there are {', '.join(sorted(READERS))}")
        try:
            values[name] = reader(text)
        except (ValueError, InvalidOperation) as error:
            raise ValueError(f"{name}: {text!r} cannot be: {error}") from None
    try:
        return replace(DEFAULTS, version=version, **values)
    except ValueError as error:
        raise ValueError(str(error)) from None
