"""The printed document: all that the law wants to be read is there, and the file is a Factur-X of structure."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pikepdf
import pypdfium2
import pytest
import zxingcpp
from document_examples import (
    COMPANY,
    CREDIT_NOTE,
    EXAMPLES,
    FINAL_INVOICE,
    IN_DOLLARS,
    INTRA_COMMUNITY,
    INVOICE,
    PERSON_INVOICE,
    PUBLIC_INVOICE,
    REVERSE_CHARGE,
    document,
    many_lines,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from pdf_a import problems
from pydantic import TypeAdapter, ValidationError

from lettra_documents.typesetting import NotPrinted
from lettra_invoicing.documents.cii import cii_xml
from lettra_invoicing.documents.epc import epc_payload
from lettra_invoicing.documents.parts import Line1000
from lettra_invoicing.documents.pdf import factur_x


def _text(pdf: bytes) -> str:
    """What a reader sees, with single blanks between the words."""
    with pypdfium2.PdfDocument(pdf) as opened:
        return " ".join(" ".join(page.get_textpage().get_text_range().split()) for page in opened)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_kind_of_document_has_the_structure_of_factur_x(name: str) -> None:
    made = document(EXAMPLES[name])
    pdf = factur_x(made)
    assert problems(pdf) == []
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert opened.attachments["factur-x.xml"].get_file().read_bytes() == cii_xml(made)
        assert str(opened.docinfo["/Title"]).endswith(made.number)


# The mentions of C. com. L441-9 and CGI ann. II 242 nonies A, as they must be read on paper.
_OF_THE_INVOICE = [
    "Facture FA-2026-000123",
    "24/11/2026",
    "20/11/2026",
    "Lumière & Fils SAS",
    "SAS au capital de 100 000 EUR, RCS Paris 732 829 320",
    "SIREN 732829320",
    "SIRET 73282932000074",
    "FR44732829320",
    "12 rue de l'Écluse",
    "75010 Paris",
    "Société Générale des Œuvres",
    "SIREN 552120222",
    "FR27552120222",
    "69002 Lyon",
    "Livraison de biens et prestation de services",
    "Serrure à 3 points",
    "Remise: Remise de fidélité",
    "3 pièces",
    "99,995",
    "-10,00",
    "289,99",
    "1,5 heure",
    "20 % 289,99 58,00",
    "10 % 72,00 7,20",
    "Total HT 361,99 EUR",
    "Total TVA 65,20 EUR",
    "Total TTC 427,19 EUR",
    "Net à payer 427,19 EUR",
    "24/12/2026 427,19 EUR",
    "Pas d'escompte pour paiement anticipé.",
    "12,15 % par an (taux de la BCE majoré de 10 points)",
    "exigibles sans rappel le jour suivant la date de règlement (art. L441-10 du code de commerce)",
    "40,00 EUR (art. D441-5 du code de commerce)",
    "FR76 3000 6000 0112 3456 7890 189",
    "AGRIFRPP",
    "RF31 FA20 2600 0123",
    "PO-4711",
    "Merci de votre confiance.",
]
READ: list[tuple[str, dict[str, Any], list[str]]] = [
    ("invoice", INVOICE, _OF_THE_INVOICE),
    (
        "final",
        FINAL_INVOICE,
        [
            "Facture définitive FA-2026-000130",
            "Option pour le paiement de la taxe d'après les débits",
            "AC-2026-000001 01/10/2026 300,00 60,00 360,00",
            "Acomptes déduits -360,00 EUR",
            "Net à payer 840,00 EUR",
            "24/12/2026 420,00 EUR",
            "24/01/2027 420,00 EUR",
            "Escompte de 2 % pour paiement au plus tard le 04/12/2026.",
            "30 jours net",
            "10 jours",
        ],
    ),
    (
        "English",
        {**FINAL_INVOICE, "language": "en"},
        [
            "Final invoice FA-2026-000130",
            "Issue date 24 November 2026",
            "Supply of services",
            "Total with VAT EUR 1,200.00",
            "Amount due EUR 840.00",
            "Discount of 2% for payment by 4 December 2026 (escompte).",
            "EUR 40.00 (art. D441-5 du code de commerce)",
            "12.15% a year",
        ],
    ),
    (
        "credit note",
        CREDIT_NOTE,
        [
            "Avoir AV-2026-000007",
            "Corrige la facture FA-2026-000123 du 24/11/2026",
            "Net en votre faveur 427,19 EUR",
        ],
    ),
    (
        "public body",
        PUBLIC_INVOICE,
        [
            "SERVICE-12",
            "2026-MAPA-3",
            "01/11/2026 - 20/11/2026",
            "art. D2192-35 du code de la commande publique",
            "art. R2192-31 du code de la commande publique",
        ],
    ),
    ("private person", PERSON_INVOICE, ["Zoé Lefèvre", "sans objet (client non professionnel)"]),
    (
        "reverse charge",
        REVERSE_CHARGE,
        ["Reverse charge (Autoliquidation) - art. 283-2 du CGI", "DE136695976"],
    ),
    (
        "within the Union",
        INTRA_COMMUNITY,
        ["Exonération de TVA, art. 262 ter I du CGI", "Delivery address Hauptstraße 5 10827 Berlin DE"],
    ),
    ("in dollars", IN_DOLLARS, ["Net à payer 427,19 USD", "Total TVA en euros 60,37 EUR"]),
]


@pytest.mark.parametrize(("base", "mentions"), [it[1:] for it in READ], ids=[it[0] for it in READ])
def test_all_mentions_can_be_read(base: dict[str, Any], mentions: list[str]) -> None:
    text = _text(factur_x(document(base)))
    assert [mention for mention in mentions if mention not in text] == []


def _codes(pdf: bytes) -> list[str]:
    with pypdfium2.PdfDocument(pdf) as opened:
        pictures = [page.render(scale=2).to_pil() for page in opened]
    return [code.text for picture in pictures for code in zxingcpp.read_barcodes(picture)]


def test_the_qr_code_on_paper_is_read_by_a_scanner() -> None:
    made = document(INVOICE)
    assert _codes(factur_x(made)) == [epc_payload(made)]


def test_a_credit_note_asks_for_no_payment() -> None:
    pdf = factur_x(document(CREDIT_NOTE))
    assert _codes(pdf) == []
    assert "IBAN" not in _text(pdf)


# ---- Pure ----

_IN_ANOTHER_PROCESS = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from document_examples import INVOICE, document
from lettra_invoicing.documents.parts import Line1000
from lettra_invoicing.documents.pdf import factur_x
print(hashlib.sha256(factur_x(document(INVOICE))).hexdigest())
"""


