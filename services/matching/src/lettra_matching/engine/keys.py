"""The index keys by which items and payers are found: no payment looks at all items, or at all customers.

An item always bears its strong keys; the others only while something of it is open. A payer bears a key for each
fact that tells who pays.
"""

from __future__ import annotations

from decimal import Decimal

from lettra_matching.engine.model import Incoming, Item, Payer
from lettra_matching.engine.names import name_keys, same_name
from lettra_matching.engine.numbers import anatomy
from lettra_matching.engine.text import canonical, plain

SERIAL_CHARS_MAX = 20


def strong_keys(item: Item) -> tuple[str, ...]:
    """The whole number and the reference: they point to an item even when it is settled."""
    reference = (reference_key(item.payment_reference),) if item.payment_reference else ()
    return (number_key(canonical(item.document_number)), *reference)


def is_strong(key: str) -> bool:
    """Whether it is a key of the whole number or of the reference."""
    return key.startswith(("num:", "ref:"))


def open_keys(item: Item) -> tuple[str, ...]:
    """What points to an item only while it is open: its serial number, and what would settle it exactly."""
    serial = serial_key(anatomy(item.document_number).bare)
    if item.kind == "credit_note":
        return (serial,)
    amounts = dict.fromkeys([item.open, item.open - item.discount_amount])
    return (serial, *(amount_key(item.currency, amount) for amount in amounts if amount > 0))


def item_keys(item: Item) -> tuple[str, ...]:
    """All keys of an item as it is now."""
    return (*strong_keys(item), *open_keys(item)) if item.open > 0 else strong_keys(item)


def number_key(canonical_number: str) -> str:
    return f"num:{canonical_number}"


def reference_key(reference: str) -> str:
    return f"ref:{plain(reference)}"


def serial_key(bare: str) -> str:
    """Of a serial number without leading zeros."""
    return f"ser:{bare}"


def amount_key(currency: str, amount: Decimal) -> str:
    return f"amt:{currency}:{amount.normalize():f}"


def iban_key(iban: str) -> str:
    return f"iban:{plain(iban)}"


def siren_key(siren: str) -> str:
    return f"siren:{siren}"


def alias_key(name: str) -> str:
    return f"alias:{same_name(name)}"


def payer_keys(payer: Payer) -> tuple[str, ...]:
    """All keys of a customer as who pays."""
    keys = [iban_key(known.iban) for known in payer.ibans]
    keys += [siren_key(siren) for siren in _sirens(payer)]
    keys += [alias_key(known.name) for known in payer.aliases]
    keys += [alias_key(payer.name), *(f"name:{key}" for key in name_keys(payer.name))]
    return tuple(dict.fromkeys(keys))


def _sirens(payer: Payer) -> list[str]:
    """A French VAT number ends with the SIREN."""
    sirens = [plain(payer.siren)] if payer.siren else []
    vat = plain(payer.vat_number) if payer.vat_number else ""
    return [*sirens, vat[4:]] if vat.startswith("FR") and len(vat) == 13 else sirens


def name_search_keys(name: str) -> tuple[str, ...]:
    """By which customers with a name like this one are found."""
    return tuple(f"name:{key}" for key in name_keys(name))


def payer_search_keys(payment: Incoming, sirens: tuple[str, ...]) -> tuple[str, ...]:
    """What of a payment tells who pays without any doubt about spelling."""
    keys = [iban_key(payment.counterparty_iban)] if payment.counterparty_iban else []
    keys += [siren_key(siren) for siren in sirens]
    if payment.counterparty_name and same_name(payment.counterparty_name):
        keys.append(alias_key(payment.counterparty_name))
    return tuple(dict.fromkeys(keys))
