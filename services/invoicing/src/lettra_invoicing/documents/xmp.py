"""The metadata that says that a PDF carries an invoice as data: the extension schema of Factur-X. Pure."""

from __future__ import annotations

from lxml import etree

ATTACHMENT = "factur-x.xml"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_EXTENSION = "http://www.aiim.org/pdfa/ns/extension/"
_SCHEMA = "http://www.aiim.org/pdfa/ns/schema#"
_PROPERTY = "http://www.aiim.org/pdfa/ns/property#"
FACTUR_X = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
# Name, value and description of each property.
_PROPERTIES = (
    ("DocumentFileName", ATTACHMENT, "The name of the embedded XML document"),
    ("DocumentType", "INVOICE", "The type of the hybrid document in capital letters, e.g. INVOICE or ORDER"),
    ("Version", "1.0", "The actual version of the standard applying to the embedded XML document"),
    ("ConformanceLevel", "EN 16931", "The conformance level of the embedded XML document"),
)


def with_factur_x(metadata: bytes) -> bytes:
    """PDF/A metadata with the properties of Factur-X and the description of their schema added."""
    packet = etree.fromstring(metadata)
    rdf = packet.find(f"{{{_RDF}}}RDF")
    schemas = packet.find(f".//{{{_EXTENSION}}}schemas/{{{_RDF}}}Bag")
    if rdf is None or schemas is None:
        raise ValueError("the metadata of the PDF has no extension schemas to add to")
    schemas.append(_schema())
    about = {f"{{{_RDF}}}about": ""}
    description = etree.SubElement(rdf, f"{{{_RDF}}}Description", about, nsmap={"fx": FACTUR_X})
    for name, value, _words in _PROPERTIES:
        etree.SubElement(description, f"{{{FACTUR_X}}}{name}").text = value
    inner = etree.tostring(packet, encoding="UTF-8")
    begin = '<?xpacket begin="\N{ZERO WIDTH NO-BREAK SPACE}" id="W5M0MpCehiHzreSzNTczkc9d"?>'.encode()
    return begin + inner + b'<?xpacket end="r"?>'


def _resource(parent: etree._Element) -> etree._Element:
    return etree.SubElement(parent, f"{{{_RDF}}}li", {f"{{{_RDF}}}parseType": "Resource"})


def _schema() -> etree._Element:
    item = etree.Element(f"{{{_RDF}}}li", {f"{{{_RDF}}}parseType": "Resource"})
    etree.SubElement(item, f"{{{_SCHEMA}}}schema").text = "Factur-X PDFA Extension Schema"
    etree.SubElement(item, f"{{{_SCHEMA}}}namespaceURI").text = FACTUR_X
    etree.SubElement(item, f"{{{_SCHEMA}}}prefix").text = "fx"
    sequence = etree.SubElement(etree.SubElement(item, f"{{{_SCHEMA}}}property"), f"{{{_RDF}}}Seq")
    for name, _value, words in _PROPERTIES:
        described = _resource(sequence)
        etree.SubElement(described, f"{{{_PROPERTY}}}name").text = name
        etree.SubElement(described, f"{{{_PROPERTY}}}valueType").text = "Text"
        etree.SubElement(described, f"{{{_PROPERTY}}}category").text = "external"
        etree.SubElement(described, f"{{{_PROPERTY}}}description").text = words
    return item