def test_the_same_document_gives_the_same_bytes_also_in_another_process_and_another_zone() -> None:
    """Guard: `deterministic_id`, the fixed timestamp, and no fonts of the machine."""
    mine = hashlib.sha256(factur_x(document(INVOICE))).hexdigest()
    command = [sys.executable, "-c", _IN_ANOTHER_PROCESS, str(Path(__file__).parent)]
    environment = {"TZ": "Pacific/Auckland", "PYTHONHASHSEED": "7", "LC_ALL": "C"}
    others = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert others.stdout.strip() == mine


def test_threads_do_not_disturb_each_other() -> None:
    made = [document(INVOICE, number=f"F-{i}") for i in range(12)]
    alone = [factur_x(it) for it in made]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(factur_x, made)) == alone


# ---- What is unusual ----


def test_markup_in_a_text_is_printed_as_it_is() -> None:
    name = '#panic("x") *bold* $1+1$ <b> \\ "quoted" @ref = [c]'
    lines = [{**INVOICE["lines"][0], "name": name}, INVOICE["lines"][1]]
    text = _text(factur_x(document(INVOICE, lines=lines)))
    assert name.replace('"', "”") in text.replace("“", "”").replace("«", "”").replace("»", "”").replace(
        '"', "”"
    )


def test_long_words_are_broken_and_run_into_nothing() -> None:
    """Guard: `_breakable`; without it the buyer's name lies over the seller's, and a line's name over its amounts."""
    made = document(
        INVOICE,
        number="F" * 35,
        seller={**INVOICE["seller"], "name": "K" * 200},
        buyer={**COMPANY, "name": "W\N{NO-BREAK SPACE}" * 99 + "W"},
        lines=[{**INVOICE["lines"][0], "name": "X" * 200}, INVOICE["lines"][1]],
    )
    pdf = factur_x(made)
    with pypdfium2.PdfDocument(pdf) as opened:
        text = opened[0].get_textpage()
        boxes = [(text.get_text_range(i, 1), text.get_charbox(i)) for i in range(text.count_chars())]
    # Without the foot of the page, where the seller is named again.
    letters = [(letter, box) for letter, box in boxes if box[1] > 60]
    right = {it: max(box[2] for letter, box in letters if letter == it) for it in "KWX"}
    left = {it: min(box[0] for letter, box in letters if letter == it) for it in "KWX"}
    assert right["K"] < left["W"]
    assert right["W"] < 545
    assert right["X"] < _text_left(letters, "3 pièces")
    with pikepdf.open(io.BytesIO(pdf)) as opened_again:
        assert str(opened_again.docinfo["/Title"]) == "Facture " + "F" * 35


