"""Reasons in words, in French and English, for the credit manager who reads a score. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from lettra_risk_scoring.engine.scorecard import Reason

Language = Literal["fr", "en"]

_EN = {
    "insolvent": "insolvency proceedings are open",
    "no_history": "nothing was paid yet that could tell how this customer pays",
    "short_history": "only {value} items paid in twelve months: what they tell counts by half",
    "days_late": "pays {value} days late, weighted by amount, over twelve months",
    "trend_up": "pays {value} days later than six months before",
    "trend_down": "pays {value} days sooner than six months before",
    "on_time": "{value} % of what came due was paid in time",
    "steps": "needs {value} reminder steps for an item, on average",
    "overdue": "an undisputed item is {value} days overdue",
    "promises": "promises to pay not kept in twelve months: {value}",
    "returns": "payments returned unpaid in twelve months: {value}",
    "disputes": "disputes opened in twelve months: {value}",
}
_FR = {
    "insolvent": "une procédure collective est ouverte",
    "no_history": "aucun paiement encore ne dit comment ce client paie",
    "short_history": "{value} postes payés seulement en douze mois : ce qu'ils disent compte pour moitié",
    "days_late": "paie avec {value} jours de retard, pondérés par les montants, sur douze mois",
    "trend_up": "paie {value} jours plus tard que six mois auparavant",
    "trend_down": "paie {value} jours plus tôt que six mois auparavant",
    "on_time": "{value} % des échéances ont été payées à temps",
    "steps": "il faut {value} relances par poste en moyenne",
    "overdue": "un poste non contesté est échu depuis {value} jours",
    "promises": "promesses de paiement non tenues en douze mois : {value}",
    "returns": "paiements revenus impayés en douze mois : {value}",
    "disputes": "litiges ouverts en douze mois : {value}",
}
_SENTENCES = {"en": _EN, "fr": _FR}


def words(reason: Reason, language: Language) -> str:
    """The reason as a sentence; numbers are written with the language's decimal sign."""
    code, value = reason.code, reason.value
    if code == "trend":
        code = "trend_up" if Decimal(value) > 0 else "trend_down"
        value = str(abs(Decimal(value)))
    if code == "on_time":
        value = str(int(Decimal(value) * 100))
    if language == "fr":
        value = value.replace(".", ",")
    return _SENTENCES[language][code].format(value=value)
