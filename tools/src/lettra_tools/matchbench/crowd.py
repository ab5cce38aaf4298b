"""A market of common names: hundreds of customers share a trade or a family name, and documents are numbered otherwise.

`Garage Martin`, `Garage Martinez` and `Martin Transports` are three customers who have nothing to do with each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from lettra_tools.matchbench.payers import plain
from lettra_tools.matchbench.populating import Market
from lettra_tools.matchbench.world import Entity, Style

_SLASHED = Style("FAC", "AVO", "/", 5)
ENTITIES = (
    Entity("E01", _SLASHED, "EUR", 0.34),
    # Nothing but digits, a year first: nine of them, as a SIREN has.
    Entity("E02", Style("", "NC", "", 5), "EUR", 0.16),
    Entity("E03", Style("F", "A", ".", 6, year_digits=2), "EUR", 0.10),
    # A plain running number, credit notes in a range of their own.
    Entity("E04", Style("40", "49", "", 6, year_digits=0), "EUR", 0.12),
    Entity("E05", Style("VE", "VC", " ", 4, month=True), "EUR", 0.12),
    # It numbers as E01 does, so some numbers are there twice.
    Entity("E06", _SLASHED, "EUR", 0.10),
    Entity("E07", Style("SI-UK", "SC-UK", "-", 5), "GBP", 0.06),
)

_TRADES = {
    "FR": "Garage,Boulangerie,Transports,Menuiserie,Pharmacie,Plomberie,Cabinet,Hôtel,Maçonnerie,Imprimerie"
    ",Librairie,Restaurant,Peinture,Serrurerie",
    "GB": "Builders,Motors,Bakery,Printing,Haulage,Roofing",
    "DE": "Metallbau,Bäckerei,Spedition,Dachdecker,Elektro,Autohaus",
    "BE": "Bouw,Schilderwerken,Garage,Slagerij",
}
_FAMILIES = {
    "FR": "Martin,Martinez,Martinet,Bernard,Bernardin,Dubois,Dubos,Thomas,Robert,Roberts,Petit,Durand,Durant,Leroy"
    ",Le Roy,Roy,Moreau,Simon,Simonet,Laurent,Lefebvre,Lefèvre,Michel,Garcia,David,Bertrand,Roux,Leroux,Vincent"
    ",Fournier,Morel,Girard,André,Mercier,Dupont,Dupond,Lambert,Bonnet,François,Legrand,Garnier,Faure,Rousseau"
    ",Rousset,Blanc,Blanchard,Guérin,Muller,Henry,Nicolas,Perrin,Morin,Mathieu,Clément,Gauthier,Gautier,Dumont"
    ",Lopez,Fontaine,Chevalier,Robin,d'Arc,De Smet",
    "GB": "Smith,Smyth,Jones,Taylor,Brown,Browne,Wilson,Evans,Walker,White,Roberts,Robertson,Green,Hall,Clark,Clarke",
    "DE": "Müller,Möller,Schmidt,Schmitt,Schneider,Fischer,Weber,Meyer,Meier,Wagner,Becker,Schulz,Schulze,Hofmann"
    ",Hoffmann,Koch,Bauer,Richter",
    "BE": "Peeters,Janssens,Maes,Jacobs,Mertens,Willems,Claes,Goossens,Wouters,De Smedt,De Smet,Van den Berg",
}


def common(random: Random) -> Iterator[tuple[str, str]]:
    """Trade and family name, each pair once; when all are used, with a place behind."""
    pairs = [
        (f"{trade} {family}" if country in ("FR", "DE") else f"{family} {trade}", country)
        for country, trades in _TRADES.items()
        for trade in trades.split(",")
        for family in _FAMILIES[country].split(",")
    ]
    random.shuffle(pairs)
    seen: set[str] = set()
    for place in ("", " Lyon", " Lille", " Nantes", " Metz"):
        for pair, country in pairs:
            root = pair + place
            if plain(root).casefold() not in seen:
                seen.add(plain(root).casefold())
                yield root, country


MARKET = Market(
    ENTITIES,
    common,
    {
        "FR": (
            "{root} SARL",
            "SARL {root}",
            "{root} & Fils",
            "SAS {root}",
            "{root}",
            "Ets {root}",
            "{root} SASU",
        ),
        "GB": ("{root} Ltd", "{root} Limited", "{root} LLP", "{root}"),
        "DE": ("{root} GmbH", "{root} GmbH & Co. KG", "{root} e.K.", "{root} KG"),
        "BE": ("{root} BV", "{root} NV", "{root} SRL"),
    },
    (("{root} SAS", "{root} SARL"), ("{root} Nord", "{root} Sud"), ("{root} Père", "{root} Fils")),
)
