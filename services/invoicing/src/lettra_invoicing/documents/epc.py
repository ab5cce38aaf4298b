"""The QR code that a banking app reads to pay an invoice (EPC069-12, version 002). Pure."""

from __future__ import annotations

from decimal import Decimal

import segno

from lettra_invoicing.documents.model import InvoiceDocument

AMOUNT_MAX = Decimal("999999999.99")
_BYTES_MAX, _NAME_MAX = 331, 70
_UTF_8 = "1"


def epc_payload(document: InvoiceDocument) -> str | None:
    """What the code says: the first instalment, to the seller's account, with its reference.

    None where there is nothing to pay, no account, another currency than the euro, or more than can be said.
    """
    transfer = document.credit_transfer
    if document.currency != "EUR" or transfer is None or not document.instalments:
        return None
    amount = document.instalments[0].amount
    if amount > AMOUNT_MAX:
        return None
    reference = document.payment_reference
    lines = [
        "BCD",
        "002",
        _UTF_8,
        "SCT",
        transfer.bic or "",
        (transfer.account_name or document.seller.name)[:_NAME_MAX].rstrip(),
        transfer.iban,
        f"EUR{amount:.2f}",
        "",
    ]
    # A structured reference and free text exclude each other.
    lines += [reference] if reference is not None else ["", document.number]
    payload = "\n".join(lines)
    return payload if len(payload.encode()) <= _BYTES_MAX else None


def epc_svg(payload: str) -> str:
    """The code as an SVG picture, with the quiet zone around it; error correction M, as the guideline wants."""
    code = segno.make_qr(payload, error="m", mode="byte", encoding="utf-8", eci=False, boost_error=False)
    return str(code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True))
