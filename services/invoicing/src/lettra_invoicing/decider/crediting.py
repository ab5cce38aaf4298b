"""What a credit note says that takes back a part of an invoice with lines: its own lines, and their VAT. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from lettra_events.money import exponent_of
from lettra_events.service.rejection import Rejected
from lettra_invoicing.decider.contents import amounts_of_lines
from lettra_invoicing.documents.amounts import rounded, vat_within
from lettra_invoicing.documents.labels import LABELS
from lettra_invoicing.documents.model import Language
from lettra_invoicing.domain import Contact, CreditedLineAsked, Document, LineAsked, first_contact_id

VatKey = tuple[str, Decimal]
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Credited:
    """What is taken back. `vat_of_lines`: where VAT is computed within an amount; else it follows from the lines."""

    lines: tuple[LineAsked, ...]
    vat_of_lines: tuple[Decimal, ...]
    net: Decimal
    vat: Decimal

    @property
    def gross(self) -> Decimal:
        return self.net + self.vat


@dataclass(frozen=True, slots=True)
class Billed:
    """An invoice with lines, as it was issued."""

    content: Mapping[str, Any]

    @classmethod
    def of(cls, kept: bytes) -> Billed:
        """Of the content that is kept beside the history."""
        return cls(json.loads(kept))

    @property
    def number(self) -> str:
        return str(self.content["issued"]["document_number"])

    @property
    def currency(self) -> str:
        return str(self.content["issued"]["currency"])

    @property
    def addressee(self) -> Contact:
        """Where the invoice went: for a customer whose contact was erased since."""
        buyer = self.content["buyer"]
        address = {name: buyer[name] for name in ("street", "postal_code", "city")}
        return Contact(first_contact_id(buyer["customer_id"]), **address)

    @property
    def lines(self) -> tuple[LineAsked, ...]:
        return tuple(
            LineAsked.model_validate({name: value for name, value in line.items() if name != "net"})
            for line in self.content["lines"]
        )


def credit_lines(billed: Billed, asked: Sequence[CreditedLineAsked]) -> Credited:
    """These lines, each by so much of its quantity."""
    lines = billed.lines
    return _of_lines(tuple(_part_of(billed, lines, each) for each in asked), billed.currency)


def _part_of(billed: Billed, lines: Sequence[LineAsked], asked: CreditedLineAsked) -> LineAsked:
    if asked.line > len(lines):
        raise Rejected("unknown-line", f"{billed.number} has {len(lines)} lines", field="lines")
    line = lines[asked.line - 1]
    if asked.quantity is None or asked.quantity == line.quantity:
        return line
    if not line.quantity or not 0 < asked.quantity / line.quantity <= 1:
        raise Rejected(
            "quantity-exceeds-line",
            f"{asked.quantity} is not within the {line.quantity} of line {asked.line} of {billed.number}",
            field="lines",
        )
    discount = rounded(line.discount * asked.quantity / line.quantity, billed.currency)
    return line.model_copy(update={"quantity": asked.quantity, "discount": discount})


def _of_lines(lines: tuple[LineAsked, ...], currency: str) -> Credited:
    net, vat, _gross = amounts_of_lines(lines, currency)
    return Credited(lines, (), net, vat)


def credit_amount(billed: Billed, gross: Decimal) -> Credited:
    """So much with VAT included: the very lines for all of it, else each rate of VAT in proportion, a line each."""
    lines = billed.lines
    whole = _of_lines(lines, billed.currency)
    if gross == whole.gross:
        return whole
    shares = _shares(_gross_by_rate(lines, billed.currency), gross, billed.currency)
    made = [(_line(billed, key, net), vat) for key, net, vat in _within(shares, billed.currency)]
    vats = tuple(vat for _, vat in made)
    vat = sum(vats, ZERO)
    return Credited(tuple(line for line, _ in made), vats, gross - vat, vat)


def _gross_by_rate(lines: Sequence[LineAsked], currency: str) -> dict[VatKey, Decimal]:
    by_rate: dict[VatKey, list[LineAsked]] = {}
    for line in lines:
        by_rate.setdefault((line.vat_category, line.vat_rate), []).append(line)
    return {key: amounts_of_lines(tuple(found), currency)[2] for key, found in by_rate.items()}


def _shares(by_rate: Mapping[VatKey, Decimal], gross: Decimal, currency: str) -> dict[VatKey, Decimal]:
    """Rounded down, and what is left over to those that lost most by it: together exactly the amount."""
    unit = Decimal(1).scaleb(-exponent_of(currency))
    total = sum(by_rate.values(), ZERO)
    exact = {key: gross * of_rate / total for key, of_rate in by_rate.items()}
    shares = {key: share.quantize(unit, ROUND_FLOOR) for key, share in exact.items()}
    left = int((gross - sum(shares.values(), ZERO)) / unit)
    for key in sorted(exact, key=lambda key: (shares[key] - exact[key], key))[:left]:
        shares[key] += unit
    return shares


def _within(shares: Mapping[VatKey, Decimal], currency: str) -> list[tuple[VatKey, Decimal, Decimal]]:
    """Category and rate, net and VAT of each; what comes to nothing is left out."""
    found = []
    for key, share in shares.items():
        vat = vat_within(share, key[1], currency)
        found.append((key, share - vat, vat))
    return [(key, net, vat) for key, net, vat in found if net]


def _line(billed: Billed, key: VatKey, net: Decimal) -> LineAsked:
    category, rate = key
    language: Language = "en" if billed.content["buyer"]["language"] == "en" else "fr"
    reason = next((line.exemption_reason for line in billed.lines if line.vat_category == category), None)
    return LineAsked.model_validate(
        {
            "name": LABELS[language]["part_of"].format(number=billed.number),
            "quantity": -1 if net < 0 else 1,
            "price": abs(net),
            "vat_category": category,
            "vat_rate": rate,
            "exemption_reason": reason,
        }
    )


def vat_in_euros(billed: Billed, vat: Decimal) -> Decimal | None:
    """The VAT of a part in euros, at the rate of the invoice; None where the invoice is in euros."""
    whole, in_euros = Decimal(billed.content["issued"]["vat"]), billed.content["vat_in_euros"]
    if in_euros is None:
        return None
    return rounded(Decimal(in_euros) * vat / whole, "EUR") if whole else ZERO


def named_lines(
    document: Document, billed: Billed | None, asked: Sequence[CreditedLineAsked], amount: Decimal | None
) -> Credited | None:
    """The lines that were asked for, and come to the amount where one was given; None where none were."""
    if not asked:
        return None
    if billed is None:
        raise Rejected(
            "no-lines",
            f"{document.document_number} was not issued here with lines: give an amount in place of lines",
            field="lines",
        )
    credited = credit_lines(billed, asked)
    if amount not in (None, credited.gross):
        raise Rejected(
            "lines-do-not-add-up",
            f"the lines come to {credited.gross} {document.currency}, not to {amount}: give one of them",
            field="amount",
        )
    return credited
