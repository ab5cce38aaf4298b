"""What is issued here passes the rules that platforms apply: EN 16931, French CTC, Factur-X, and the schema."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from document_examples import EXAMPLES, INVOICE, document, many_lines
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from public_rules import EN, PublicRules

from lettra_invoicing.documents.amounts import add_up, line_net, vat_breakdown
from lettra_invoicing.documents.cii import cii_xml
from lettra_invoicing.documents.codes import ADDRESS_SCHEMES, COUNTRIES
from lettra_invoicing.documents.model import InvoiceDocument
from lettra_invoicing.documents.parts import Instalment, Line

# The schema wants the element ApplicableHeaderTradeDelivery, and it is empty where nothing is said of a delivery.
_EMPTY_ELEMENT = "FX-SCH-A-000372"


def _assert_passes(rules: PublicRules, xml: bytes) -> None:
    verdict = rules.judge(xml)
    assert (verdict.schema, verdict.en, verdict.french, verdict.factur_x) == ("", set(), set(), set())
    assert verdict.warnings <= {_EMPTY_ELEMENT}
    assert verdict.fired > 50


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_kind_of_document_passes(name: str, rules: PublicRules) -> None:
    _assert_passes(rules, cii_xml(document(EXAMPLES[name])))


def test_a_long_document_passes(rules: PublicRules) -> None:
    _assert_passes(rules, cii_xml(many_lines(300)))


_amounts = st.decimals("0", "99999.99999", places=5)
_lines = st.builds(
    lambda quantity, price, rate: Line(
        name="Article",
        quantity=quantity,
        unit="C62",
        price=price,
        discount=Decimal("0.01") if price else Decimal(0),
        vat_category="S",
        vat_rate=rate,
        net=line_net(quantity, price, Decimal("0.01") if price else Decimal(0), "EUR"),
    ),
    st.decimals("-20", "9999.9999", places=4),
    _amounts,
    st.sampled_from([Decimal(rate) for rate in ("20", "10", "5.5", "2.1")]),
)


@given(st.lists(_lines, min_size=1, max_size=12))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_amounts_of_any_lines_add_up_for_the_public_rules(rules: PublicRules, lines: list[Line]) -> None:
    """Guard: the rounding in `amounts` (the public rules recompute every sum)."""
    breakdown = vat_breakdown(lines, "EUR")
    totals = add_up(breakdown)
    if totals.net < 0 or totals.gross < 0:
        return
    due = totals.due
    instalments = (Instalment(due_date=date(2026, 12, 24), amount=due),) if due else ()
    made = InvoiceDocument.model_validate(
        {**INVOICE, "lines": lines, "vat_breakdown": breakdown, "totals": totals, "instalments": instalments}
    )
    _assert_passes(rules, cii_xml(made))


# ---- The harness itself: it passes what others say is right, and sees what is broken ----

_PUBLIC = [f"CII_example{i}.xml" for i in range(1, 10)] + [
    "CII_business_example_01.xml",
    "CII_business_example_02.xml",
    "CII_business_example_Z.xml",
    "CII-BR-CO-10-RoundingIssue.xml",
    "XRechnung-O.xml",
    "huf_example_cii.xml",
]


@pytest.mark.parametrize("name", _PUBLIC)
def test_the_public_examples_pass_the_european_rules_and_not_the_french(
    name: str, rules: PublicRules, einvoice: Path
) -> None:
    """Their publisher says that they are valid; none of them is French."""
    verdict = rules.judge((einvoice / "en16931-cii/examples" / name).read_bytes())
    assert verdict.en == set()
    assert {"BR-FR-05_BT-22_PMT", "BR-FR-08_BT-23", "BR-FR-10_BT-30"} <= verdict.french


def test_a_broken_total_of_a_public_example_is_seen(rules: PublicRules, einvoice: Path) -> None:
    xml = (einvoice / "en16931-cii/examples/CII_example2.xml").read_bytes()
    broken = re.sub(rb"(<ram:DuePayableAmount[^>]*>)[^<]*", rb"\g<1>1.00", xml)
    assert rules.judge(broken).en == {"BR-CO-16"}


@pytest.mark.parametrize(
    ("pattern", "put", "european", "french"),
    [
        (rb"<ram:DuePayableAmount>427.19", rb"<ram:DuePayableAmount>427.20", {"BR-CO-16"}, set()),
        (rb"<ram:GrandTotalAmount>427.19", rb"<ram:GrandTotalAmount>427.18", {"BR-CO-15", "BR-CO-16"}, set()),
        (rb"<ram:SubjectCode>PMT</ram:SubjectCode>", rb"", set(), {"BR-FR-05_BT-22_PMT"}),
        (rb"FA-2026-000123</ram:ID>", rb"FA 2026</ram:ID>", set(), {"BR-FR-02_BT-1"}),
        (rb"<ram:ID>M1</ram:ID>", rb"<ram:ID>X1</ram:ID>", set(), {"BR-FR-08_BT-23"}),
    ],
)
def test_a_broken_document_of_ours_is_seen(
    rules: PublicRules, pattern: bytes, put: bytes, european: set[str], french: set[str]
) -> None:
    xml = cii_xml(document())
    broken = xml.replace(pattern, put)
    assert broken != xml
    verdict = rules.judge(broken)
    assert (verdict.en, verdict.french) == (european, french)


def test_a_misplaced_element_is_seen_by_the_schema(rules: PublicRules) -> None:
    root = etree.fromstring(cii_xml(document()))
    root.append(root[0])
    assert "ExchangedDocumentContext" in rules.judge(etree.tostring(root)).schema


@pytest.mark.parametrize(("rule", "ours"), [("BR-CL-14", COUNTRIES), ("BR-CL-25", ADDRESS_SCHEMES)])
def test_code_lists_are_those_of_the_rules(rule: str, ours: frozenset[str], einvoice: Path) -> None:
    published = (einvoice / EN).read_text(encoding="utf-8")
    found = published.index(f'<xsl:attribute name="id">{rule}</xsl:attribute>')
    test = published[published.rindex("<xsl:when test=", 0, found) : found]
    listed = re.search(r"contains\(' ([^']*) '", test)
    assert listed is not None
    assert set(listed[1].split()) == ours