def _text_left(letters: list[tuple[str, tuple[float, ...]]], words: str) -> float:
    start = "".join(letter for letter, _box in letters).index(words)
    return letters[start][1][0]


_european = st.text(
    st.characters(max_codepoint=0x22FF, categories=["L", "M", "N", "P", "S", "Zs"]), max_size=60
)


@given(_european | st.text(max_size=60), _european)
@settings(max_examples=40)
def test_any_text_is_printed_or_refused_by_its_field(name: str, note: str) -> None:
    """Guard: the blocks of characters in `parts`. Of a text that is taken, the data inside holds every character."""
    pdf, refused = _printed_or_refused(name, note)
    if pdf is None:
        assert refused in ({"buyer"}, {"notes"}, {"buyer", "notes"})
        return
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        data = etree.fromstring(opened.attachments["factur-x.xml"].get_file().read_bytes())
    assert data.findtext(".//{*}BuyerTradeParty/{*}Name") == normalize("NFC", name.strip())
    assert data.findtext(".//{*}IncludedNote/{*}Content") == normalize("NFC", note.strip())


def _printed_or_refused(name: str, note: str) -> tuple[bytes | None, set[str]]:
    """The document, or the fields that were refused."""
    try:
        made = document(INVOICE, buyer={**COMPANY, "name": name}, notes=[note])
    except ValidationError as error:
        return None, {str(it["loc"][0]) for it in error.errors()}
    return factur_x(made), set()


def test_every_character_that_a_document_may_have_is_in_the_fonts() -> None:
    """Guard: the blocks in `parts` (without a glyph PDF/A would forbid the file, and the typesetter refuses it)."""
    taken = [chr(code) for code in range(0x21, 0x2400) if _is_taken(chr(code))]
    assert {"é", "Œ", "€", "ß", "Ω", "Я", "₫", "→", "√"} <= set(taken)
    assert len(taken) > 2_000
    notes = [" ".join(taken[i : i + 300]) for i in range(0, len(taken), 300)]
    for some in (notes[:4], notes[4:]):
        assert problems(factur_x(document(INVOICE, notes=some))) == []


def _is_taken(character: str) -> bool:
    try:
        TypeAdapter(Line1000).validate_python(character)
    except ValidationError:
        return False
    return True


def test_greek_and_cyrillic_names_are_printed() -> None:
    for name in ("Αθήνα ΑΕ", "Общество Ёлка", "Łódź Żółć", "İstanbul Şirketi"):
        assert name in _text(factur_x(document(INVOICE, buyer={**COMPANY, "name": name})))


_NOT_IN_THE_FONTS = "漢字"
_MAKES_THE_TYPESETTER_PANIC = " ".join(chr(code) for code in range(0x625, 0x664) if chr(code).isprintable())


@pytest.mark.parametrize("note", [_NOT_IN_THE_FONTS, _MAKES_THE_TYPESETTER_PANIC], ids=["error", "panic"])
def test_a_failure_of_the_typesetter_is_an_error_that_names_the_document(note: str) -> None:
    """Guard: the `except` in `typeset`. Validation refuses such texts; here they come past it."""
    made = document(INVOICE).model_copy(update={"notes": (note,)})
    with pytest.raises(NotPrinted, match="The document FA-2026-000123 could not be typeset"):
        factur_x(made)


