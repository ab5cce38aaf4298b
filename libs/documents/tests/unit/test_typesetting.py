"""What the typesetter cannot print is an error that names the document, never the end of the process."""

from __future__ import annotations

import pypdfium2
import pytest

from lettra_documents.typesetting import NotPrinted, typeset


def test_a_template_is_set_with_its_inputs() -> None:
    pdf = typeset(
        b"#sys.inputs.greeting", {"greeting": "Bonjour Zoe"}, what="A greeting", standards=("a-3b",)
    )
    with pypdfium2.PdfDocument(pdf) as opened:
        assert "Bonjour Zoe" in opened[0].get_textpage().get_text_range()


def test_an_error_names_the_document() -> None:
    """Guard: the `except` in `typeset`."""
    with pytest.raises(NotPrinted, match="The statement S-1 could not be typeset"):
        typeset(b"#unknown_name", {}, what="The statement S-1")
