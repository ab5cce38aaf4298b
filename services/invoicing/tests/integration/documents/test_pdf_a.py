"""The reference validator of PDF/A calls every kind of document PDF/A-3b, and sees what is not."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from document_examples import EXAMPLES, document, many_lines
from verapdf import verdicts

from lettra_invoicing.documents.pdf import factur_x


def _without_metadata(pdf: pikepdf.Pdf) -> None:
    del pdf.Root["/Metadata"]


def _without_relationship(pdf: pikepdf.Pdf) -> None:
    del pdf.Root.AF[0]["/AFRelationship"]


def _without_extension_schema(pdf: pikepdf.Pdf) -> None:
    xmp = pdf.Root.Metadata.read_bytes()
    pdf.Root.Metadata.write(xmp.replace(b"namespaceURI>urn:factur-x", b"namespaceURI>urn:other"))


def _with_script(pdf: pikepdf.Pdf) -> None:
    action = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    pdf.Root.OpenAction = pdf.make_indirect(action)


_BREAKS = (_without_metadata, _without_relationship, _without_extension_schema, _with_script)


def _broken(content: bytes, breaks: Callable[[pikepdf.Pdf], None]) -> bytes:
    result = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        breaks(pdf)
        pdf.save(result)
    return result.getvalue()


@pytest.mark.slow
def test_documents_are_pdf_a_3b_and_broken_ones_are_not(tmp_path: Path) -> None:
    """Guard: the standard that the typesetter is asked for, and the extension schema of Factur-X."""
    contents = {name.replace(" ", "_"): factur_x(document(example)) for name, example in EXAMPLES.items()}
    contents["thousand_lines"] = factur_x(many_lines(1000))
    wanted = dict.fromkeys(contents, "PASS")
    for breaks in _BREAKS:
        contents[breaks.__name__] = _broken(contents["invoice"], breaks)
        wanted[breaks.__name__] = "FAIL"
    files = [tmp_path / f"{name}.pdf" for name in contents]
    for file, content in zip(files, contents.values(), strict=True):
        file.write_bytes(content)
    found = verdicts(files, tmp_path)
    assert {name.removesuffix(".pdf"): verdict for name, verdict in found.items()} == wanted
