"""Rule 4: who pays. An IBAN known from confirmed matches, a SIREN in the text, then the name, with a margin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from lettra_matching.engine.candidates import Candidates
from lettra_matching.engine.keys import alias_key, iban_key, name_search_keys, payer_search_keys, siren_key
from lettra_matching.engine.model import Incoming, Payer
from lettra_matching.engine.names import likeness, name_keys, same_name, whole_name, words_of
from lettra_matching.engine.ruleset import Rules
from lettra_matching.engine.text import fold, plain

_ON_BEHALF = re.compile(
    r"(?<![A-Z0-9])(?:P[/ ]C|O[/ ]B|B/O|POUR (?:LE )?COMPTE D[EU]S?|D'ORDRE DE|ON BEHALF OF|FOR (?:THE )?ACCOUNT OF"
    r"|IM AUFTRAG(?: VON)?|PER CONTO DI|POR CUENTA DE|NAMENS|FUE?R|POUR|FOR|VOOR)[ :]+([^\n|]{3,140})"
)
_TEXT_CHARS = 140
_TEXT_WORDS = 16
_NAME_LETTERS_MIN = 6
_RIVAL = 0.7
"""So like is every name that holds all words of the other."""


@dataclass(frozen=True, slots=True)
class Who:
    """Who pays: `customers` are meant, `family` are those for whom they may pay as well (their groups, themselves
    included). No customers: nobody knows.
    """

    customers: tuple[Payer, ...]
    family: tuple[Payer, ...]
    evidence: str

    def __bool__(self) -> bool:
        return bool(self.customers)

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(payer.customer_id for payer in self.customers)

    @property
    def family_ids(self) -> frozenset[str]:
        return frozenset(payer.customer_id for payer in self.family)

    @property
    def only(self) -> str | None:
        """The customer, if there is no other."""
        return self.customers[0].customer_id if len(self.customers) == 1 else None


NOBODY = Who((), (), "nothing says who pays")


def on_behalf_of(text: str) -> str | None:
    """The name behind `pour le compte de` or its like in a folded text."""
    found = _ON_BEHALF.search(text)
    return found[1].strip() or None if found else None


def who_pays(payment: Incoming, sirens: tuple[str, ...], candidates: Candidates, rules: Rules) -> Who:
    """Who pays, by the first of the facts that says it; `NOBODY` where none does or two customers tie.

    A name on whose behalf somebody else pays counts before that one's own account and name.
    """
    behalf = on_behalf_of(fold(payment.remittance[:_TEXT_CHARS])) if payment.remittance else None
    if behalf is not None:
        meant = replace(payment, counterparty_iban=None, counterparty_name=behalf)
        found = _by_facts(meant, sirens, candidates, rules)
        if found:
            return found
    return _by_facts(payment, sirens, candidates, rules)


def _by_facts(payment: Incoming, sirens: tuple[str, ...], candidates: Candidates, rules: Rules) -> Who:
    keys = payer_search_keys(payment, sirens)
    found = candidates.payers(keys) if keys else {}
    for customers, evidence in (
        _by_iban(payment, found),
        _by_siren(sirens, found),
        _by_same_name(payment, found),
        _by_alias(payment, found, candidates, rules),
    ):
        if 0 < len(customers) <= rules.payers_max:
            narrowed = _narrowed(payment, customers, rules)
            return Who(tuple(narrowed), _family(customers, candidates), evidence)
    if payment.counterparty_name:
        return _by_likeness(payment, candidates, rules)
    return _by_text(payment, candidates)


def _by_iban(payment: Incoming, found: Mapping[str, Sequence[Payer]]) -> tuple[list[Payer], str]:
    if not payment.counterparty_iban:
        return [], ""
    iban = plain(payment.counterparty_iban)
    serving = (p for p in found.get(iban_key(iban), ()) if _serves_iban(p, iban, payment.booking_date))
    payers = sorted(serving, key=lambda payer: payer.customer_id)
    return payers, f"the IBAN {iban} is known of {_names(payers)}"


def _serves_iban(payer: Payer, iban: str, day: date) -> bool:
    return any(plain(k.iban) == iban and (k.serves_from is None or k.serves_from <= day) for k in payer.ibans)


def _by_siren(sirens: tuple[str, ...], found: Mapping[str, Sequence[Payer]]) -> tuple[list[Payer], str]:
    payers = {p.customer_id: p for siren in sirens for p in found.get(siren_key(siren), ())}
    ordered = [payers[each] for each in sorted(payers)]
    return ordered, f"the SIREN or VAT number in the text is that of {_names(ordered)}"


def _by_same_name(payment: Incoming, found: Mapping[str, Sequence[Payer]]) -> tuple[list[Payer], str]:
    """The one customer of this name; of several, the one who has it with the same legal form and order."""
    name = payment.counterparty_name
    if not name:
        return [], ""
    payers = [p for p in found.get(alias_key(name), ()) if same_name(p.name) == same_name(name)]
    if len(payers) > 1:
        payers = [p for p in payers if whole_name(p.name) == whole_name(name)]
    return payers if len(
        payers
    ) == 1 else [], f"the payer's name {name.strip()!r} is that of {_names(payers)}"


def _by_alias(
    payment: Incoming, found: Mapping[str, Sequence[Payer]], candidates: Candidates, rules: Rules
) -> tuple[list[Payer], str]:
    """The one customer who paid under this name before, unless it is as much like another's own name."""
    name = payment.counterparty_name
    if not name:
        return [], ""
    payers = [
        p for p in found.get(alias_key(name), ()) if _has_alias(p, same_name(name), payment.booking_date)
    ]
    if len(payers) != 1:
        return [], ""
    others = candidates.payers(name_search_keys(name)).values()
    rivals = (p for each in others for p in each if p.customer_id != payers[0].customer_id)
    if any(likeness(name, rival.name) >= _RIVAL for rival in rivals):
        return [], ""
    return payers, f"under the name {name.strip()!r} {_names(payers)} has paid before"


