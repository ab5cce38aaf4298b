"""VAT categories: which rate, which reason, which parties they need. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lettra_invoicing.documents.codes import VAT_RATES
from lettra_invoicing.documents.rules.broken import Broken, Rule, family

if TYPE_CHECKING:
    from lettra_invoicing.documents.model import InvoiceDocument

_WITHOUT_REASON = ("S", "Z")


def rates_fit_their_category(document: InvoiceDocument) -> Iterator[Broken]:
    for i, line in enumerate(document.lines):
        field = f"lines[{i}].vat_rate"
        if line.vat_rate not in VAT_RATES:
            yield Broken(field, "BR-FR-16", f"{line.vat_rate} % is not a rate of French VAT")
        if (line.vat_category == "S") != (line.vat_rate > 0):
            sentence = f"{line.vat_rate} % does not go with the category {line.vat_category}"
            yield Broken(field, f"BR-{family(line.vat_category)}-05", sentence)


def reasons_are_given(document: InvoiceDocument) -> Iterator[Broken]:
    """CGI ann. II 242 nonies A, I 12: the invoice names what exempts it."""
    for i, share in enumerate(document.vat_breakdown):
        field = f"vat_breakdown[{i}].exemption_reason"
        rule = f"BR-{family(share.category)}-10"
        if share.category in _WITHOUT_REASON and share.exemption_reason is not None:
            yield Broken(field, rule, f"the category {share.category} has none")
        if share.category not in _WITHOUT_REASON and share.exemption_reason is None:
            sentence = f"it is missing; the category {share.category} says why no VAT is charged"
            yield Broken(field, f"{rule}, CGI ann. II 242 nonies A, I 12", sentence)


def outside_vat_stands_alone(document: InvoiceDocument) -> Iterator[Broken]:
    categories = {share.category for share in document.vat_breakdown}
    if "O" in categories and len(categories) > 1:
        sentence = "what is outside VAT (O) stands on a document of its own"
        yield Broken("vat_breakdown", "BR-O-11", sentence)


def buyer_fits_the_category(document: InvoiceDocument) -> Iterator[Broken]:
    categories = {share.category for share in document.vat_breakdown}
    for category, rule in (("AE", "BR-AE-02"), ("K", "BR-IC-02")):
        if category in categories and document.buyer.vat_number is None:
            sentence = f"it is missing; the VAT category {category} needs it"
            yield Broken("buyer.vat_number", f"{rule}, CGI ann. II 242 nonies A, I 3", sentence)
    if "K" in categories and document.delivery_address is None:
        sentence = "it is missing; a supply within the Union says to where"
        yield Broken("delivery_address", "BR-IC-12", sentence)
    if "K" in categories and document.delivery_date is None and document.period is None:
        sentence = "it is missing, and so is a period; a supply within the Union says when"
        yield Broken("delivery_date", "BR-IC-11", sentence)


def vat_is_said_in_euros(document: InvoiceDocument) -> Iterator[Broken]:
    given = document.totals.vat_in_euros
    if document.currency == "EUR" and given is not None:
        yield Broken("totals.vat_in_euros", "BR-53", "it is for other currencies than the euro")
    if document.currency != "EUR" and given is None:
        sentence = f"it is missing; an invoice in {document.currency} says its VAT in euros"
        yield Broken("totals.vat_in_euros", "BR-FR-CO-12", sentence)


VAT: tuple[Rule, ...] = (
    rates_fit_their_category,
    reasons_are_given,
    outside_vat_stands_alone,
    buyer_fits_the_category,
    vat_is_said_in_euros,
)
