"""Invented names of companies: made of syllables, so that they are nobody's."""

from __future__ import annotations

from random import Random

_BEGIN = (
    "Bro",
    "Cal",
    "Dru",
    "Esti",
    "Fav",
    "Gri",
    "Hal",
    "Jov",
    "Kel",
    "Lor",
    "Mar",
    "Nev",
    "Ori",
    "Pel",
    "Quor",
)
_OTHER_BEGIN = (
    "Aub",
    "Cer",
    "Dom",
    "Fer",
    "Gal",
    "Ilm",
    "Jur",
    "Lan",
    "Mon",
    "Per",
    "Rou",
    "Sav",
    "Tor",
    "Ver",
    "Yv",
)
_MIDDLE = ("va", "de", "li", "mo", "ne", "ri", "so", "ta", "ve", "zo")
_END = ("ne", "lle", "x", "nd", "ric", "stel", "ston", "th", "vin", "yer")
_TRADES = (
    "Textiles",
    "Logistique",
    "Matériaux",
    "Conseil",
    "Énergie",
    "Emballages",
    "Optique",
    "Mécanique",
    "Foods",
    "Tools",
)
_FORMS = ("SAS", "SARL", "SA", "GmbH", "Ltd")


def company_names(count: int, random: Random) -> list[str]:
    """So many different names."""
    found: dict[str, None] = {}
    while len(found) < count:
        invented = random.choice(_BEGIN) + random.choice(_MIDDLE) + random.choice(_END)
        found[f"{invented} {random.choice(_TRADES)} {random.choice(_FORMS)}"] = None
    return list(found)


def other_names(count: int, random: Random) -> list[tuple[str, str]]:
    """So many more companies, each a name that no other one resembles, and what it does."""
    words = [begin + middle + end for begin in _OTHER_BEGIN for middle in _MIDDLE for end in _END]
    return [(word, random.choice(_TRADES)) for word in random.sample(words, count)]
