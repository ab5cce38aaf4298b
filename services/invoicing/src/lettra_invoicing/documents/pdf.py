"""A document as Factur-X: a readable PDF/A-3b with its EN 16931 data attached. Pure: the same bytes every time."""

from __future__ import annotations

import io
import json
from functools import lru_cache
from importlib import resources

import pikepdf

from lettra_documents.typesetting import typeset
from lettra_invoicing.documents.cii import cii_xml
from lettra_invoicing.documents.layout import printed_layout
from lettra_invoicing.documents.model import InvoiceDocument
from lettra_invoicing.documents.xmp import with_factur_x

_LONG_LINES = 100


def factur_x(document: InvoiceDocument) -> bytes:
    """The PDF with `factur-x.xml` inside. NotPrinted where the typesetter fails."""
    with pikepdf.open(io.BytesIO(_printed(document))) as pdf:
        metadata = pdf.Root.Metadata
        metadata.write(with_factur_x(metadata.read_bytes()))
        result = io.BytesIO()
        # The identifier is made from the content, not from the time and chance.
        pdf.save(result, deterministic_id=True)
    return result.getvalue()


def _printed(document: InvoiceDocument) -> bytes:
    inputs = {
        "layout": json.dumps(printed_layout(document), ensure_ascii=False),
        "data": cii_xml(document).decode(),
    }
    return typeset(
        _template(),
        inputs,
        what=f"The document {document.number}",
        standards=("a-3b",),
        long=len(document.lines) > _LONG_LINES,
    )


@lru_cache(maxsize=1)
def _template() -> bytes:
    return resources.files(__package__).joinpath("document.typ").read_bytes()
