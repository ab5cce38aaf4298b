"""A document as Factur-X: a readable PDF/A-3b with its EN 16931 data attached. Pure: the same bytes every time."""

from __future__ import annotations

import io
import json
import re
from functools import lru_cache
from importlib import resources

import pikepdf
import typst

from lettra_invoicing.documents.cii import cii_xml
from lettra_invoicing.documents.layout import MAY_BREAK, printed_layout
from lettra_invoicing.documents.model import InvoiceDocument
from lettra_invoicing.documents.xmp import with_factur_x

# The typesetter keeps parts of its last ten documents in memory: 65 MB for each with 1,000 lines.
_LONG_LINES, _REMEMBERED = 100, 11
_UNPRINTABLE = re.compile(r'the text `"(.*?)"` could not be displayed')

_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")


class UnprintableText(ValueError):
    """A document has characters that the fonts do not."""


def factur_x(document: InvoiceDocument) -> bytes:
    """The PDF with `factur-x.xml` inside. UnprintableText where the fonts lack a character of the document."""
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
    except typst.TypstError as error:
        raise _explained(error) from error
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


def _explained(error: typst.TypstError) -> Exception:
    """Every character that cannot be printed; the error itself where it is another one."""
    missing = sorted({_unescaped(text) for text in _UNPRINTABLE.findall(error.diagnostic)})
    if not missing:
        return error
    return UnprintableText(
        f"No font here has the characters {' '.join(missing)}. Write the names in Latin, Greek or Cyrillic letters."
    )


def _unescaped(text: str) -> str:
    """The typesetter writes some characters by their code, as in \\u{1cd0}, and names what stands before them."""
    return _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text).replace(MAY_BREAK, "")


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    """Only those that come with the typesetter: a machine's own would change the result."""
    return typst.Fonts(include_system_fonts=False)


@lru_cache(maxsize=1)
def _template() -> bytes:
    return resources.files(__package__).joinpath("document.typ").read_bytes()
