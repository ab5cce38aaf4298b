"""What the engine decides on, and what it decides: frozen values. Amounts are exact, in the currency that is named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

ZERO = Decimal(0)

Kind = Literal["invoice", "credit_note"]
Outcome = Literal["applied", "proposed", "held"]
WriteOff = Literal["early_payment_discount", "bank_fees", "rounding"]
RuleName = Literal[
    "structured_reference",
    "remittance_advice",
    "document_number",
    "exact_amount",
    "natural_group",
    "unique_sum",
    "legal_imputation",
    "none",
]
"""Which rule found what is applied or proposed; `none` where nothing was found."""


@dataclass(frozen=True, slots=True)
class AdviceLine:
    """A line of a remittance advice: a document and what is paid of it; negative for a credit note."""

    document_number: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Incoming:
    """Money to be matched: `amount` is what settles no item yet, more than zero.

    `entity_id` None: the receiving account says nothing of the legal entity, so items of any may be meant.
    `in_hand`: a person took it away from something, so nothing is applied, only proposed.
    """

    payment_id: str
    entity_id: str | None
    booking_date: date
    value_date: date | None
    currency: str
    amount: Decimal
    counterparty_name: str | None = None
    counterparty_iban: str | None = None
    structured_reference: str | None = None
    remittance: str | None = None
    end_to_end_id: str | None = None
    advice: tuple[AdviceLine, ...] = ()
    in_hand: bool = False

    def __post_init__(self) -> None:
        if self.amount <= 0:
            raise ValueError(f"payment {self.payment_id}: {self.amount} is nothing to be matched")

    @property
    def day(self) -> date:
        """The day on which the money counts."""
        return self.value_date or self.booking_date


@dataclass(frozen=True, slots=True)
class Item:
    """An invoice or a credit note; `open` is what is left of it, 0 when it is settled. Amounts are positive.

    `disputed`: how much of it the customer contests. `discount_amount` may be kept back by who pays the whole of
    it by `discount_until` (value date).
    """

    customer_id: str
    item_id: str
    entity_id: str
    kind: Kind
    document_number: str
    issue_date: date
    due_date: date
    currency: str
    amount: Decimal
    open: Decimal
    disputed: Decimal = ZERO
    payment_reference: str | None = None
    discount_amount: Decimal = ZERO
    discount_until: date | None = None

    @property
    def signed(self) -> Decimal:
        """What it adds to a sum: a credit note takes away."""
        return self.open if self.kind == "invoice" else -self.open

    @property
    def expected(self) -> Decimal:
        """What is open without what is disputed: its customer is not expected to pay that."""
        return max(self.open - self.disputed, ZERO)

    def discount_on(self, day: date) -> Decimal:
        """The discount that may be kept back on this day; none once a part of the item is paid."""
        if self.kind != "invoice" or self.discount_until is None or day > self.discount_until:
            return ZERO
        return self.discount_amount if self.open == self.amount and self.discount_amount < self.open else ZERO


@dataclass(frozen=True, slots=True)
class KnownIban:
    """An IBAN from which a customer pays, and the date from which that serves (None: always)."""

    iban: str
    serves_from: date | None = None


@dataclass(frozen=True, slots=True)
class Payer:
    """A customer, as far as it tells who pays. `group_id`: customers of one group pay for one another."""

    customer_id: str
    name: str
    aliases: tuple[KnownAlias, ...] = ()
    siren: str | None = None
    vat_number: str | None = None
    ibans: tuple[KnownIban, ...] = ()
    group_id: str | None = None


@dataclass(frozen=True, slots=True)
class KnownAlias:
    """Another name under which a customer pays, and the date from which that serves (None: always)."""

    name: str
    serves_from: date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """An item and what is settled of it: `settled` = `cash` + `write_off`.

    A credit note gives its amount to the invoices: `settled` is positive and `cash` is as much below zero.
    `fees`: how much of a `write_off` of another type is bank fees, where both were kept back of the same item.
    """

    item: Item
    settled: Decimal
    cash: Decimal
    write_off: Decimal = ZERO
    write_off_type: WriteOff | None = None
    fees: Decimal = ZERO

    def __post_init__(self) -> None:
        name = self.item.document_number
        if not 0 < self.settled <= self.item.open:
            raise ValueError(f"{name}: {self.settled} cannot be settled of {self.item.open} open")
        paid = self.cash if self.item.kind == "invoice" else -self.cash
        if paid < 0 or self.write_off < 0 or paid + self.write_off != self.settled:
            raise ValueError(
                f"{name}: {self.settled} is not {self.cash} in cash and {self.write_off} written off"
            )
        if (self.write_off > 0) != (self.write_off_type is not None):
            raise ValueError(f"{name}: a write-off of {self.write_off} of type {self.write_off_type}")
        if self.fees and not (0 < self.fees < self.write_off and self.write_off_type != "bank_fees"):
            raise ValueError(f"{name}: {self.fees} of fees in {self.write_off} of type {self.write_off_type}")


@dataclass(frozen=True, slots=True)
class MayBe:
    """A customer who may have paid, so that no reminder goes out before somebody has looked; and why."""

    customer_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a payment. The cash of the lines and the rest are the amount, always.

    applied: the lines are settled. proposed: a person confirms or refuses the lines; until then all of it is
    `rest_customer_id`'s unapplied money, or nobody's. held: there is no line, all of it is rest.
    `solutions`: how many answers the deciding rule found; more than one is never applied.
    `waits_for`: index keys (`engine.keys`); when one arrives, the payment is worth another look.
    """

    payment_id: str
    amount: Decimal
    outcome: Outcome
    rule: RuleName
    lines: tuple[Line, ...]
    rest: Decimal
    rest_customer_id: str | None
    evidence: tuple[str, ...]
    confidence: Decimal
    solutions: int
    rules_version: int
    may_be: tuple[MayBe, ...] = ()
    waits_for: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if sum((line.cash for line in self.lines), ZERO) + self.rest != self.amount or self.rest < 0:
            raise ValueError(
                f"payment {self.payment_id}: {self.amount} is not what its lines and rest add up to"
            )
        if (self.outcome == "held") == bool(self.lines):
            raise ValueError(f"payment {self.payment_id}: {self.outcome} with {len(self.lines)} lines")
        if self.outcome == "applied" and self.solutions != 1:
            raise ValueError(f"payment {self.payment_id}: {self.solutions} solutions, and applied")
        if len({line.item.item_id for line in self.lines}) != len(self.lines):
            raise ValueError(f"payment {self.payment_id}: an item in two lines")
        if not 0 <= self.confidence <= 1 or not self.evidence:
            raise ValueError(f"payment {self.payment_id}: a decision says how sure it is, and why")
