"""The QR code that a banking app reads to pay (EPC069-12, version 002). Pure."""

from __future__ import annotations

import io
from decimal import Decimal

import segno

AMOUNT_MAX = Decimal("999999999.99")
TEXT_MAX = 140
_BYTES_MAX, _NAME_MAX = 331, 70
_UTF_8 = "1"


def transfer_payload(
    *,
    name: str,
    iban: str,
    amount: Decimal,
    bic: str | None = None,
    reference: str | None = None,
    text: str | None = None,
) -> str | None:
    """What the code says: a transfer of `amount` euros to the account, with a structured reference or else free text.

    None where it is more than can be said. The name is cut, the reference and the text never.
    """
    if not 0 < amount <= AMOUNT_MAX or amount != round(amount, 2):
        return None
    head = ["BCD", "002", _UTF_8, "SCT", bic or "", name[:_NAME_MAX].rstrip(), iban, f"EUR{amount:.2f}", ""]
    # A structured reference and free text exclude each other.
    lines = [*head, reference] if reference is not None else [*head, "", text or ""]
    said = "\n".join(lines).rstrip("\n")
    too_much = any("\n" in line or "\r" in line for line in lines) or len(text or "") > TEXT_MAX
    return None if too_much or len(said.encode()) > _BYTES_MAX else said


def epc_svg(payload: str) -> str:
    """The code as an SVG picture, with the quiet zone around it."""
    return str(_code(payload).svg_inline(border=4, dark="#000", light="#fff", omitsize=True))


def epc_png(payload: str) -> bytes:
    """The code as a PNG picture, with the quiet zone around it: what mail programs show."""
    picture = io.BytesIO()
    _code(payload).save(picture, kind="png", scale=4, border=4)
    return picture.getvalue()


def _code(payload: str) -> segno.QRCode:
    """Error correction M, as the guideline wants."""
    return segno.make_qr(payload, error="m", mode="byte", encoding="utf-8", eci=False, boost_error=False)
