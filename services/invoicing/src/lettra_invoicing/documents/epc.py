"""What the QR code of an invoice says to a banking app (EPC069-12). Pure."""

from __future__ import annotations

from lettra_documents.epc import transfer_payload
from lettra_invoicing.documents.model import InvoiceDocument


def epc_payload(document: InvoiceDocument) -> str | None:
    """What the code says: the first instalment, to the seller's account, with its reference.

    None where there is nothing to pay, no account, another currency than the euro, or more than can be said.
    """
    transfer = document.credit_transfer
    if document.currency != "EUR" or transfer is None or not document.instalments:
        return None
    return transfer_payload(
        name=transfer.account_name or document.seller.name,
        iban=transfer.iban,
        amount=document.instalments[0].amount,
        bic=transfer.bic,
        reference=document.payment_reference,
        text=document.number,
    )
