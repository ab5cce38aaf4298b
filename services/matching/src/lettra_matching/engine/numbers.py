"""What a document number is made of, and how well what somebody wrote agrees with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from lettra_matching.engine.text import canonical, fold, words

FULL, STRONG, LIKELY, WEAK, FAINT = 5, 4, 3, 2, 1
"""How much a written number says of an item: the whole number, all but its prefix, no year, digits only, anything."""

_ATOMS = re.compile(r"[A-Z]+|\d+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_SHORT_YEAR = re.compile(r"[1-4]\d")
_ZEROS_MORE_MAX = 4
"""How many zeros too many a form or a bookkeeper puts in front of a serial."""
_UNMISTAKABLE_DIGITS = 6
"""A number without letters is told from other figures by its length."""
_SPEAKING_CHARS = 5
_SPEAKING_DIGITS = 3

WORDS_FOR_INVOICE = words(
    "FACTURE FACTURES FACT FACTS FAC FACS FCT FCTS FA FAS F FRE FTE FRA INVOICE INVOICES INV INVS PIECE PCE PC"
    " RECHNUNG RECHNUNGEN RECHNUNGSNUMMER RECHNUNGSNR RECHNR RENR RG RE FATTURA FATTURE FATT FT FACTURA FACTURAS"
    " FACTUUR FACTUREN AVOIR AVOIRS AV AVR CREDIT CN GUTSCHRIFT"
)
"""Words for a document of ours."""
WORDS_FOR_OTHERS = words(
    "CDE CDES CMD CMDE COMMANDE COMMANDES BC BDC BON PO ORDER ORDERS CONTRAT CONTRATS CTR CTRT CT CONTRACT CLIENT"
    " CLT CPTE COMPTE CUSTOMER DOSSIER DOS DEVIS DEV BL LIVRAISON LOT TICKET MANDAT RUM ICS CHEQUE CHQ TEL AFFAIRE"
    " AFF CHANTIER PROJET MARCHE ABONNEMENT ABO ADHERENT POLICE SINISTRE BAIL ANNEE ANNUEL YEAR EXERCICE SIRET"
    " SIREN TVA AUFTRAG AUFTRAEGE BESTELLUNG BEST BESTELLNR VERTRAG RAHMENVERTRAG KUNDE KDNR KUNDENNR LIEFERSCHEIN"
    " PEDIDO CONTRATO CLIENTE ALBARAN ORDINE CONTRATTO DDT BESTELLING KLANT MANDATE"
)
"""Words that say that the number behind them is of something else."""


@dataclass(frozen=True, slots=True)
class Anatomy:
    """`FA-2026-000123`: prefix FA, heads 2026 or 26, serial 000123, bare 123."""

    prefix: str
    heads: tuple[str, ...]
    serial: str
    bare: str
    canonical: str
    digits: str


@lru_cache(maxsize=65_536)
def anatomy(document_number: str) -> Anatomy:
    """The parts of a number; a number without any digit has an empty serial."""
    text = fold(document_number)
    groups = _ATOMS.findall(text)
    prefix = "".join(_leading_letters(groups))
    digits = [group for group in groups if group[0].isdigit()]
    head, serial = _split(digits)
    return Anatomy(prefix, _heads(head), serial, serial.lstrip("0"), canonical(text), "".join(digits))


def _leading_letters(groups: list[str]) -> list[str]:
    letters: list[str] = []
    for group in groups:
        if group[0].isdigit():
            break
        letters.append(group)
    return letters


def _split(groups: list[str]) -> tuple[str, str]:
    """What stands before the serial (years, months), and the serial; the year may stand last, or be glued to it."""
    if not groups:
        return "", ""
    *before, last = groups
    if before and not any(map(_YEAR.fullmatch, before)):
        short = len(last) == 2 and _SHORT_YEAR.fullmatch(last) and len(before[-1]) >= _SPEAKING_DIGITS
        if short or _YEAR.fullmatch(last):
            return last + "".join(before[:-1]), before[-1]
    if not before and len(last) >= 7 and _YEAR.match(last):
        return last[:4], last[4:]
    if not before and len(last) >= 7 and last[2] == "0":
        return last[:2], last[2:]
    return "".join(before), last


def _heads(head: str) -> tuple[str, ...]:
    """The head as it is, and with its year in two digits, or in four."""
    if _YEAR.match(head):
        return head, head[2:]
    if _SHORT_YEAR.match(head):
        return head, f"20{head}"
    return (head,) if head else ()


def agreement(letters: Sequence[str], digits: str, foreign: bool, item: Anatomy) -> int:
    """How much `digits` behind one of these `letters` say of this item; 0: they are not its number.

    `foreign`: what stands before the digits says that they are something else.
    """
    level = _digits_agree(digits, item)
    if level == 0:
        return 0
    same = item.prefix in letters or (not item.prefix and not letters)
    related = (same and bool(item.prefix)) or any(_related(each, item.prefix) for each in letters)
    if foreign and not related:
        return FAINT
    if level == FULL:
        return _whole(same, related, item)
    if level == STRONG:
        return STRONG if related or len(digits) >= _UNMISTAKABLE_DIGITS else WEAK
    if level == LIKELY:
        return LIKELY if related else WEAK
    return WEAK if related else FAINT


def _whole(same: bool, related: bool, item: Anatomy) -> int:
    """All digits are there. Of a number without letters or head, length alone tells it from any other figure."""
    if same and item.prefix and len(item.canonical) >= _SPEAKING_CHARS:
        return FULL
    if item.heads or len(item.digits) >= _UNMISTAKABLE_DIGITS:
        return STRONG if related or len(item.digits) > _UNMISTAKABLE_DIGITS else LIKELY
    return LIKELY if related else WEAK


def _digits_agree(digits: str, item: Anatomy) -> int:
    if not digits:
        return 0
    if digits == item.digits:
        return FULL
    for head in item.heads:
        rest = digits[len(head) :]
        if (
            rest
            and digits.startswith(head)
            and rest.lstrip("0") == item.bare
            and len(rest) <= len(item.serial) + _ZEROS_MORE_MAX
        ):
            long = len(head) >= 4 and len(rest) >= _SPEAKING_DIGITS
            return STRONG if long or rest == item.serial else LIKELY
    if digits.lstrip("0") != item.bare or len(digits) > len(item.serial) + _ZEROS_MORE_MAX:
        return 0
    return LIKELY if digits == item.serial and len(digits) >= 5 else WEAK


def _related(letters: str, prefix: str) -> bool:
    """Whether letters are a short form of the prefix, or a word for an invoice."""
    return letters in WORDS_FOR_INVOICE or (bool(prefix) and _within(letters, prefix))


def _within(short: str, long: str) -> bool:
    """Whether the letters stand in the prefix in this order, its first among them: FC in FACT."""
    rest = iter(long)
    return short[0] == long[0] and all(letter in rest for letter in short)
