"""What a confirmed match teaches of who pays: IBANs and names, serving from the day after."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta

from lettra_matching.engine.model import Decision, Incoming, KnownAlias, KnownIban, Payer, RuleName
from lettra_matching.engine.names import same_name
from lettra_matching.engine.text import plain

TEACHING: frozenset[RuleName] = frozenset({"structured_reference", "remittance_advice", "document_number"})
"""Rules that do not need to know who pays: the others would only teach what they were told."""
IBANS_MAX = 50
_CUSTOMERS_MAX = 5
"""Who pays for more customers at once is an agent, and says little of any of them."""


@dataclass(frozen=True, slots=True)
class Learned:
    """This customer is paid for from this IBAN, under this name, from `serves_from` on."""

    customer_id: str
    iban: str | None
    name: str | None
    serves_from: date


def learned(payment: Incoming, decision: Decision) -> tuple[Learned, ...]:
    """What an automatic match teaches: only where the payment itself designated what it paid."""
    if decision.outcome != "applied" or decision.rule not in TEACHING:
        return ()
    return learned_from(payment, {line.item.customer_id for line in decision.lines})


def learned_from(payment: Incoming, customer_ids: Collection[str]) -> tuple[Learned, ...]:
    """What a match that a person confirmed teaches."""
    iban = plain(payment.counterparty_iban) if payment.counterparty_iban else None
    name = (
        payment.counterparty_name
        if payment.counterparty_name and same_name(payment.counterparty_name)
        else None
    )
    if (iban is None and name is None) or len(set(customer_ids)) > _CUSTOMERS_MAX:
        return ()
    tomorrow = payment.booking_date + timedelta(days=1)
    return tuple(Learned(customer, iban, name, tomorrow) for customer in sorted(set(customer_ids)))


def taught(payer: Payer, lesson: Learned) -> Payer:
    """The customer with what was learned; what was known before stays as it was."""
    ibans, aliases = payer.ibans, payer.aliases
    if lesson.iban and len(ibans) < IBANS_MAX and all(plain(known.iban) != lesson.iban for known in ibans):
        ibans = (*ibans, KnownIban(lesson.iban, lesson.serves_from))
    known_names = {same_name(payer.name), *(same_name(known.name) for known in aliases)}
    if lesson.name and len(aliases) < IBANS_MAX and same_name(lesson.name) not in known_names:
        aliases = (*aliases, KnownAlias(lesson.name, lesson.serves_from))
    return replace(payer, ibans=ibans, aliases=aliases)
