"""Letters and statements as somebody reads them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pypdfium2
import pytest
import zxingcpp
from messages_world import DRAFT

from lettra_notifications.messages.printing import letter, statement
from lettra_notifications.templates.filling import Row

_TO = ("Établissements Müller & Cie", "1 rue du Port", "69003 Lyon")
_ON = date(2026, 4, 20)


def _text(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as opened:
        return " ".join(page.get_textpage().get_text_range() for page in opened)


def test_a_letter_has_address_date_words_list_and_means_to_pay() -> None:
    text = " ".join(_text(letter(DRAFT.filled, DRAFT.sender, _TO, _ON)).split())
    for said in (
        *_TO,
        "Le 20 avril 2026",
        "Malgré nos précédents messages",
        "FA-2026-000158",
        "Indemnité de recouvrement",
    ):
        assert said in text
    assert "FR76 3000 6000 0112 3456 7890 189" in text


def test_the_code_on_paper_pays_the_total() -> None:
    with pypdfium2.PdfDocument(letter(DRAFT.filled, DRAFT.sender, _TO, _ON)) as opened:
        (code,) = zxingcpp.read_barcodes(opened[0].render(scale=3).to_pil())
    assert code.text == DRAFT.filled.payment.qr


def test_a_statement_has_all_rows_on_pages_with_heads() -> None:
    rows = tuple(Row(f"FA-{n:05}", "01/01/2026", "31/01/2026", "", "1,00") for n in range(300))
    pdf = statement(replace(DRAFT.filled, rows=rows), DRAFT.sender, _TO, _ON)
    text = _text(pdf)
    assert all(row.number in text for row in rows)
    with pypdfium2.PdfDocument(pdf) as opened:
        assert len(opened) > 3
    assert "Relevé de compte" in text
    assert "Malgré" not in text


@pytest.mark.parametrize("made", [letter, statement])
def test_the_same_is_printed_in_the_same_bytes(made) -> None:
    assert made(DRAFT.filled, DRAFT.sender, _TO, _ON) == made(DRAFT.filled, DRAFT.sender, _TO, _ON)
