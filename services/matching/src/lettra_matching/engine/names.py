"""Names of companies: what of them tells one from another, and how alike two are."""

from __future__ import annotations

import re
from functools import lru_cache

from lettra_matching.engine.text import fold, words

_WORD = re.compile(r"[A-Z0-9]+")
_SPELT = re.compile(r"(?<![A-Z0-9])[A-Z](?:[. ][A-Z](?![A-Z0-9]))+\.?")
_ABBREVIATIONS = {
    short: long
    for long, shorts in {
        "ETABLISSEMENTS": "ETS ETAB ETABL ETABLISSEMENT",
        "SOCIETE": "STE SOC SCTE",
        "COMPAGNIE": "CIE",
        "ENTREPRISE": "ENT ENTR",
        "ASSOCIATION": "ASSOC ASS",
        "SAINT": "ST",
        "SAINTS": "STS",
        "FRERES": "FRES",
        "GENERAL": "GAL",
        "GENERALE": "GALE",
        "INTERNATIONAL": "INTL INTERNAT",
        "NATIONAL": "NAT",
        "FRANCE": "FR",
        "TRANSPORTS": "TRP TRPT TPTS TRSP",
        "BATIMENT": "BAT",
        "CONSTRUCTION": "CONST",
        "DISTRIBUTION": "DISTRIB",
        "MATERIAUX": "MAT",
        "TECHNIQUE": "TECH",
        "SERVICES": "SCES",
        "GROUPE": "GRP GPE",
        "INDUSTRIE": "IND",
        "CENTRE": "CTRE",
        "LABORATOIRE": "LABO",
    }.items()
    for short in shorts.split()
}
_NOISE = words(
    "SA SAS SASU SARL EURL SNC SCI SCOP SELARL SCA SCM GIE EI EIRL GMBH AG KG LTD LIMITED PLC INC LLC CORP BV NV SRL"
    " SPA SL AS OY AB M MME MR MLLE MM OU ET AND THE DE DES DU LA LE LES L D EN AU AUX SOCIETE"
    " ETABLISSEMENTS ENTREPRISE COMPAGNIE VIR VIREMENT SEPA RECU INST FAVEUR"
)
_KEY_CHARS = 4
_KEY_WORDS_MAX = 6
_NAME_CHARS_MAX = 140
_PREFIX_CHARS = 3
_INITIAL, _SHORTENED, _MISSPELT = 0.5, 0.92, 0.88
_MISSPELT_CHARS_MIN = 5


@lru_cache(maxsize=65_536)
def words_of(name: str) -> tuple[str, ...]:
    """The words that tell a name from another, abbreviations written out; all of them where none does."""
    found = [
        _ABBREVIATIONS.get(word, word)
        for word in _WORD.findall(_spelt_together(fold(name[:_NAME_CHARS_MAX])))
    ]
    return tuple(word for word in found if word not in _NOISE) or tuple(found)


def _spelt_together(text: str) -> str:
    """`S.A.R.L.` and `S A R L` are one word."""
    return _SPELT.sub(lambda found: re.sub(r"[. ]", "", found[0]) + " ", text)


@lru_cache(maxsize=65_536)
def same_name(name: str) -> str:
    """Equal for names that differ in nothing but order, accents, legal form and known abbreviations."""
    return " ".join(sorted(words_of(name)))


@lru_cache(maxsize=65_536)
def whole_name(name: str) -> str:
    """Equal for names that are written alike, legal form and order included."""
    return " ".join(_ABBREVIATIONS.get(word, word) for word in _WORD.findall(_spelt_together(fold(name))))


def name_keys(name: str) -> tuple[str, ...]:
    """Beginnings of the words that a name like this one must share, in pairs and alone, each once."""
    starts = sorted({word[:_KEY_CHARS] for word in words_of(name)[:_KEY_WORDS_MAX] if len(word) >= 2})
    pairs = [f"{one}+{other}" for i, one in enumerate(starts) for other in starts[i + 1 :]]
    return (*pairs, *starts)


@lru_cache(maxsize=65_536)
def likeness(paid_by: str, customer: str) -> float:
    """0 to 1: how far two names can be the same company's, one of them cut, reordered or abbreviated."""
    ours, theirs = words_of(customer), words_of(paid_by)
    if not ours or not theirs:
        return 0.0
    if "".join(theirs) == "".join(ours):
        return 1.0
    forward, backward = _covered(theirs, ours), _covered(ours, theirs)
    return 0.7 * max(forward, backward) + 0.3 * min(forward, backward)


def _covered(words: tuple[str, ...], by: tuple[str, ...]) -> float:
    """The share of the letters of these words that the others explain, each other word once."""
    left = list(by)
    explained = 0.0
    for word in sorted(words, key=lambda w: (-len(w), w)):
        best = max(left, key=lambda other: (_alike(word, other), other), default=None)
        if best is None:
            break
        value = _alike(word, best)
        if value > 0:
            left.remove(best)
            explained += value * len(word)
    return explained / sum(map(len, words))


def _alike(one: str, other: str) -> float:
    if one == other:
        return 1.0
    short, long = sorted((one, other), key=lambda w: (len(w), w))
    if long.startswith(short):
        return _SHORTENED if len(short) >= _PREFIX_CHARS else _INITIAL
    if len(short) >= _MISSPELT_CHARS_MIN and one_edit_apart(short, long):
        return _MISSPELT
    return 0.0


def one_edit_apart(short: str, long: str) -> bool:
    """One letter changed, left out, put in, or two neighbours exchanged."""
    if len(long) - len(short) > 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(long) > len(short):
        return short[at:] == long[at + 1 :]
    exchanged = short[at : at + 2] == long[at : at + 2][::-1] and short[at + 2 :] == long[at + 2 :]
    return exchanged or short[at + 1 :] == long[at + 1 :]
