"""Fixed words: what follows, the heads of tables, and what no message may or every message must say."""

from __future__ import annotations

import re
from typing import Literal

from lettra_notifications.domain.requests import Request
from lettra_notifications.domain.values import DebtorClass, Language, Step
from lettra_notifications.templates.written import day

_Next = Literal["nothing", "reminder", "call", "formal_notice", "handover"]
_FOLLOWS: dict[_Next, dict[Language, str]] = {
    "nothing": {
        "fr": "Nous attendons votre règlement au plus tard le {date}.",
        "en": "We look forward to your payment by {date}.",
    },
    "reminder": {
        "fr": "Sans règlement de votre part au {date}, nous reviendrons vers vous.",
        "en": "If your payment has not reached us by {date}, we will write to you again.",
    },
    "call": {
        "fr": "Sans règlement de votre part au {date}, nous vous appellerons pour convenir d'une solution.",
        "en": "If your payment has not reached us by {date}, we will call you to find a solution together.",
    },
    "formal_notice": {
        "fr": "Sans règlement de votre part au {date}, nous vous adresserons une mise en demeure.",
        "en": "If your payment has not reached us by {date}, we will send you a formal notice (mise en demeure).",
    },
    "handover": {
        "fr": "Sans règlement de votre part au {date}, nous confierons le dossier à notre service de recouvrement.",
        "en": "If your payment has not reached us by {date}, we will hand the case over for recovery.",
    },
}
_WITHOUT_DEMAND: dict[Step, dict[Language, str]] = {
    "credit_note": {
        "fr": "Cet avoir sera déduit de votre prochain règlement.",
        "en": "This credit note will be deducted from your next payment.",
    },
    "thanks": {
        "fr": "Vous n'avez rien d'autre à faire.",
        "en": "There is nothing more for you to do.",
    },
}
LABELS: dict[Language, dict[str, str]] = {
    "fr": {
        "number": "Pièce",
        "issued": "Date",
        "due": "Échéance",
        "reference": "Référence",
        "amount": "Montant",
        "total": "Total",
        "interest": "Intérêts de retard",
        "indemnity": "Indemnité de recouvrement",
        "pay": "Pour régler",
        "account_name": "Titulaire",
        "quote": "Référence à indiquer",
        "link": "Régler ou nous répondre en ligne",
        "qr": "À scanner avec votre application bancaire",
        "statement": "Relevé de compte",
        "omitted": "... et {more} autres lignes, voir le relevé",
        "on": "Le {date}",
    },
    "en": {
        "number": "Document",
        "issued": "Date",
        "due": "Due",
        "reference": "Reference",
        "amount": "Amount",
        "total": "Total",
        "interest": "Late interest",
        "indemnity": "Recovery compensation",
        "pay": "How to pay",
        "account_name": "Account holder",
        "quote": "Reference to quote",
        "link": "Pay or answer online",
        "qr": "Scan with your banking app",
        "statement": "Statement of account",
        "omitted": "... and {more} more lines: see the statement",
        "on": "{date}",
    },
}

_RANK_FR = (
    r"(?:\d+\s*(?:re|ère|er|e|è|ème|nde?)|premi[eè]re|deuxi[eè]me|seconde|troisi[eè]me|derni[eè]re|ultime)"
)
_RANK_EN = r"(?:\d+(?:st|nd|rd|th)|first|second|third|fourth|final|last)"
NEVER_SAID: dict[str, re.Pattern[str]] = {
    "the rank of a reminder": re.compile(
        rf"\brelances?\s*(?:n\s*[°ºo.]*\s*)?\d|\b{_RANK_FR}\s+(?:relance|rappel)\b|\brappels?\s*(?:n\s*[°ºo.]*\s*)\d"
        rf"|\breminders?\s*(?:n(?:o|r|umber)?\.?\s*|\#\s*)?\d|\b{_RANK_EN}\s+(?:reminder|notice|demand)\b",
        re.IGNORECASE,
    ),
    "the word relance": re.compile(r"\brelances?\b", re.IGNORECASE),
    "a threat that no law has": re.compile(
        r"\b(?:huissier|saisie|fichage|liste noire|blacklist(?:ed)?|bailiff)\b", re.IGNORECASE
    ),
}
THANKS = re.compile(r"\b(?:merci|remerci\w+|thanks?|thank)\b", re.IGNORECASE)
_COMMERCIAL = re.compile(
    r"L\.?\s?441-10|D\.?\s?441-5|\b40\s*(?:€|EUR)|indemnité forfaitaire|fixed compensation", re.I
)
_OF_COMPANIES_ONLY = re.compile(r"L\.?\s?441-10|D\.?\s?441-5", re.IGNORECASE)
_OF_PUBLIC_BUYERS_ONLY = re.compile(r"commande publique|R\.?\s?2192-31|D\.?\s?2192-35", re.IGNORECASE)
FORBIDDEN_FOR: dict[DebtorClass, tuple[re.Pattern[str], ...]] = {
    "company": (_OF_PUBLIC_BUYERS_ONLY,),
    "public": (_OF_COMPANIES_ONLY,),
    "private": (_COMMERCIAL, _OF_PUBLIC_BUYERS_ONLY),
}
"""Rules of law that do not hold for a debtor of this class."""
NOTICE_SAYS: dict[DebtorClass, re.Pattern[str]] = {
    "company": re.compile(r"L\.?\s?441-10"),
    "public": re.compile(r"R\.?\s?2192-31"),
    "private": re.compile(r"1231-6"),
}
"""The rule of law on which a formal notice to a debtor of this class rests."""
NAMES_ITSELF = re.compile(r"mise en demeure|formal notice", re.IGNORECASE)


def what_follows(request: Request) -> str:
    """One sentence: what happens next, and by when there is time."""
    without = _WITHOUT_DEMAND.get(request.step)
    if without is not None:
        return without[request.language]
    sentence = _FOLLOWS[request.follows.next][request.language]
    return sentence.format(date=day(request.follows.pay_by, request.language))
