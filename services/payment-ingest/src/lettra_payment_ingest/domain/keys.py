"""What entries of an account are found by, when one message tells of what another one told: keys, as short hashes.

A credit is looked for by the bank's reference, by the payer's, by everything that its texts say, and by amount and
day alone; the parts of a batch by the reference of their entry. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Protocol

from lettra_payment_ingest.bank.exact import plain

KEPT_MAX, PARTS_KEPT_MAX = 8, 1_000
"""Of one key, and of the parts of a batch; what bears the same key more often is not told apart by it."""
_DIGEST = "digest-"


class Entry(Protocol):
    """The facts that keys are made of: of a transaction of a file, or of an event."""

    @property
    def entry_ref(self) -> str: ...
    @property
    def amount(self) -> Decimal: ...
    @property
    def booking_date(self) -> date | None: ...
    @property
    def value_date(self) -> date | None: ...
    @property
    def end_to_end_id(self) -> str | None: ...
    @property
    def structured_reference(self) -> str | None: ...
    @property
    def remittance(self) -> str | None: ...
    @property
    def counterparty_name(self) -> str | None: ...
    @property
    def counterparty_iban(self) -> str | None: ...
    @property
    def mandate_id(self) -> str | None: ...


def bank_reference(entry_ref: str) -> str | None:
    """The bank's own reference; None where it gave none, and a digest stands in its place."""
    return None if entry_ref.startswith(_DIGEST) else entry_ref


def by_reference(reference: str) -> str:
    """The bank's reference."""
    return _key("ref", reference)


def by_end_to_end(end_to_end_id: str) -> str:
    """The payer's reference."""
    return _key("e2e", end_to_end_id)


def by_mandate(mandate_id: str, amount: Decimal) -> str:
    """The mandate of a direct debit, and how much was collected by it."""
    return _key("mandate", mandate_id, plain(amount))


def by_batch(reference: str) -> str:
    """The reference of an entry that holds several transactions."""
    return _key("batch", reference)


def kept_max(key: str) -> int:
    """How many of each are kept of a key."""
    return PARTS_KEPT_MAX if key.startswith("batch:") else KEPT_MAX


def of_announced(entry: Entry) -> Iterator[str]:
    """The keys by which an announcement and the booked entry that replaces it find each other, the strongest first."""
    amount = plain(entry.amount)
    reference = bank_reference(entry.entry_ref)
    if reference is not None:
        yield _key("ref=", reference, amount)
    if entry.end_to_end_id is not None:
        yield _key("e2e=", entry.end_to_end_id, amount)
    texts = (entry.structured_reference, entry.remittance, entry.counterparty_name, entry.counterparty_iban)
    if any(texts):
        yield _key("text=", amount, *(text or "" for text in texts))
    yield by_amount(entry)


def by_amount(entry: Entry) -> str:
    """Amount and day alone, which designate an entry only where nothing else bears them."""
    return _key("sum=", plain(entry.amount), str(entry.value_date or entry.booking_date))


def of_received(entry: Entry, is_batch: bool) -> Iterator[str]:
    """The keys by which what came back later finds the payment, and details the batch."""
    reference = bank_reference(entry.entry_ref)
    if reference is not None:
        yield by_reference(reference)
        if is_batch:
            yield by_batch(reference)
    if entry.end_to_end_id is not None:
        yield by_end_to_end(entry.end_to_end_id)
    if entry.mandate_id is not None:
        yield by_mandate(entry.mandate_id, entry.amount)


def _key(kind: str, *words: str) -> str:
    hashed = hashlib.sha256("\x1f".join(words).encode()).hexdigest()[:32]
    return f"{kind}:{hashed}"
