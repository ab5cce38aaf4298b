"""A document as EN 16931 data: Cross Industry Invoice, profile EN 16931 of Factur-X. Pure.

The order of the elements is the schema's. Amounts have the decimals of the currency, never an exponent.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from lxml import etree

from lettra_events.money import exponent_of
from lettra_invoicing.documents.cii_parties import NAMESPACES, add, add_address, add_date, add_party, ram, rsm
from lettra_invoicing.documents.model import InvoiceDocument
from lettra_invoicing.documents.parts import Line, VatShare
from lettra_invoicing.documents.wording import (
    DISCOUNT,
    exemption,
    instalments_in_words,
    late_payment_mentions,
    plain,
)

GUIDELINE = "urn:cen.eu:en16931:2017"
_TYPE_CODES = {"invoice": "380", "credit_note": "381", "deposit_invoice": "386", "final_invoice": "380"}
_CREDIT_NOTE_OF_DEPOSIT = "503"
_OPERATIONS = {"goods": "B", "services": "S", "mixed": "M"}
_EXEMPTION_CODES = {"AE": "VATEX-EU-AE", "K": "VATEX-EU-IC", "G": "VATEX-EU-G", "O": "VATEX-EU-O"}
_VAT_DUE_ON_INVOICING = "5"
# UNTDID 4461; SEPA's is in euros only.
_SEPA_CREDIT_TRANSFER, _CREDIT_TRANSFER = "58", "30"


def cii_xml(document: InvoiceDocument) -> bytes:
    """The document as UTF-8 XML, the same bytes for the same document."""
    root = etree.Element(rsm("CrossIndustryInvoice"), nsmap=NAMESPACES)
    _add_context(root, document)
    _add_head(root, document)
    trade = etree.SubElement(root, rsm("SupplyChainTradeTransaction"))
    for number, line in enumerate(document.lines, start=1):
        _add_line(trade, number, line, document)
    _add_agreement(trade, document)
    _add_delivery(trade, document)
    _add_settlement(trade, document)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def business_process(document: InvoiceDocument) -> str:
    """BT-23: B goods, S services, M both; 4 for a final invoice after deposits, else 1 (BR-FR-08)."""
    return _OPERATIONS[document.operation_category] + ("4" if document.kind == "final_invoice" else "1")


def type_code(document: InvoiceDocument) -> str:
    """BT-3; what takes back a deposit invoice has a code of its own in France."""
    if document.corrects is not None and document.corrects.is_deposit:
        return _CREDIT_NOTE_OF_DEPOSIT
    return _TYPE_CODES[document.kind]


def treatment(document: InvoiceDocument) -> str | None:
    """What the French platforms do with it (BAR); none is said for public buyers, who have their own."""
    buyer = document.buyer
    if buyer.kind == "public":
        return None
    kind = "B2B" if buyer.kind == "company" else "B2C"
    return kind if buyer.is_french else f"{kind}INT"


def _money(value: Decimal, document: InvoiceDocument) -> str:
    return f"{value.quantize(Decimal(1).scaleb(-exponent_of(document.currency))):f}"


def _add_context(root: etree._Element, document: InvoiceDocument) -> None:
    context = etree.SubElement(root, rsm("ExchangedDocumentContext"))
    process = etree.SubElement(context, ram("BusinessProcessSpecifiedDocumentContextParameter"))
    add(process, "ID", business_process(document))
    guideline = etree.SubElement(context, ram("GuidelineSpecifiedDocumentContextParameter"))
    add(guideline, "ID", GUIDELINE)


def _add_head(root: etree._Element, document: InvoiceDocument) -> None:
    head = etree.SubElement(root, rsm("ExchangedDocument"))
    add(head, "ID", document.number)
    add(head, "TypeCode", type_code(document))
    add_date(head, "IssueDateTime", document.issue_date)
    notes: list[tuple[str | None, str]] = [(None, note) for note in document.notes]
    notes += late_payment_mentions(document).items()
    if (bar := treatment(document)) is not None:
        notes.append(("BAR", bar))
    for code, text in notes:
        note = etree.SubElement(head, ram("IncludedNote"))
        add(note, "Content", text)
        if code is not None:
            add(note, "SubjectCode", code)


def _add_line(trade: etree._Element, number: int, line: Line, document: InvoiceDocument) -> None:
    item = etree.SubElement(trade, ram("IncludedSupplyChainTradeLineItem"))
    add(etree.SubElement(item, ram("AssociatedDocumentLineDocument")), "LineID", str(number))
    product = etree.SubElement(item, ram("SpecifiedTradeProduct"))
    add(product, "Name", line.name)
    add(product, "Description", line.description)
    agreement = etree.SubElement(item, ram("SpecifiedLineTradeAgreement"))
    add(etree.SubElement(agreement, ram("NetPriceProductTradePrice")), "ChargeAmount", f"{line.price:f}")
    delivery = etree.SubElement(item, ram("SpecifiedLineTradeDelivery"))
    add(delivery, "BilledQuantity", f"{line.quantity:f}", unitCode=line.unit)
    settlement = etree.SubElement(item, ram("SpecifiedLineTradeSettlement"))
    tax = etree.SubElement(settlement, ram("ApplicableTradeTax"))
    add(tax, "TypeCode", "VAT")
    add(tax, "CategoryCode", line.vat_category)
    _add_rate(tax, line.vat_category, line.vat_rate)
    if line.discount:
        _add_discount(settlement, line, document)
    total = etree.SubElement(settlement, ram("SpecifiedTradeSettlementLineMonetarySummation"))
    add(total, "LineTotalAmount", _money(line.net, document))


def _add_rate(tax: etree._Element, category: str, rate: Decimal) -> None:
    """What is outside VAT has no rate, not even zero (BR-O-05)."""
    add(tax, "RateApplicablePercent", None if category == "O" else f"{plain(rate):f}")


def _add_discount(settlement: etree._Element, line: Line, document: InvoiceDocument) -> None:
    allowance = etree.SubElement(settlement, ram("SpecifiedTradeAllowanceCharge"))
    indicator = etree.SubElement(allowance, ram("ChargeIndicator"))
    etree.SubElement(indicator, f"{{{NAMESPACES['udt']}}}Indicator").text = "false"
    add(allowance, "ActualAmount", _money(line.discount, document))
    add(allowance, "Reason", line.discount_reason or DISCOUNT[document.language])


def _add_agreement(trade: etree._Element, document: InvoiceDocument) -> None:
    agreement = etree.SubElement(trade, ram("ApplicableHeaderTradeAgreement"))
    add(agreement, "BuyerReference", document.buyer_reference)
    # Who is outside VAT names no VAT number (BR-O-02).
    outside_vat = any(share.category == "O" for share in document.vat_breakdown)
    add_party(agreement, "SellerTradeParty", document.seller, document.seller.legal_mention, not outside_vat)
    add_party(agreement, "BuyerTradeParty", document.buyer, None, not outside_vat)
    for name, number in (
        ("BuyerOrderReferencedDocument", document.order_number),
        ("ContractReferencedDocument", document.contract_number),
    ):
        if number is not None:
            add(etree.SubElement(agreement, ram(name)), "IssuerAssignedID", number)


def _add_delivery(trade: etree._Element, document: InvoiceDocument) -> None:
    delivery = etree.SubElement(trade, ram("ApplicableHeaderTradeDelivery"))
    if document.delivery_address is not None:
        add_address(etree.SubElement(delivery, ram("ShipToTradeParty")), document.delivery_address)
    if document.delivery_date is not None:
        event = etree.SubElement(delivery, ram("ActualDeliverySupplyChainEvent"))
        add_date(event, "OccurrenceDateTime", document.delivery_date)


def _add_settlement(trade: etree._Element, document: InvoiceDocument) -> None:
    settlement = etree.SubElement(trade, ram("ApplicableHeaderTradeSettlement"))
    add(settlement, "PaymentReference", document.payment_reference or document.number)
    if document.currency != "EUR":
        add(settlement, "TaxCurrencyCode", "EUR")
    add(settlement, "InvoiceCurrencyCode", document.currency)
    _add_payment_means(settlement, document)
    for share in document.vat_breakdown:
        _add_vat_share(settlement, share, document)
    if document.period is not None:
        period = etree.SubElement(settlement, ram("BillingSpecifiedPeriod"))
        add_date(period, "StartDateTime", document.period.start)
        add_date(period, "EndDateTime", document.period.end)
    _add_payment_terms(settlement, document)
    _add_totals(settlement, document)
    for number, issue_date in _earlier_documents(document):
        reference = etree.SubElement(settlement, ram("InvoiceReferencedDocument"))
        add(reference, "IssuerAssignedID", number)
        add_date(reference, "FormattedIssueDateTime", issue_date, prefix="qdt")


def _add_payment_means(settlement: etree._Element, document: InvoiceDocument) -> None:
    transfer = document.credit_transfer
    if transfer is None:
        return
    means = etree.SubElement(settlement, ram("SpecifiedTradeSettlementPaymentMeans"))
    add(means, "TypeCode", _SEPA_CREDIT_TRANSFER if document.currency == "EUR" else _CREDIT_TRANSFER)
    account = etree.SubElement(means, ram("PayeePartyCreditorFinancialAccount"))
    add(account, "IBANID", transfer.iban)
    add(account, "AccountName", transfer.account_name)
    if transfer.bic is not None:
        bank = etree.SubElement(means, ram("PayeeSpecifiedCreditorFinancialInstitution"))
        add(bank, "BICID", transfer.bic)


def _add_vat_share(settlement: etree._Element, share: VatShare, document: InvoiceDocument) -> None:
    tax = etree.SubElement(settlement, ram("ApplicableTradeTax"))
    add(tax, "CalculatedAmount", _money(share.amount, document))
    add(tax, "TypeCode", "VAT")
    add(tax, "ExemptionReason", exemption(share.category, share.exemption_reason, document.language))
    add(tax, "BasisAmount", _money(share.base, document))
    add(tax, "CategoryCode", share.category)
    add(tax, "ExemptionReasonCode", _EXEMPTION_CODES.get(share.category))
    add(tax, "DueDateTypeCode", _VAT_DUE_ON_INVOICING if document.vat_on_debits else None)
    _add_rate(tax, share.category, share.rate)


def _add_payment_terms(settlement: etree._Element, document: InvoiceDocument) -> None:
    """BT-9 is one date: with several instalments the last, and their list is in the words of BT-20."""
    schedule = instalments_in_words(document) if len(document.instalments) > 1 else None
    words = [text for text in (document.payment_terms, schedule) if text is not None]
    if not words and not document.instalments:
        return
    terms = etree.SubElement(settlement, ram("SpecifiedTradePaymentTerms"))
    add(terms, "Description", ". ".join(words) or None)
    if document.instalments:
        add_date(terms, "DueDateDateTime", document.instalments[-1].due_date)


def _add_totals(settlement: etree._Element, document: InvoiceDocument) -> None:
    totals, currency = document.totals, document.currency
    summation = etree.SubElement(settlement, ram("SpecifiedTradeSettlementHeaderMonetarySummation"))
    add(summation, "LineTotalAmount", _money(totals.lines, document))
    add(summation, "TaxBasisTotalAmount", _money(totals.net, document))
    add(summation, "TaxTotalAmount", _money(totals.vat, document), currencyID=currency)
    if totals.vat_in_euros is not None:
        add(summation, "TaxTotalAmount", f"{totals.vat_in_euros:.2f}", currencyID="EUR")
    add(summation, "GrandTotalAmount", _money(totals.gross, document))
    if document.deposits:
        add(summation, "TotalPrepaidAmount", _money(totals.prepaid, document))
    add(summation, "DuePayableAmount", _money(totals.due, document))


def _earlier_documents(document: InvoiceDocument) -> list[tuple[str, date]]:
    earlier = [(it.number, it.issue_date) for it in document.deposits]
    if document.corrects is not None:
        earlier.append((document.corrects.number, document.corrects.issue_date))
    return earlier
