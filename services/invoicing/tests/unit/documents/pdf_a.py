"""What ISO 19005-3 (PDF/A-3b) and Factur-X want of a file's structure, as far as it can be read from its objects.

A quick look at every build; the whole standard is checked by veraPDF (tests/integration/documents).
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import pikepdf
from lxml import etree

_FORBIDDEN_ACTIONS = (
    "/JavaScript",
    "/Launch",
    "/Sound",
    "/Movie",
    "/ResetForm",
    "/ImportData",
    "/SubmitForm",
)
_PDFA_ID = "{http://www.aiim.org/pdfa/ns/id/}"
_PDFA_SCHEMA = "{http://www.aiim.org/pdfa/ns/schema#}"
_FX = "{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}"


def problems(content: bytes) -> list[str]:
    """What is missing or forbidden; empty for a file as it should be."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return [
            *_file(pdf),
            *_metadata(pdf),
            *_colours(pdf),
            *_fonts(pdf),
            *_attachment(pdf),
            *_actions(pdf),
        ]


def _file(pdf: pikepdf.Pdf) -> Iterator[str]:
    if pdf.is_encrypted:
        yield "encrypted"
    if len(pdf.trailer.get("/ID", [])) != 2:
        yield "no identifier"
    if pdf.pdf_version > "1.7":
        yield "newer than PDF 1.7"


def _metadata(pdf: pikepdf.Pdf) -> Iterator[str]:
    stream = pdf.Root.get("/Metadata")
    if stream is None:
        yield "no metadata"
        return
    if "/Filter" in stream:
        yield "compressed metadata"
    packet = etree.fromstring(stream.read_bytes())
    if (packet.findtext(f".//{_PDFA_ID}part"), packet.findtext(f".//{_PDFA_ID}conformance")) != ("3", "B"):
        yield "not PDF/A-3b by its metadata"
    wanted = ["factur-x.xml", "INVOICE", "1.0", "EN 16931"]
    names = ("DocumentFileName", "DocumentType", "Version", "ConformanceLevel")
    if [packet.findtext(f".//{_FX}{name}") for name in names] != wanted:
        yield "no Factur-X properties"
    if _FX.strip("{}") not in [element.text for element in packet.iter(f"{_PDFA_SCHEMA}namespaceURI")]:
        yield "no Factur-X extension schema"


def _colours(pdf: pikepdf.Pdf) -> Iterator[str]:
    intents = list(pdf.Root.get("/OutputIntents", []))
    profiles = [it.get("/DestOutputProfile") for it in intents if it.get("/S") == "/GTS_PDFA1"]
    if not profiles or profiles[0] is None or profiles[0].read_bytes()[36:40] != b"acsp":
        yield "no ICC output intent"


def _objects(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    for found in pdf.objects:
        if isinstance(found, pikepdf.Dictionary | pikepdf.Stream):
            yield found


def _fonts(pdf: pikepdf.Pdf) -> Iterator[str]:
    descriptors = [it for it in _objects(pdf) if it.get("/Type") == "/FontDescriptor"]
    if not descriptors:
        yield "no font"
    for it in descriptors:
        if not any(name in it for name in ("/FontFile", "/FontFile2", "/FontFile3")):
            yield f"font not embedded: {it.get('/FontName')}"


def _attachment(pdf: pikepdf.Pdf) -> Iterator[str]:
    associated = list(pdf.Root.get("/AF", []))
    if [str(it.get("/UF")) for it in associated] != ["factur-x.xml"]:
        yield "factur-x.xml is not the associated file"
        return
    specification = associated[0]
    if specification.get("/AFRelationship") != "/Alternative":
        yield "no AFRelationship"
    embedded = specification.EF.F
    if embedded.get("/Subtype") != "/text/xml" or "/ModDate" not in embedded.get("/Params", {}):
        yield "the attachment has no type or date"
    if "factur-x.xml" not in pdf.attachments:
        yield "factur-x.xml is not among the attachments"


def _actions(pdf: pikepdf.Pdf) -> Iterator[str]:
    if "/JavaScript" in pdf.Root.get("/Names", {}) or "/AA" in pdf.Root:
        yield "actions"
    for it in _objects(pdf):
        if it.get("/S") in _FORBIDDEN_ACTIONS:
            yield f"action {it.get('/S')}"
