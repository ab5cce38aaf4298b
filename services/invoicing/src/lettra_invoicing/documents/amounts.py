"""How amounts of a document are rounded and added up. Pure.

The rule: a line is rounded once, to the currency's minor unit, half a unit away from zero; VAT is computed on the
sum of the lines of one category and rate, and rounded the same way, once. Everything else is exact sums.
A credit note of an amount with VAT included is the exception: its VAT is computed within that amount, rounded once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal

from lettra_events.money import exponent_of
from lettra_invoicing.documents.codes import VatCategory
from lettra_invoicing.documents.parts import ZERO, Deposit, Line, Totals, VatShare

VatKey = tuple[VatCategory, Decimal]


def rounded(amount: Decimal, currency: str) -> Decimal:
    """To the minor unit of the currency, half a unit away from zero; never -0."""
    return amount.quantize(Decimal(1).scaleb(-exponent_of(currency)), ROUND_HALF_UP) + 0


def line_net(quantity: Decimal, price: Decimal, discount: Decimal, currency: str) -> Decimal:
    """What a line comes to without VAT."""
    return rounded(quantity * price, currency) - discount


def vat_bases(lines: Iterable[Line]) -> dict[VatKey, Decimal]:
    """The sum of the lines for each category and rate, in the order of their first lines."""
    bases: dict[VatKey, Decimal] = {}
    for line in lines:
        key = (line.vat_category, line.vat_rate)
        bases[key] = bases.get(key, ZERO) + line.net
    return bases


def vat_of(base: Decimal, rate: Decimal, currency: str) -> Decimal:
    return rounded(base * rate / 100, currency)


def vat_within(gross: Decimal, rate: Decimal, currency: str) -> Decimal:
    """The VAT that an amount includes."""
    return rounded(gross * rate / (100 + rate), currency)


def vat_breakdown(
    lines: Iterable[Line],
    currency: str,
    reasons: Mapping[VatCategory, str] | None = None,
    amounts: Mapping[VatKey, Decimal] | None = None,
) -> tuple[VatShare, ...]:
    """The breakdown that fits the lines; `reasons` says for each category why no VAT is charged.

    `amounts`: what the VAT is, where it was computed within amounts that include it (a part of an invoice credited).
    """
    return tuple(
        VatShare(
            category=category,
            rate=rate,
            base=base,
            amount=vat_of(base, rate, currency) if amounts is None else amounts[category, rate],
            exemption_reason=(reasons or {}).get(category),
        )
        for (category, rate), base in vat_bases(lines).items()
    )


def add_up(
    breakdown: Iterable[VatShare], deposits: Iterable[Deposit] = (), vat_in_euros: Decimal | None = None
) -> Totals:
    """The totals that fit a breakdown and the deposits to deduct."""
    shares = tuple(breakdown)
    net = sum((share.base for share in shares), ZERO)
    vat = sum((share.amount for share in shares), ZERO)
    prepaid = sum((deposit.gross for deposit in deposits), ZERO)
    return Totals(
        lines=net,
        net=net,
        vat=vat,
        gross=net + vat,
        prepaid=prepaid,
        due=net + vat - prepaid,
        vat_in_euros=vat_in_euros,
    )
