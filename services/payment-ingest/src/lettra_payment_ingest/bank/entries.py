"""From an entry and its details to transactions: the rules of splitting, of who the counterparty is, of names.

Every format reads its entries into these types, so that one movement is the same transaction in all of them.

**Splitting.** The entry's amount is what the bank booked; details only divide it.

- No detail, or one: one transaction of the entry's amount, whatever amount the detail carries (it may be in
  the payer's currency, or before charges).
- Several: each becomes a transaction if all of them have an amount in the entry's currency and these, each
  with its own direction (the entry's, where it has none), sum exactly to the entry; or if they do so net of
  their own charges, or by the other amounts (`TxAmt` beside `Amt` in CAMT).
- Otherwise the entry stays whole: one transaction of the entry's amount, with the facts on which all details
  agree and their texts (and references, where these differ) joined. Nothing is ever divided by guess.

**Counterparty.** The debtor of a credit, the creditor of a debit. In a reversal or a return the parties keep
the roles of the original payment, so it is the other one. Where the side so chosen is the account itself,
the other side is meant. Of a return whose chosen side is empty, the other side is taken.

**Names of transactions** (`entry_ref`). The bank's reference of the transaction (in CAMT `Refs/AcctSvcrRef`, else
`AcctSvcrTxId`); else the entry's (`AcctSvcrRef`). Where several transactions of one entry would bear the same,
`#n` is appended, n being the position in the entry. Else `digest-<hash>-<n>`: a hash of the content, n
counting the equal ones of the statement. `NtryRef` is not used: it numbers the lines of one statement, and
the same movement has another number in another file.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from itertools import zip_longest
from typing import Final

from lettra_payment_ingest.bank.exact import exact_sum, plain
from lettra_payment_ingest.bank.limits import Limits
from lettra_payment_ingest.bank.model import BOOKED, Direction, Message, Transaction

DIGEST_HEX_CHARS: Final = 20


@dataclass(frozen=True, slots=True)
class Side:
    """One end of the payment: a name and an account, either of which may be missing."""

    name: str | None = None
    account: str | None = None

    @property
    def empty(self) -> bool:
        return self.name is None and self.account is None


NOBODY: Final = Side()


@dataclass(frozen=True, slots=True)
class Detail:
    """What the bank says of one transaction of an entry (`TxDtls` in CAMT). `amounts`, `booked` and
    `charges` are by currency, the charges net of refunds; `booked` is another amount that it may have had in the entry,
    where the bank names two; `original` is what the payer sent, in whichever currency.
    """

    bank_ref: str | None = None
    end_to_end_id: str | None = None
    mandate_id: str | None = None
    amounts: dict[str, Decimal] | None = None
    booked: dict[str, Decimal] | None = None
    direction: Direction | None = None
    charges: dict[str, Decimal] | None = None
    debtor: Side = NOBODY
    creditor: Side = NOBODY
    structured_reference: str | None = None
    remittance: str | None = None
    additional: str | None = None
    return_reason: str | None = None
    bank_transaction_code: str | None = None
    original: tuple[Decimal, str] | None = None
    exchange_rate: str | None = None


NOTHING: Final = Detail()


@dataclass(frozen=True, slots=True)
class Entry:
    """The facts of an entry itself."""

    amount: Decimal
    currency: str
    direction: Direction
    reversal: bool
    status: str
    booking_date: date | None
    value_date: date | None
    bank_ref: str | None
    charges: dict[str, Decimal] | None
    bank_transaction_code: str | None
    additional: str | None
    original: tuple[Decimal, str] | None = None
    exchange_rate: str | None = None


@dataclass(slots=True)
class Naming:
    """The statement that transactions are named in: its identity, and the digests counted so far."""

    statement_id: str
    account: str
    message: Message = "statement"
    equals: Counter[int] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Part:
    """A share of an entry: what becomes one transaction."""

    detail: Detail
    amount: Decimal
    direction: Direction
    bank_ref: str | None


def transactions_of(
    limits: Limits, entry: Entry, details: list[Detail], announced: int | None, naming: Naming
) -> list[Transaction]:
    """The entry as transactions, split where that is certain (see the module's rules)."""
    parts = split(entry, details)
    if parts is not None:
        return [_transaction(entry, part, len(parts), naming, batch=True) for part in parts]
    detail = details[0] if details else NOTHING
    size = announced
    if len(details) > 1:
        detail, size = _common(details, limits.text_chars_max), max(announced or 0, len(details))
    if not (detail.remittance or detail.structured_reference or detail.additional):
        detail = replace(detail, additional=entry.additional)
    ref = (detail.bank_ref if len(details) == 1 else None) or entry.bank_ref
    return [_transaction(entry, Part(detail, entry.amount, entry.direction, ref), size, naming)]


def split(entry: Entry, details: list[Detail]) -> list[Part] | None:
    """The parts of a batch entry, or None where it has none or they do not sum to it exactly."""
    if len(details) < 2:
        return None
    gross = [(d.amounts or {}).get(entry.currency) for d in details]
    amounts = [amount for amount in gross if amount is not None]
    if len(amounts) < len(details):
        return None
    ways = [d.direction or entry.direction for d in details]
    others = [(d.booked or {}).get(entry.currency, a) for d, a in zip(details, amounts, strict=True)]
    for candidate in (amounts, _net_of_charges(entry, details, amounts, ways), others):
        signed = [
            a if way == entry.direction else a.copy_negate() for a, way in zip(candidate, ways, strict=True)
        ]
        if min(candidate) >= 0 and exact_sum(signed) == entry.amount:
            refs = _refs(entry, details)
            return [Part(*part) for part in zip(details, candidate, ways, refs, strict=True)]
    return None


def _net_of_charges(
    entry: Entry, details: list[Detail], amounts: list[Decimal], ways: list[Direction]
) -> list[Decimal]:
    """The amounts after the details' own charges: a payout of card payments is booked so. Charges always
    cost us.
    """
    net = []
    for detail, amount, way in zip(details, amounts, ways, strict=True):
        charge = (detail.charges or {}).get(entry.currency, Decimal(0))
        net.append(exact_sum((amount, charge if way == "debit" else charge.copy_negate())))
    return net


def _refs(entry: Entry, details: list[Detail]) -> list[str | None]:
    """The bank's reference of each part; where parts would share one, their position in the entry tells them
    apart.
    """
    refs = [d.bank_ref or entry.bank_ref for d in details]
    shared = Counter(refs)
    return [
        ref if ref is None or shared[ref] == 1 else f"{ref}#{position}"
        for position, ref in enumerate(refs, start=1)
    ]


def _common(details: list[Detail], text_chars_max: int) -> Detail:
    """What all the details agree on, and their different texts joined (all of them or, too long, none)."""
    first = details[0]
    agreed = {
        f.name: getattr(first, f.name)
        for f in fields(Detail)
        if all(getattr(d, f.name) == getattr(first, f.name) for d in details[1:])
    }
    # A reference that not all share is no reference of the whole, but still says what was paid.
    refs = [] if "structured_reference" in agreed else [d.structured_reference for d in details]
    words = [word for pair in zip_longest(refs, (d.remittance for d in details)) for word in pair if word]
    texts = " ".join(dict.fromkeys(words))
    agreed["remittance"] = texts if texts and len(texts) <= text_chars_max else None
    return Detail(**agreed)


def counterparty(entry: Entry, part: Part, account: str) -> Side:
    """The side of the payment that is not us (see the module's rules)."""
    detail = part.detail
    sides = (
        (detail.debtor, detail.creditor) if part.direction == "credit" else (detail.creditor, detail.debtor)
    )
    returned = entry.reversal or detail.return_reason is not None
    chosen, other = reversed(sides) if returned else sides
    if chosen.account == account and other.account != account and not other.empty:
        return other
    return other if returned and chosen.empty else chosen


def _transaction(
    entry: Entry, part: Part, batch_size: int | None, naming: Naming, batch: bool = False
) -> Transaction:
    detail = part.detail
    side = counterparty(entry, part, naming.account)
    # An entry's own charges are of the whole; a part of a batch is given only those that name it.
    charges = detail.charges if part.amount != entry.amount else detail.charges or entry.charges
    charge = (charges or {}).get(entry.currency)
    remittance = detail.remittance or (None if detail.structured_reference else detail.additional)
    original, rate = _exchanged(entry, part)
    digest = _digest(entry, part, side, remittance, naming.account)
    return Transaction(
        statement_id=naming.statement_id,
        account=naming.account,
        booking_date=entry.booking_date,
        value_date=entry.value_date,
        amount=part.amount,
        currency=entry.currency,
        direction=part.direction,
        reversal=entry.reversal,
        entry_ref=part.bank_ref or _counted(digest, entry, naming),
        end_to_end_id=detail.end_to_end_id,
        structured_reference=detail.structured_reference,
        remittance=remittance,
        counterparty_name=side.name,
        counterparty_iban=side.account,
        charges=charge if charge is not None and charge >= 0 else None,
        batch_size=batch_size,
        status=entry.status,
        return_reason=detail.return_reason,
        bank_transaction_code=detail.bank_transaction_code or entry.bank_transaction_code,
        mandate_id=detail.mandate_id,
        bank_ref=part.bank_ref,
        digest=digest,
        message=naming.message,
        original_amount=original[0] if original else None,
        original_currency=original[1] if original else None,
        exchange_rate=rate,
        batch_ref=entry.bank_ref if batch else None,
    )


def _exchanged(entry: Entry, part: Part) -> tuple[tuple[Decimal, str] | None, str | None]:
    """What was sent in another currency, and the rate; the entry's own are of the whole.

    Where the bank does not say what was instructed, the one amount that it names in another currency is meant.
    """
    whole = part.amount == entry.amount
    others = [
        (amount, code) for code, amount in (part.detail.amounts or {}).items() if code != entry.currency
    ]
    named = part.detail.original or (entry.original if whole else None)
    if named is not None and named[1] != entry.currency:
        original = named
    elif len(others) == 1:
        original = others[0]
    else:
        return None, None
    return original, part.detail.exchange_rate or (entry.exchange_rate if whole else None)


def _counted(digest: str, entry: Entry, naming: Naming) -> str:
    """The digest with its ordinal. Booked and announced ones are counted apart: the one will replace the
    other.
    """
    key = int(digest, 16) * 2 + (entry.status == BOOKED)  # a number, for there may be half a million of these
    naming.equals[key] += 1
    return f"digest-{digest}-{naming.equals[key]}"


def _digest(entry: Entry, part: Part, side: Side, remittance: str | None, account: str) -> str:
    """A hash of what a movement is, whichever file tells of it: nothing of the statement, and no way of
    writing.
    """
    detail = part.detail
    content = (
        account,
        entry.currency,
        str(entry.booking_date),
        str(entry.value_date),
        plain(part.amount),
        part.direction,
        str(entry.reversal),
        detail.end_to_end_id or "",
        detail.structured_reference or "",
        remittance or "",
        side.name or "",
        side.account or "",
        detail.mandate_id or "",
        detail.return_reason or "",
    )
    # No text of the file can hold the separator: white space is collapsed, and XML has no such control
    # character.
    return hashlib.sha256("\x1f".join(content).encode()).hexdigest()[:DIGEST_HEX_CHARS]
