"""What a document says in French and in English, on paper and in its data. Pure.

The articles of French law are named in both languages as they are in France.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from lettra_events.money import exponent_of
from lettra_invoicing.documents.model import InvoiceDocument, Language
from lettra_invoicing.documents.parts import EarlyPaymentDiscount

_SPACE = "\N{NO-BREAK SPACE}"
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

TITLES: dict[str, dict[Language, str]] = {
    "invoice": {"fr": "Facture", "en": "Invoice"},
    "credit_note": {"fr": "Avoir", "en": "Credit note"},
    "deposit_invoice": {"fr": "Facture d'acompte", "en": "Deposit invoice"},
    "final_invoice": {"fr": "Facture définitive", "en": "Final invoice"},
}
OPERATIONS: dict[str, dict[Language, str]] = {
    "goods": {"fr": "Livraison de biens", "en": "Supply of goods"},
    "services": {"fr": "Prestation de services", "en": "Supply of services"},
    "mixed": {
        "fr": "Livraison de biens et prestation de services",
        "en": "Supply of goods and services",
    },
}
VAT_ON_DEBITS: dict[Language, str] = {
    "fr": "Option pour le paiement de la taxe d'après les débits",
    "en": "VAT due on invoicing by option (option pour le paiement de la taxe d'après les débits)",
}
DISCOUNT: dict[Language, str] = {"fr": "Remise", "en": "Discount"}
# The law wants this very word on the invoice (CGI ann. II 242 nonies A, I 13).
REVERSE_CHARGE: dict[Language, str] = {"fr": "Autoliquidation", "en": "Reverse charge (Autoliquidation)"}


def written_number(value: Decimal, language: Language) -> str:
    """1 234,50 in French, 1,234.50 in English; as many decimals as the value has."""
    text = f"{value:,f}"
    return text if language == "en" else text.replace(",", _SPACE).replace(".", ",")


def written_amount(value: Decimal, currency: str, language: Language) -> str:
    """With the decimals of the currency, and without its name."""
    return written_number(value.quantize(Decimal(1).scaleb(-exponent_of(currency))), language)


def written_money(value: Decimal, currency: str, language: Language) -> str:
    amount = written_amount(value, currency, language)
    return f"{amount}{_SPACE}{currency}" if language == "fr" else f"{currency}{_SPACE}{amount}"


def written_percent(value: Decimal, language: Language) -> str:
    return f"{written_number(plain(value), language)}{_SPACE}%" if language == "fr" else f"{plain(value):f}%"


def written_date(value: date, language: Language) -> str:
    """31/12/2026 in French, 31 December 2026 in English."""
    if language == "fr":
        return f"{value.day:02d}/{value.month:02d}/{value.year}"
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def plain(value: Decimal) -> Decimal:
    """Without zeros at the end, and without an exponent."""
    short = value.normalize()
    return short.quantize(Decimal(1)) if short == short.to_integral() else short


def exemption(category: str, reason: str | None, language: Language) -> str | None:
    """Why no VAT is charged, with the word that the law wants for reverse charge."""
    if reason is None:
        return None
    named = REVERSE_CHARGE["fr"].casefold() in reason.casefold()
    return reason if category != "AE" or named else f"{REVERSE_CHARGE[language]} - {reason}"


def late_payment_mentions(document: InvoiceDocument) -> Mapping[str, str]:
    """The three mentions that a French invoice has, by their subject code (BR-FR-05), in the document's language."""
    return {
        "PMT": _indemnity(document),
        "PMD": _penalty(document),
        "AAB": _discount(document.early_payment_discount, document.language),
    }


def _not_concerned(document: InvoiceDocument) -> str:
    french = document.language == "fr"
    if document.kind == "credit_note":
        return "sans objet (avoir)" if french else "not applicable (credit note)"
    return "sans objet (client non professionnel)" if french else "not applicable (private customer)"


def _indemnity(document: InvoiceDocument) -> str:
    french = document.language == "fr"
    what = (
        "Indemnité forfaitaire pour frais de recouvrement en cas de retard de paiement"
        if french
        else "Fixed compensation for recovery costs in case of late payment"
    )
    colon = f"{_SPACE}:" if french else ":"
    if document.recovery_indemnity is None:
        return f"{what}{colon} {_not_concerned(document)}."
    public = document.buyer.kind == "public"
    article = "D2192-35 du code de la commande publique" if public else "D441-5 du code de commerce"
    sum_ = written_money(document.recovery_indemnity, "EUR", document.language)
    return f"{what}{colon} {sum_} (art. {article})."


def _penalty(document: InvoiceDocument) -> str:
    french = document.language == "fr"
    what = "Pénalités de retard" if french else "Interest on late payment"
    colon = f"{_SPACE}:" if french else ":"
    penalty = document.late_penalty
    if penalty is None:
        return f"{what}{colon} {_not_concerned(document)}."
    rate = written_percent(penalty.rate, document.language)
    public = document.buyer.kind == "public"
    article = "R2192-31 du code de la commande publique" if public else "L441-10 du code de commerce"
    if french:
        return (
            f"{what}{colon} {rate} par an ({penalty.basis}), exigibles sans rappel le jour suivant la date de "
            f"règlement (art. {article})."
        )
    return (
        f"{what}{colon} {rate} a year ({penalty.basis}), payable without reminder from the day after the due "
        f"date (art. {article})."
    )


def _discount(discount: EarlyPaymentDiscount | None, language: Language) -> str:
    if discount is None:
        if language == "fr":
            return "Pas d'escompte pour paiement anticipé."
        return "No discount for early payment (pas d'escompte)."
    rate, until = written_percent(discount.percent, language), written_date(discount.until, language)
    if language == "fr":
        return f"Escompte de {rate} pour paiement au plus tard le {until}."
    return f"Discount of {rate} for payment by {until} (escompte)."


def instalments_in_words(document: InvoiceDocument) -> str | None:
    """The due dates and their amounts in one line; None where nothing is to be paid."""
    language = document.language
    parts = [
        f"{written_date(it.due_date, language)}{_SPACE}: {written_money(it.amount, document.currency, language)}"
        if language == "fr"
        else f"{written_date(it.due_date, language)}: {written_money(it.amount, document.currency, language)}"
        for it in document.instalments
    ]
    if not parts:
        return None
    return f"{'Échéances' if language == 'fr' else 'Due'} {'; '.join(parts)}"
