"""What payers write: the texts and references of the demo's transfers, as people and their programs write them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from lettra_tools.demo.model import Habit, Payment

_NAME_CHARS_MAX = 35
_FORMS = ("SAS", "SARL", "SA", "GMBH", "LTD")
_AROUND_A_NUMBER = (
    "{}",
    "FACTURE {}",
    "Invoice {}",
    "REGLT FACT {} MERCI",
    "/INV/{}",
    "Votre facture {} du mois",
    "PAIEMENT FACTURE NO {} / COMPTA",
)
_AROUND_A_PART = ("ACOMPTE FACTURE {}", "{} VERSEMENT PARTIEL", "SUITE ACCORD, FACT {}")
_AROUND_SEVERAL = ("FACTURES {}", "{}", "Invoices {}")
_BETWEEN = (", ", " ", " + ", "; ", " / ")
_NOTHING = (
    None,
    "NOTPROVIDED",
    "REGLEMENT",
    "VIREMENT CLIENT",
    "LOYER ANNEE 2012",
    "SOLDE DE TOUT COMPTE",
    "MERCI",
)
_BETWEEN_GROUPS = (" ", "/", "-", ".")
_DIGITS_IN_A_GROUP = 3


@dataclass(frozen=True)
class Document:
    """What a payer reads on the paper: the number, and the reference if there is one."""

    number: str
    reference: str | None


@dataclass(frozen=True)
class Remittance:
    """What goes with a transfer."""

    structured: str | None
    text: str | None


def write_remittance(payment: Payment, documents: Mapping[str, Document], seed: int) -> Remittance:
    """What the payer writes; the same for the same payment, documents and seed."""
    random = Random(f"remittance {seed} {payment.ref}")  # noqa: S311 - figures of a demo, to be the same again
    if payment.words is not None:
        return Remittance(None, payment.words.format(*(documents[key].number for key in payment.names)))
    if not payment.names:
        return Remittance(None, random.choice(_NOTHING))
    papers = [documents[key] for key in payment.names]
    match payment.habit:
        case Habit.REFERENCE:
            return Remittance(_reference(papers[0]), random.choice((None, None, "MERCI", "FACTURE")))
        case Habit.REFERENCE_IN_TEXT:
            return Remittance(None, _reference_in_groups(_reference(papers[0]), random))
        case Habit.NUMBER_APART:
            return Remittance(None, random.choice(_AROUND_A_NUMBER).format(_apart(papers[0].number, random)))
        case Habit.SEVERAL:
            numbers = random.choice(_BETWEEN).join(paper.number for paper in papers)
            return Remittance(None, random.choice(_AROUND_SEVERAL).format(numbers))
        case Habit.PARTIAL:
            return Remittance(None, random.choice(_AROUND_A_PART).format(papers[0].number))
    return Remittance(None, random.choice(_AROUND_A_NUMBER).format(papers[0].number))


def _reference(paper: Document) -> str:
    if paper.reference is None:
        raise ValueError(f"{paper.number} has no reference to be paid by")
    return paper.reference


def _reference_in_groups(reference: str, random: Random) -> str:
    """Groups of four, as the standard prints them; some write small letters, or something behind."""
    grouped = " ".join(reference[at : at + 4] for at in range(0, len(reference), 4))
    around = random.choice(
        ("{}", "REF {}", "REF: {}", "{} MERCI", "{} FACTURE", "{} DU 18", "{} FACT DU 03 04")
    )
    text = around.format(grouped)
    return text.lower() if random.random() < 0.3 else text


def _apart(number: str, random: Random) -> str:
    """The same letters and digits with other separators, or in small letters where there are letters."""
    between = random.choice(_BETWEEN_GROUPS)
    if number.isdigit():
        return between.join(
            number[at : at + _DIGITS_IN_A_GROUP] for at in range(0, len(number), _DIGITS_IN_A_GROUP)
        )
    way = random.choice(("small", "joined", "apart"))
    if way == "small":
        return number.lower()
    series, _, count = number.partition("-")
    if way == "joined":
        return f"{series}{count}"
    letters = series.rstrip("0123456789")
    return between.join(part for part in (letters, series[len(letters) :], count) if part)


def on_the_statement(name: str, random: Random) -> str:
    """The name as a bank prints it: capitals without accents, cut, sometimes with the legal form in front."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().upper()
    head, _, form = plain.rpartition(" ")
    if form in _FORMS and random.random() < 0.25:
        plain = f"{form} {head}"
    return plain[:_NAME_CHARS_MAX]
