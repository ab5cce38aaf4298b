"""What stands where on a printed document: the texts of its boxes and tables, ready to be set. Pure."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

from lettra_documents.epc import epc_svg
from lettra_events.money import exponent_of
from lettra_invoicing.documents.codes import UNITS
from lettra_invoicing.documents.epc import epc_payload
from lettra_invoicing.documents.labels import LABELS
from lettra_invoicing.documents.model import InvoiceDocument
from lettra_invoicing.documents.parts import Address, Buyer, Line, Seller, VatShare
from lettra_invoicing.documents.wording import (
    OPERATIONS,
    TITLES,
    VAT_ON_DEBITS,
    exemption,
    late_payment_mentions,
    plain,
    written_amount,
    written_date,
    written_money,
    written_number,
    written_percent,
)

Row = list[str]
# A word longer than this may be broken, so that it never runs into what stands beside it.
_LONG_WORD = re.compile(r"[^ ]{25,}")
_BREAK_EVERY = 6
_MAY_BREAK = "\N{ZERO WIDTH SPACE}"


class _Writer:
    """Writes the values of one document in its language and currency."""

    def __init__(self, document: InvoiceDocument) -> None:
        self.language, self._currency = document.language, document.currency
        self._labels = LABELS[document.language]

    def label(self, name: str) -> str:
        return self._labels[name]

    def row(self, label: str, value: str | None) -> list[Row]:
        """One row with its label; none where there is no value."""
        return [] if value is None else [[self._labels[label], value]]

    def amount(self, value: Decimal) -> str:
        return written_amount(value, self._currency, self.language)

    def money(self, value: Decimal) -> str:
        return written_money(value, self._currency, self.language)

    def quantity(self, value: Decimal, unit: str) -> str:
        one, several = UNITS[unit][self.language]
        # French counts from two on as several, English everything that is not one.
        is_one = abs(value) < 2 if self.language == "fr" else abs(value) == 1
        return f"{written_number(plain(value), self.language)} {one if is_one else several}"

    def price(self, value: Decimal) -> str:
        """With the decimals of the currency; with its own where it has more."""
        own = -int(plain(value).as_tuple().exponent)
        if own <= exponent_of(self._currency):
            return self.amount(value)
        return written_number(plain(value), self.language)

    def percent(self, value: Decimal) -> str:
        return written_percent(value, self.language)

    def day(self, value: date) -> str:
        return written_date(value, self.language)

    def vat(self, category: str, rate: Decimal) -> str:
        return self.label("outside_vat") if category == "O" else self.percent(rate)


def printed_layout(document: InvoiceDocument) -> dict[str, Any]:
    """Everything that is printed, as texts in rows: what the template sets, in its order."""
    write = _Writer(document)
    layout: dict[str, Any] = _breakable(_texts(document, write))
    metadata = {"title": title(document), "author": document.seller.name}
    return layout | {"qr": _qr(document, write), "metadata": metadata}


def _texts(document: InvoiceDocument, write: _Writer) -> dict[str, Any]:
    return {
        "language": document.language,
        "title": title(document),
        "issued": [document.issue_date.year, document.issue_date.month, document.issue_date.day],
        "labels": LABELS[document.language],
        "currency": document.currency,
        "facts": _facts(document, write),
        "seller": _seller(document.seller, write),
        "buyer": _buyer(document.buyer, document.seller.address.country, write),
        "delivery_address": _delivery_address(document),
        "lines": [_line(number, line, write) for number, line in enumerate(document.lines, start=1)],
        "vat": [_vat_share(share, write) for share in document.vat_breakdown],
        "totals": _totals(document, write),
        "deposits": _deposits(document, write),
        "instalments": [[write.day(it.due_date), write.money(it.amount)] for it in document.instalments],
        "mentions": _mentions(document, write),
        "payment": _payment(document, write),
    }


def _breakable(value: Any) -> Any:
    """The same texts, with places where their long words may be broken."""
    if isinstance(value, str):
        return _LONG_WORD.sub(lambda word: _MAY_BREAK.join(_pieces(word[0], _BREAK_EVERY)), value)
    if isinstance(value, list):
        return [_breakable(it) for it in value]
    if isinstance(value, dict):
        return {name: _breakable(it) for name, it in value.items()}
    return value


def _pieces(text: str, size: int) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]


def title(document: InvoiceDocument) -> str:
    """Such as "Facture FA-2026-000123"."""
    return f"{TITLES[document.kind][document.language]} {document.number}"


def _facts(document: InvoiceDocument, write: _Writer) -> list[Row]:
    period, corrects = document.period, document.corrects
    delivered = document.delivery_date
    return [
        *write.row("issue_date", write.day(document.issue_date)),
        *write.row("delivery_date", write.day(delivered) if delivered else None),
        *write.row("period", f"{write.day(period.start)} - {write.day(period.end)}" if period else None),
        *write.row("operation", OPERATIONS[document.operation_category][write.language]),
        *write.row(
            "corrects",
            f"{corrects.number} {write.label('of')} {write.day(corrects.issue_date)}" if corrects else None,
        ),
        *write.row("buyer_reference", document.buyer_reference),
        *write.row("order_number", document.order_number),
        *write.row("contract_number", document.contract_number),
        *write.row("vat_point", VAT_ON_DEBITS[write.language] if document.vat_on_debits else None),
    ]


def _address(address: Address, home: str) -> list[str]:
    """As on an envelope: the country stands below where it is not the seller's."""
    country = address.country if address.country != home else None
    lines = [address.line_1, address.line_2, f"{address.postcode} {address.city}", country]
    return [line for line in lines if line is not None]


