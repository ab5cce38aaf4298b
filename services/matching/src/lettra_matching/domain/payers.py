"""Who pays: by what each customer is known, and by which rules an entity matches. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from lettra_events.decisions.tables import Table


@dataclass(frozen=True)
class KnownPayer:
    """By what a customer is known when it pays.

    `learned_ibans`, `learned_aliases`: each `<date from which it serves> <payment that taught it> <IBAN or alias>`.

    `marks`: by what it is found: accounts, SIREN, VAT number, words of its names.
    """

    customer_id: str
    name: str
    siren: str | None
    vat_number: str | None
    ibans: tuple[str, ...]
    group_id: str | None
    learned_ibans: tuple[str, ...]
    learned_aliases: tuple[str, ...]
    marks: tuple[str, ...]


@dataclass(frozen=True)
class RulesOfEntity:
    """The matching rules of an entity, where they differ from the defaults: each `name=value`."""

    entity_id: str
    version: int
    changes: tuple[str, ...]


PAYERS: Table[KnownPayer] = Table(
    "payers",
    KnownPayer,
    key=("customer_id",),
    finds=("marks", "group_id"),
    guard=lambda key: f"payer:{key[0]}",
)
# Read without a lock: a decision beside a change is taken by the rules before or after it, and says by which.
RULES: Table[RulesOfEntity] = Table("rules", RulesOfEntity, key=("entity_id",))
