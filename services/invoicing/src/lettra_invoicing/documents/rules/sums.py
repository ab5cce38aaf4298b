"""Amounts add up exactly, by the rounding that `amounts` states. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from lettra_events.money import exponent_of
from lettra_invoicing.documents.amounts import line_net, vat_bases, vat_of
from lettra_invoicing.documents.parts import ZERO
from lettra_invoicing.documents.rules.broken import Broken, Rule, family

if TYPE_CHECKING:
    from lettra_invoicing.documents.model import InvoiceDocument

# EN 16931 writes two decimals at most.
_DECIMALS_MAX = 2


def _amounts(document: InvoiceDocument) -> Iterator[tuple[str, Decimal]]:
    """Every amount of money, with the name of its field."""
    for i, line in enumerate(document.lines):
        yield f"lines[{i}].net", line.net
        yield f"lines[{i}].discount", line.discount
    for i, share in enumerate(document.vat_breakdown):
        yield f"vat_breakdown[{i}].base", share.base
        yield f"vat_breakdown[{i}].amount", share.amount
    for i, deposit in enumerate(document.deposits):
        for name in ("net", "vat", "gross"):
            yield f"deposits[{i}].{name}", getattr(deposit, name)
    for i, instalment in enumerate(document.instalments):
        yield f"instalments[{i}].amount", instalment.amount
    for name in ("lines", "net", "vat", "gross", "prepaid", "due"):
        yield f"totals.{name}", getattr(document.totals, name)


def whole_minor_units(document: InvoiceDocument) -> Iterator[Broken]:
    decimals = exponent_of(document.currency)
    if decimals > _DECIMALS_MAX:
        sentence = f"{document.currency} has {decimals} decimals, and an electronic invoice has two at most"
        yield Broken("currency", "BR-DEC-12", sentence)
        return
    for field, amount in _amounts(document):
        if amount != round(amount, decimals):
            sentence = f"{amount} has more decimals than the currency {document.currency}"
            yield Broken(field, "BR-DEC", sentence)
    in_euros = document.totals.vat_in_euros
    if in_euros is not None and in_euros != round(in_euros, 2):
        yield Broken("totals.vat_in_euros", "BR-DEC-15", f"{in_euros} has more than two decimals")


def lines_are_computed(document: InvoiceDocument) -> Iterator[Broken]:
    for i, line in enumerate(document.lines):
        expected = line_net(line.quantity, line.price, line.discount, document.currency)
        if line.net != expected:
            sentence = f"{line.net} is not quantity x price, rounded, less the discount: {expected}"
            yield Broken(f"lines[{i}].net", "BT-131", sentence)


def breakdown_is_of_the_lines(document: InvoiceDocument) -> Iterator[Broken]:
    expected = vat_bases(document.lines)
    given = [(share.category, share.rate) for share in document.vat_breakdown]
    if len(given) != len(set(given)) or set(given) != set(expected):
        sentence = "it has not exactly one entry for each VAT category and rate of the lines"
        yield Broken("vat_breakdown", "BR-CO-18", sentence)
        return
    for i, share in enumerate(document.vat_breakdown):
        base = expected[(share.category, share.rate)]
        if share.base != base:
            sentence = f"{share.base} is not the sum of its lines {base}"
            yield Broken(f"vat_breakdown[{i}].base", f"BR-{family(share.category)}-08", sentence)
        vat = vat_of(share.base, share.rate, document.currency)
        if abs(share.amount - vat) > _vat_tolerance(document):
            sentence = f"{share.amount} is not {share.rate} % of {share.base}, rounded: {vat}"
            yield Broken(f"vat_breakdown[{i}].amount", "BR-CO-17", sentence)


def _vat_tolerance(document: InvoiceDocument) -> Decimal:
    """A credit note may be for an amount that is no base and its rounded VAT: then one minor unit lies between."""
    return Decimal(1).scaleb(-exponent_of(document.currency)) if document.kind == "credit_note" else ZERO


def totals_are_sums(document: InvoiceDocument) -> Iterator[Broken]:
    totals = document.totals
    vat = sum((share.amount for share in document.vat_breakdown), ZERO)
    prepaid = sum((deposit.gross for deposit in document.deposits), ZERO)
    checks = (
        ("lines", "BR-CO-10", sum((line.net for line in document.lines), ZERO), "the sum of the lines"),
        ("net", "BR-CO-13", totals.lines, "the sum of the lines"),
        ("vat", "BR-CO-14", vat, "the sum of the breakdown"),
        ("gross", "BR-CO-15", totals.net + totals.vat, "net + vat"),
        ("prepaid", "BT-113", prepaid, "the sum of the deposits"),
        ("due", "BR-CO-16", totals.gross - totals.prepaid, "gross - prepaid"),
    )
    for name, rule, expected, words in checks:
        given = getattr(totals, name)
        if given != expected:
            yield Broken(f"totals.{name}", rule, f"{given} is not {words} {expected}")


def nothing_is_owed_to_the_buyer(document: InvoiceDocument) -> Iterator[Broken]:
    for name in ("net", "gross", "due"):
        if getattr(document.totals, name) < 0:
            sentence = (
                "it is negative; what is owed to the buyer is said by a credit note, with positive amounts"
            )
            yield Broken(f"totals.{name}", "CGI art. 289", sentence)


def deposits_add_up(document: InvoiceDocument) -> Iterator[Broken]:
    for i, deposit in enumerate(document.deposits):
        if deposit.net + deposit.vat != deposit.gross:
            sentence = f"net {deposit.net} + vat {deposit.vat} is not {deposit.gross}"
            yield Broken(f"deposits[{i}].gross", "BR-CO-15", sentence)


def instalments_are_what_is_due(document: InvoiceDocument) -> Iterator[Broken]:
    if document.kind == "credit_note":
        if document.instalments:
            yield Broken("instalments", "CGI art. 289", "a credit note has none")
        return
    given = sum((instalment.amount for instalment in document.instalments), ZERO)
    if given != document.totals.due:
        sentence = f"their sum {given} is not the amount due {document.totals.due}, each with its due date"
        yield Broken("instalments", "C. com. L441-9", sentence)
    dates = [instalment.due_date for instalment in document.instalments]
    if dates != sorted(dates):
        yield Broken("instalments", "BT-9", "they are not in the order of their due dates")
    for i, due_date in enumerate(dates):
        if due_date < document.issue_date:
            sentence = f"{due_date} is before the issue date {document.issue_date}"
            yield Broken(f"instalments[{i}].due_date", "BR-FR-CO-07", sentence)


SUMS: tuple[Rule, ...] = (
    whole_minor_units,
    lines_are_computed,
    breakdown_is_of_the_lines,
    totals_are_sums,
    nothing_is_owed_to_the_buyer,
    deposits_add_up,
    instalments_are_what_is_due,
)