def _delivery_address(document: InvoiceDocument) -> list[str]:
    address = document.delivery_address
    return [] if address is None else _address(address, document.seller.address.country)


def _seller(seller: Seller, write: _Writer) -> dict[str, Any]:
    legal = [seller.legal_mention] if seller.legal_mention is not None else []
    lines = _address(seller.address, seller.address.country) + legal
    return {"name": seller.name, "lines": lines, "numbers": _numbers(seller, write)}


def _buyer(buyer: Buyer, home: str, write: _Writer) -> dict[str, Any]:
    return {"name": buyer.name, "lines": _address(buyer.address, home), "numbers": _numbers(buyer, write)}


def _numbers(party: Seller | Buyer, write: _Writer) -> list[Row]:
    return [
        *write.row("siren", party.siren),
        *write.row("siret", party.siret),
        *write.row("vat_number", party.vat_number),
        *write.row("electronic_address", party.electronic_address.value),
    ]


def _line(number: int, line: Line, write: _Writer) -> dict[str, Any]:
    details = [line.description] if line.description is not None else []
    if line.discount and line.discount_reason is not None:
        details.append(f"{write.label('discount')}: {line.discount_reason}")
    return {
        "name": line.name,
        "details": details,
        "number": str(number),
        "cells": [
            write.quantity(line.quantity, line.unit),
            write.price(line.price),
            write.amount(-line.discount) if line.discount else "",
            write.vat(line.vat_category, line.vat_rate),
            write.amount(line.net),
        ],
    }


def _vat_share(share: VatShare, write: _Writer) -> dict[str, Any]:
    cells = [write.vat(share.category, share.rate), write.amount(share.base), write.amount(share.amount)]
    return {"cells": cells, "reason": exemption(share.category, share.exemption_reason, write.language) or ""}


def _totals(document: InvoiceDocument, write: _Writer) -> list[Row]:
    totals = document.totals
    in_euros = totals.vat_in_euros
    return [
        *write.row("total_net", write.money(totals.net)),
        *write.row("total_vat", write.money(totals.vat)),
        *write.row(
            "total_vat_in_euros",
            written_money(in_euros, "EUR", write.language) if in_euros is not None else None,
        ),
        *write.row("total_gross", write.money(totals.gross)),
        *write.row("prepaid", write.money(-totals.prepaid) if document.deposits else None),
        *write.row("credited" if document.kind == "credit_note" else "due", write.money(totals.due)),
    ]


def _deposits(document: InvoiceDocument, write: _Writer) -> list[Row]:
    return [
        [
            it.number,
            write.day(it.issue_date),
            write.amount(it.net),
            write.amount(it.vat),
            write.amount(it.gross),
        ]
        for it in document.deposits
    ]


def _mentions(document: InvoiceDocument, write: _Writer) -> list[str]:
    terms = document.payment_terms
    words = [f"{write.label('payment_terms')}{terms}"] if terms is not None else []
    return [*words, *late_payment_mentions(document).values(), *document.notes]


def in_fours(value: str) -> str:
    """An IBAN or a reference as people read it, in groups of four characters."""
    return " ".join(_pieces(value, 4))


def _payment(document: InvoiceDocument, write: _Writer) -> list[Row]:
    transfer = document.credit_transfer
    if document.kind == "credit_note":
        return []
    reference = document.payment_reference
    return [
        *write.row("account_name", transfer.account_name if transfer else None),
        *write.row("iban", in_fours(transfer.iban) if transfer else None),
        *write.row("bic", transfer.bic if transfer else None),
        *write.row("payment_reference", in_fours(reference) if reference else document.number),
    ]


def _qr(document: InvoiceDocument, write: _Writer) -> dict[str, str] | None:
    payload = epc_payload(document)
    if payload is None:
        return None
    first = document.instalments[0]
    caption = write.label("qr").format(amount=write.money(first.amount), date=write.day(first.due_date))
    return {"svg": epc_svg(payload), "caption": caption}
