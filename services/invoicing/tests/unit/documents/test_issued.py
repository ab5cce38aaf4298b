"""What is issued here from lines is read on paper with every mention of the law, and passes the public rules."""

from __future__ import annotations

import pytest
from invoicing_examples import CUSTOMER_REGISTERED, SIREN
from lines_examples import document_of, issued, issuing, line
from public_rules import PublicRules
from test_pdf import _text
from test_public_rules import _assert_passes

from lettra_invoicing.documents.cii import cii_xml
from lettra_invoicing.documents.pdf import factur_x

LINES = line("100.00", "3", discount="10.00"), line("9.99", rate="5.5")
PARTS = [{"due_date": "2026-01-15", "percent": "30"}, {"due_date": "2026-02-15", "percent": "70"}]


def test_every_mention_that_the_law_wants_is_on_paper():
    """C. com. L441-9 and D441-5, CGI ann. II 242 nonies A; what is due by hand: 290 x 1.2 + 9.99 x 1.055 = 358.54."""
    history = issued(*LINES, due_date=None, terms="45D-EOM 2%/8D")
    text = _text(factur_x(document_of(history, "FA-000001")))
    mentions = [
        "Facture FA-000001",
        "Date d'émission 05/01/2026",
        "Date de livraison ou d'exécution 04/01/2026",
        "Livraison de biens",
        f"SIREN {SIREN}",
        "FR96552100554",
        f"SIREN {CUSTOMER_REGISTERED.siren}",
        "Dupont",
        "1 rue X",
        "28/02/2026",
        "358,54 EUR",
        "Escompte de 2 % pour paiement",
        "13/01/2026",
        "12,15 %",
        "40,00 EUR (art. D441-5 du code de commerce)",
    ]
    assert [mention for mention in mentions if mention not in text] == []


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"due_date": None, "terms": "EOM-45D 2%/8D"},
        {"due_date": None, "instalments": PARTS},
        {"deposit": True, "delivery_date": None},
        {"currency": "USD", "vat_in_euros": "50.00"},
    ],
    ids=["invoice", "discount", "instalments", "deposit", "dollars"],
)
def test_it_passes_the_public_rules(rules: PublicRules, changes) -> None:
    _assert_passes(rules, cii_xml(document_of(issued(*LINES, **changes), "FA-000001")))


def test_a_final_invoice_passes_the_public_rules(rules: PublicRules) -> None:
    history = issued(line("50.00"), deposit=True, series="AC")
    final = history.when(issuing(*LINES, deposits=[{"document_number": "AC-000001"}]))
    assert final.error is None, final.error
    found = document_of(history, "FA-000001")
    assert (found.kind, found.totals.prepaid) == ("final_invoice", 60)
    _assert_passes(rules, cii_xml(found))
