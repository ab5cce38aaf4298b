"""The closed code lists that an invoice document draws on (EN 16931 and the French rules). Pure data."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal


def _words(text: str) -> list[str]:
    return text.split()


VatCategory = Literal["S", "Z", "E", "AE", "K", "G", "O"]
"""UNCL 5305: standard, zero, exempt, reverse charge, intra-community, export, outside VAT (BR-FR-15)."""
VAT_RATES = frozenset(
    Decimal(rate) for rate in _words("0 0.9 1.05 1.75 2.1 5.5 7 8.5 9.2 9.6 10 13 19.6 20 20.6")
)
"""The rates in per cent that the French rules know (BR-FR-16)."""

COUNTRIES = frozenset(
    _words(
        """
    1A AD AE AF AG AI AL AM AN AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BL BJ BM BN BO BQ
    BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ
    EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY
    HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA
    LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY
    MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS
    RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN
    TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XI YE YT ZA ZM ZW
    """
    )
)
"""ISO 3166-1 alpha-2, with the two additions of BR-CL-14."""
ADDRESS_SCHEMES = frozenset(
    _words(
        """
    0002 0007 0009 0037 0060 0088 0096 0097 0106 0130 0135 0142 0147 0151 0154 0158 0170 0177 0183
    0184 0188 0190 0191 0192 0193 0194 0195 0196 0198 0199 0200 0201 0202 0203 0204 0205 0208 0209
    0210 0211 0212 0213 0215 0216 0217 0218 0219 0220 0221 0225 0230 0235 0240 0244 0242 0245 0246
    0248 9910 9913 9914 9915 9918 9919 9920 9922 9923 9924 9925 9926 9927 9928 9929 9930 9931 9932
    9933 9934 9935 9936 9937 9938 9939 9940 9941 9942 9943 9944 9945 9946 9947 9948 9949 9950 9951
    9952 9953 9957 9959 AN AQ AS AU EM
    """
    )
)
"""The schemes of an electronic address (CEF EAS, BR-CL-25)."""

_WORDS = """
C62 unité unités unit units
H87 pièce pièces piece pieces
SET lot lots set sets
PR paire paires pair pairs
LS forfait forfaits lump-sum lump-sums
MIN minute minutes minute minutes
HUR heure heures hour hours
DAY jour jours day days
WEE semaine semaines week weeks
MON mois mois month months
ANN an ans year years
"""
_SIGNS = _words(
    "GRM g KGM kg TNE t MMT mm CMT cm MTR m KMT km MTK m² MTQ m³ MLT ml LTR l HLT hl KWH kWh MWH MWh P1 %"
)


def _units() -> dict[str, dict[str, tuple[str, str]]]:
    units = {}
    for line in _WORDS.split("\n")[1:-1]:
        code, one, several, one_english, several_english = line.split()
        units[code] = {"fr": (one, several), "en": (one_english, several_english)}
    for code, sign in zip(_SIGNS[::2], _SIGNS[1::2], strict=True):
        units[code] = {"fr": (sign, sign), "en": (sign, sign)}
    return units


UNITS = _units()
"""The units of quantity (UN/ECE recommendation 20, a part of it), with their words for one and for several."""
