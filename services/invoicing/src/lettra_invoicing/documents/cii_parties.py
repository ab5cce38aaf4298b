"""The elements of a Cross Industry Invoice that several of its parts have: texts, dates, addresses, parties. Pure."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from lxml import etree

from lettra_invoicing.documents.parts import Address, Buyer, Seller

_UNECE = "urn:un:unece:uncefact:data:standard"
NAMESPACES = {
    "rsm": f"{_UNECE}:CrossIndustryInvoice:100",
    "ram": f"{_UNECE}:ReusableAggregateBusinessInformationEntity:100",
    "qdt": f"{_UNECE}:QualifiedDataType:100",
    "udt": f"{_UNECE}:UnqualifiedDataType:100",
}
_SIREN, _SIRET = "0002", "0009"
_YEAR_MONTH_DAY = "102"


@lru_cache(maxsize=256)
def ram(name: str) -> str:
    return f"{{{NAMESPACES['ram']}}}{name}"


def rsm(name: str) -> str:
    return f"{{{NAMESPACES['rsm']}}}{name}"


def add(parent: etree._Element, name: str, text: str | None, **attributes: str) -> None:
    """A child with a text; none where the text is None."""
    if text is not None:
        etree.SubElement(parent, ram(name), attributes).text = text


def add_date(parent: etree._Element, name: str, value: date, prefix: str = "udt") -> None:
    element = etree.SubElement(parent, ram(name))
    tag = f"{{{NAMESPACES[prefix]}}}DateTimeString"
    etree.SubElement(element, tag, format=_YEAR_MONTH_DAY).text = f"{value:%Y%m%d}"


def add_address(party: etree._Element, address: Address) -> None:
    element = etree.SubElement(party, ram("PostalTradeAddress"))
    add(element, "PostcodeCode", address.postcode)
    add(element, "LineOne", address.line_1)
    add(element, "LineTwo", address.line_2)
    add(element, "CityName", address.city)
    add(element, "CountryID", address.country)


def add_party(
    agreement: etree._Element,
    name: str,
    party: Seller | Buyer,
    legal_mention: str | None,
    with_vat_number: bool,
) -> None:
    element = etree.SubElement(agreement, ram(name))
    add(element, "GlobalID", party.siret, schemeID=_SIRET)
    add(element, "Name", party.name)
    add(element, "Description", legal_mention)
    if party.siren is not None:
        organisation = etree.SubElement(element, ram("SpecifiedLegalOrganization"))
        add(organisation, "ID", party.siren, schemeID=_SIREN)
    add_address(element, party.address)
    electronic = etree.SubElement(element, ram("URIUniversalCommunication"))
    add(electronic, "URIID", party.electronic_address.value, schemeID=party.electronic_address.scheme)
    if with_vat_number and party.vat_number is not None:
        registration = etree.SubElement(element, ram("SpecifiedTaxRegistration"))
        add(registration, "ID", party.vat_number, schemeID="VA")