def _has_alias(payer: Payer, name: str, day: date) -> bool:
    return any(
        same_name(k.name) == name and (k.serves_from is None or k.serves_from <= day) for k in payer.aliases
    )


def _narrowed(payment: Incoming, customers: list[Payer], rules: Rules) -> list[Payer]:
    """Of several customers of one IBAN, the one whose name stands on the payment, if one alone does."""
    if len(customers) == 1 or not payment.counterparty_name:
        return customers
    best = _best_by_name(payment.counterparty_name, customers, rules)
    return [best] if best is not None else customers


def _family(customers: Iterable[Payer], candidates: Candidates) -> tuple[Payer, ...]:
    known = {payer.customer_id: payer for payer in customers}
    groups = {payer.group_id for payer in known.values() if payer.group_id is not None}
    if groups:
        known |= {payer.customer_id: payer for payer in candidates.group_members(groups)}
    return tuple(known[each] for each in sorted(known))


def _by_likeness(payment: Incoming, candidates: Candidates, rules: Rules) -> Who:
    name = payment.counterparty_name
    keys = name_search_keys(name) if name else ()
    if not name or not keys:
        return NOBODY
    payers = {p.customer_id: p for found in candidates.payers(keys).values() for p in found}
    best = _best_by_name(name, payers.values(), rules)
    if best is None:
        return NOBODY
    return Who(
        (best,),
        _family([best], candidates),
        f"the payer's name {name.strip()!r} is most like {_names([best])}",
    )


def _by_text(payment: Incoming, candidates: Candidates) -> Who:
    """Where the bank gives no name: the one customer all of whose name stands in the text."""
    if payment.counterparty_iban or not payment.remittance:
        return NOBODY
    words = words_of(fold(payment.remittance[:_TEXT_CHARS]))[:_TEXT_WORDS]
    keys = [f"name:{key}" for key in name_keys(" ".join(word for word in words if word.isalpha()))]
    payers = {p.customer_id: p for found in candidates.payers(keys).values() for p in found}
    named = [payer for payer in payers.values() if _stands_in(payer.name, words)]
    longest = max((len("".join(words_of(payer.name))) for payer in named), default=0)
    best = [payer for payer in named if len("".join(words_of(payer.name))) == longest]
    if len(best) != 1 or longest < _NAME_LETTERS_MIN:
        return NOBODY
    return Who(tuple(best), _family(best, candidates), f"the text bears the name of {_names(best)}")


def _stands_in(name: str, words: Sequence[str]) -> bool:
    return all(word in words for word in words_of(name))


def _best_by_name(name: str, payers: Iterable[Payer], rules: Rules) -> Payer | None:
    """The payer whose name is like enough, and ahead of every other by the margin; a tie abstains."""
    ranked = sorted(((likeness(name, p.name), p.customer_id, p) for p in payers), key=lambda r: (-r[0], r[1]))
    if not ranked or ranked[0][0] < rules.name_threshold:
        return None
    if len(ranked) > 1 and ranked[0][0] - ranked[1][0] < rules.name_margin:
        return None
    return ranked[0][2]


def _likeness(name: str, payer: Payer, day: date) -> float:
    aliases = [k.name for k in payer.aliases if k.serves_from is None or k.serves_from <= day]
    return max(likeness(name, each) for each in (payer.name, *aliases))


def resembles(payment: Incoming, payer: Payer) -> float:
    """0 to 1: how far the name on the payment can be this customer's; 0 without a name."""
    return (
        _likeness(payment.counterparty_name, payer, payment.booking_date)
        if payment.counterparty_name
        else 0.0
    )


def _names(payers: Sequence[Payer]) -> str:
    shown = ", ".join(f"{payer.name} ({payer.customer_id})" for payer in payers[:5])
    return f"{shown} and {len(payers) - 5} more" if len(payers) > 5 else shown
