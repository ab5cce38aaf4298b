"""Seller and buyer: the numbers that each kind must have, and how they fit together. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lettra_invoicing.documents.parts import ElectronicAddress
from lettra_invoicing.documents.rules.broken import Broken, Rule

if TYPE_CHECKING:
    from lettra_invoicing.documents.model import InvoiceDocument

FRENCH_DIRECTORY = "0225"
_DIRECTORY_ADDRESS = re.compile(r"[A-Za-z0-9+_.-]+")


def siret_begins_with_siren(document: InvoiceDocument) -> Iterator[Broken]:
    for field, party in (("seller", document.seller), ("buyer", document.buyer)):
        if party.siret is not None and not party.siret.startswith(party.siren or "?"):
            sentence = f"{party.siret} does not begin with the SIREN {party.siren}"
            yield Broken(f"{field}.siret", "BR-FR-09", sentence)


def vat_number_ends_with_siren(document: InvoiceDocument) -> Iterator[Broken]:
    for field, party in (("seller", document.seller), ("buyer", document.buyer)):
        number = party.vat_number
        if number is None or party.siren is None:
            continue
        if number.startswith("FR") and number[4:] != party.siren:
            sentence = f"{number} is not of the SIREN {party.siren}"
            yield Broken(f"{field}.vat_number", "BR-CO-09", sentence)


def buyer_has_what_its_kind_needs(document: InvoiceDocument) -> Iterator[Broken]:
    buyer = document.buyer
    if buyer.kind == "private_person":
        for name in ("siren", "siret", "vat_number"):
            if getattr(buyer, name) is not None:
                yield Broken(f"buyer.{name}", "BT-47", "a private person has none")
        return
    if buyer.siren is None and (buyer.is_french or buyer.kind == "public"):
        sentence = "it is missing; a company or public body in France is named by it"
        yield Broken("buyer.siren", "BR-FR-11, CGI ann. II 242 nonies A, I 1", sentence)
    if buyer.siret is None and buyer.kind == "public":
        sentence = "it is missing; a public body is addressed by its establishment"
        yield Broken("buyer.siret", "CCP D2192-2", sentence)


def buyer_is_reached_by_its_siren(document: InvoiceDocument) -> Iterator[Broken]:
    buyer, address = document.buyer, document.buyer.electronic_address
    if buyer.kind != "company" or not buyer.is_french or buyer.siren is None:
        return
    if address.scheme != FRENCH_DIRECTORY or not address.value.startswith(buyer.siren):
        sentence = f"{address.scheme}:{address.value} is not 0225 and an address that begins with the SIREN"
        yield Broken("buyer.electronic_address", "BR-FR-21", sentence)


def directory_addresses_are_plain(document: InvoiceDocument) -> Iterator[Broken]:
    parties: tuple[tuple[str, ElectronicAddress], ...] = (
        ("seller", document.seller.electronic_address),
        ("buyer", document.buyer.electronic_address),
    )
    for field, address in parties:
        if address.scheme == FRENCH_DIRECTORY and not _DIRECTORY_ADDRESS.fullmatch(address.value):
            sentence = f"{address.value!r} has other signs than letters, digits and + - _ ."
            yield Broken(f"{field}.electronic_address", "BR-FR-23", sentence)


PARTIES: tuple[Rule, ...] = (
    siret_begins_with_siren,
    vat_number_ends_with_siren,
    buyer_has_what_its_kind_needs,
    buyer_is_reached_by_its_siren,
    directory_addresses_are_plain,
)
