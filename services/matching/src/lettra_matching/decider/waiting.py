"""What a payment is looked at again for: index keys of items, of payers and of customers. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from lettra_matching.candidates import in_entity
from lettra_matching.domain import Payment
from lettra_matching.engine.keys import amount_key, name_search_keys
from lettra_matching.engine.model import Decision

_OF_PAYERS = ("iban:", "siren:", "alias:", "name:")
OF_A_CUSTOMER = "customer:"
"""A payment that waits for `customer:<id>` is looked at again when something of that customer's moves."""


def waiting(payment: Payment, decision: Decision) -> tuple[str, ...]:
    """Items by their marks, payers by theirs, and what moves of the customers whose it may be.

    Money of nobody waits also for an item of its amount and for a payer of a name like its own.
    """
    return tuple(dict.fromkeys(_keys(payment, decision)))


def _keys(payment: Payment, decision: Decision) -> Iterator[str]:
    for key in decision.waits_for:
        yield key if key.startswith(_OF_PAYERS) else in_entity(payment.entity_id, key)
    customers = {one.customer_id for one in decision.may_be}
    customers |= {line.item.customer_id for line in decision.lines}
    customers |= {payment.assigned_to or decision.rest_customer_id or ""} - {""}
    yield from (f"{OF_A_CUSTOMER}{customer}" for customer in sorted(customers))
    if payment.assigned_to is None and decision.rest_customer_id is None and decision.outcome != "applied":
        amount = payment.available or payment.announced
        yield in_entity(payment.entity_id, amount_key(payment.currency, amount))
        yield from name_search_keys(payment.counterparty_name or "")
