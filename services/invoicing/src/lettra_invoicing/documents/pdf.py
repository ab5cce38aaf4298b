"""A document as Factur-X: a readable PDF/A-3b with its EN 16931 data attached. Pure: the same bytes every time."""

from __future__ import annotations

import io
import json
from functools import lru_cache
from importlib import resources

import pikepdf
import typst

from lettra_invoicing.documents.cii import cii_xml
from lettra_invoicing.documents.layout import printed_layout
from lettra_invoicing.documents.model import InvoiceDocument
from lettra_invoicing.documents.xmp import with_factur_x

# The typesetter keeps parts of its last ten documents in memory: 65 MB for each with 1,000 lines.
_LONG_LINES, _REMEMBERED = 100, 11


class NotPrinted(RuntimeError):
    """The typesetter failed on a valid document: it, or the fonts, lack something that should be there."""


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
    compiler = typst.Compiler(font_paths=_fonts(), ignore_system_fonts=True, sys_inputs=inputs)
    try:
        pdf = compiler.compile(input=_template(), format="pdf", pdf_standards=["a-3b"], timestamp=0)
    except BaseException as error:
        # A panic of the typesetter is no Exception: it would end the process that asked.
        if isinstance(error, typst.TypstError) or type(error).__name__ == "PanicException":
            raise NotPrinted(f"The document {document.number} could not be typeset: {error}") from error
        raise
    finally:
        if len(document.lines) > _LONG_LINES:
            _forget(compiler)
    if not isinstance(pdf, bytes):
        raise TypeError("the typesetter gave no PDF")
    return pdf


def _forget(compiler: typst.Compiler) -> None:
    """Let empty documents take the place of a long one, so that the memory does not grow by the next ones."""
    for _ in range(_REMEMBERED):
        compiler.compile(input=b"", format="svg", sys_inputs={})


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    """Only those that come with the typesetter: a machine's own would change the result."""
    return typst.Fonts(include_system_fonts=False)


@lru_cache(maxsize=1)
def _template() -> bytes:
    return resources.files(__package__).joinpath("document.typ").read_bytes()
