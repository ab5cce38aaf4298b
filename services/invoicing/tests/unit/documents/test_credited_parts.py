"""A credit note of any part of any invoice is exactly of that amount, and passes the rules that platforms apply."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lines_examples import accepting, contested, document_of, issued, line
from lxml import etree
from public_rules import PublicRules
from test_public_rules import _assert_passes

from lettra_invoicing.documents.cii import cii_xml

LINES = st.builds(
    lambda price, quantity, rate: line(str(price), str(quantity), rate),
    st.decimals("0.01", "9999.99", places=2),
    st.decimals("0.5", "200", places=1),
    st.sampled_from(["20", "10", "5.5", "2.1"]),
)
SOME_LINES = st.lists(LINES, min_size=1, max_size=8)


def credited(lines, part):
    """The document of the credit note of a part of an invoice (0 to 1), and what it was for."""
    history = issued(*lines)
    gross = history.workspace.staged[-1].event.gross
    amount = max(Decimal("0.01"), (gross * part).quantize(Decimal("0.01")))
    outcome = history.when(accepting(contested(history, str(amount))))
    assert outcome.error is None, outcome.error
    return document_of(history, "AV-000001"), amount


@given(SOME_LINES, st.decimals("0", "1", places=3))
@settings(max_examples=150)
def test_it_is_of_that_amount_to_the_cent(lines, part):
    """Guards: _shares leaves no cent over, and VAT is within the amount (decider/crediting.py).

    That it is a document at all says that our own rules hold.
    """
    found, amount = credited(lines, part)
    assert (found.totals.gross, found.totals.due) == (amount, amount)
    of_rate = sorted((each.vat_rate, each.net) for each in found.lines)
    bases = {rate: sum(net for _, net in each) for rate, each in groupby(of_rate, key=lambda pair: pair[0])}
    for share in found.vat_breakdown:
        assert share.base == bases[share.rate]
        assert abs(share.amount - share.base * share.rate / 100) <= Decimal("0.011")


@given(SOME_LINES, st.decimals("0", "1", places=3))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_passes_the_public_rules(rules: PublicRules, lines, part) -> None:
    """EN 16931, French CTC, Factur-X and the schema; a credit note (381) that names its invoice."""
    found, _amount = credited(lines, part)
    xml = cii_xml(found)
    _assert_passes(rules, xml)
    root = etree.fromstring(xml)
    assert root.findtext(".//{*}ExchangedDocument/{*}TypeCode") == "381"
    assert root.findtext(".//{*}InvoiceReferencedDocument/{*}IssuerAssignedID") == "FA-000001"


def test_an_amount_that_is_no_base_and_its_rounded_vat_passes_the_public_rules(rules: PublicRules) -> None:
    found, amount = credited([line("100.00")], Decimal("0.00025"))
    assert (amount, found.totals.vat) == (Decimal("0.03"), Decimal("0.01"))
    _assert_passes(rules, cii_xml(found))