def test_a_thousand_lines_take_several_pages_with_their_heads() -> None:
    pdf = factur_x(many_lines(1000))
    assert problems(pdf) == []
    with pypdfium2.PdfDocument(pdf) as opened:
        assert len(opened) > 10
        texts = [page.get_textpage().get_text_range() for page in opened]
    assert sum(text.count("Article ") for text in texts) == 1000
    assert all("Désignation" in text for text in texts[:-1])
    assert f"Page {len(texts)}/{len(texts)}" in texts[-1]


_MANY_LONG_DOCUMENTS = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from document_examples import many_lines
from lettra_invoicing.documents.parts import Line1000
from lettra_invoicing.documents.pdf import factur_x
def megabytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 // 1_000_000
for lines in (300, 301):
    factur_x(many_lines(lines))
before = megabytes()
for lines in range(302, 308):
    factur_x(many_lines(lines))
print(megabytes() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_long_documents_leave_no_memory_behind() -> None:
    """Guard: `_forget` of the typesetting; without it each of the six would stay, 20 MB apiece."""
    command = [sys.executable, "-c", _MANY_LONG_DOCUMENTS, str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 60


# ---- The look at the structure itself sees what is broken ----


def _without_af(pdf: pikepdf.Pdf) -> None:
    del pdf.Root["/AF"]


def _without_relationship(pdf: pikepdf.Pdf) -> None:
    del pdf.Root.AF[0]["/AFRelationship"]


def _without_intent(pdf: pikepdf.Pdf) -> None:
    del pdf.Root["/OutputIntents"]


def _without_metadata(pdf: pikepdf.Pdf) -> None:
    del pdf.Root["/Metadata"]


def _of_another_part(pdf: pikepdf.Pdf) -> None:
    pdf.Root.Metadata.write(pdf.Root.Metadata.read_bytes().replace(b"pdfaid:part>3<", b"pdfaid:part>2<"))


def _without_schema(pdf: pikepdf.Pdf) -> None:
    xmp = pdf.Root.Metadata.read_bytes()
    pdf.Root.Metadata.write(xmp.replace(b"namespaceURI>urn:factur-x", b"namespaceURI>urn:other"))


def _without_font_file(pdf: pikepdf.Pdf) -> None:
    for it in pdf.objects:
        if isinstance(it, pikepdf.Dictionary) and it.get("/Type") == "/FontDescriptor":
            for name in ("/FontFile", "/FontFile2", "/FontFile3"):
                if name in it:
                    del it[name]


def _with_script(pdf: pikepdf.Pdf) -> None:
    action = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    pdf.Root.OpenAction = pdf.make_indirect(action)


@pytest.mark.parametrize(
    ("breaks", "sentence"),
    [
        (_without_af, "factur-x.xml is not the associated file"),
        (_without_relationship, "no AFRelationship"),
        (_without_intent, "no ICC output intent"),
        (_without_metadata, "no metadata"),
        (_of_another_part, "not PDF/A-3b by its metadata"),
        (_without_schema, "no Factur-X extension schema"),
        (_without_font_file, "font not embedded"),
        (_with_script, "action /JavaScript"),
    ],
)
def test_a_broken_structure_is_seen(breaks: Callable[[pikepdf.Pdf], None], sentence: str) -> None:
    broken = io.BytesIO()
    with pikepdf.open(io.BytesIO(factur_x(document(INVOICE)))) as pdf:
        breaks(pdf)
        pdf.save(broken)
    assert any(it.startswith(sentence) for it in problems(broken.getvalue()))


def test_an_encrypted_file_is_seen() -> None:
    encrypted = io.BytesIO()
    with pikepdf.open(io.BytesIO(factur_x(document(INVOICE)))) as pdf:
        pdf.save(encrypted, encryption=pikepdf.Encryption(owner="o", user=""))
    assert "encrypted" in problems(encrypted.getvalue())
