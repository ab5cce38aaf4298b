"""The payment code: what a reader of codes sees, and what is refused."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from lettra_documents.epc import epc_png, transfer_payload

_PAID: dict[str, Any] = {
    "name": "Lumière & Fils SAS",
    "iban": "FR7630006000011234567890189",
    "amount": Decimal("427.19"),
}


def test_the_lines_are_those_of_the_guideline() -> None:
    said = transfer_payload(**_PAID, bic="AGRIFRPP", reference="RF31FA2026000123", text="not said beside it")
    assert said == (
        "BCD\n002\n1\nSCT\nAGRIFRPP\nLumière & Fils SAS\nFR7630006000011234567890189\nEUR427.19\n\n"
        "RF31FA2026000123"
    )


def test_a_reader_of_codes_reads_from_the_picture_what_was_said() -> None:
    said = transfer_payload(**_PAID, text="FA-2026-000123 FA-2026-000124")
    assert said is not None
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(epc_png(said))))
    assert code.text == said
    assert code.text.endswith("\n\n\nFA-2026-000123 FA-2026-000124")


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": Decimal("0")},
        {"amount": Decimal("-1")},
        {"amount": Decimal("1000000000")},
        {"amount": Decimal("1.001")},
        {"text": "t" * 141},
        {"name": "a name\nof two lines"},
        {"text": "é" * 139},
    ],
)
def test_what_cannot_be_said_is_not_said(changes: dict[str, Any]) -> None:
    """Guard: the checks of `transfer_payload`; 139 times é is 278 bytes, and 331 is the most for all."""
    assert transfer_payload(**{"text": "FA-1", **_PAID, **changes}) is None
