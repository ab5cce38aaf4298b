"""The values that a caller may write, each with what makes it valid. Pure.

Strict where a guess would be silent: `1_000` is no amount, a blank is no name.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException
from stdnum import iso11649
from stdnum.eu import vat
from stdnum.exceptions import ValidationError as NumberError
from stdnum.fr import siren, siret

from lettra_events.money import Amount

_PLAIN_AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_VAT_SHAPE = re.compile(r"[A-Z]{2,3}[A-Z0-9]{2,13}")
_PHONE_SHAPE = re.compile(r"\+[1-9][0-9]{6,14}")
_CODES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY
BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK
FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR
IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK
ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM
PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF
TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
"""
_COUNTRIES = frozenset(_CODES.split())
"""ISO 3166-1, and XK as the Union writes Kosovo."""
_UNION = "AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI"
_OF_THE_UNION = frozenset(_UNION.split())
"""How VAT numbers of the European Union begin: Greece's with EL, Northern Ireland's with XI."""


def _iban(value: str) -> str:
    try:
        return str(IBAN(value).compact)
    except SchwiftyException as error:
        raise ValueError(f"{value!r} is not a valid IBAN: {error}") from None


def _siren(value: str) -> str:
    try:
        return str(siren.validate(value))
    except NumberError as error:
        raise ValueError(f"{value!r} is not a valid SIREN: {error}") from None


def _siret(value: str) -> str:
    """Luhn, but for the sites of La Poste, whose digits add up to a multiple of five."""
    try:
        return str(siret.validate(value))
    except NumberError as error:
        raise ValueError(
            f"{value!r} is not a valid SIRET: {error} Its 14 digits are the SIREN and five of the site"
        ) from None


def _vat_number(value: str) -> str:
    """Those of the Union by their check digits; others by their shape alone, for nobody publishes how to check them."""
    number = re.sub(r"[\s.\-]", "", value).upper()
    if not _VAT_SHAPE.fullmatch(number):
        raise ValueError(f"{value!r} is no VAT number: it begins with its country, as FR44732829320 does")
    if number[:2] not in _OF_THE_UNION:
        return number
    try:
        return str(vat.validate(number))
    except NumberError as error:
        raise ValueError(f"{value!r} is not a valid VAT number of {number[:2]}: {error}") from None


def _country(value: str) -> str:
    if value not in _COUNTRIES:
        raise ValueError(f"{value!r} is no country: write its two letters of ISO 3166-1, as FR")
    return value


def _phone(value: str) -> str:
    number = re.sub(r"[\s.()\-]", "", value)
    if not _PHONE_SHAPE.fullmatch(number):
        raise ValueError("a phone number is written with its country: +33 1 23 45 67 89")
    return number


def _reference(value: str) -> str:
    try:
        return str(iso11649.validate(value))
    except NumberError as error:
        raise ValueError(f"{value!r} is not a valid ISO 11649 reference: {error}") from None


def _plain_amount(value: Any) -> Any:
    """Python's Decimal would take `1_000`, blanks around, and the digits of any script."""
    if isinstance(value, str) and not _PLAIN_AMOUNT.fullmatch(value):
        raise ValueError("an amount is written as 1234.50, without blanks and separators")
    return value


# The first and the last character are visible, and none is a control character.
_ONE_LINE = r"^[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?$"

DocumentNumber = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$")]
SeriesName = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9-]{0,19}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=_ONE_LINE)]
MailAddress = Annotated[str, Field(pattern=r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+$", max_length=254)]
Iban = Annotated[str, AfterValidator(_iban)]
Siren = Annotated[str, AfterValidator(_siren)]
Siret = Annotated[str, AfterValidator(_siret)]
VatNumber = Annotated[str, AfterValidator(_vat_number)]
Country = Annotated[str, AfterValidator(_country)]
Phone = Annotated[str, AfterValidator(_phone)]
Bic = Annotated[str, Field(pattern=r"^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$")]
PostalCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 -]{1,15}$")]
CreditorReference = Annotated[str, AfterValidator(_reference)]
Sum = Annotated[Amount, BeforeValidator(_plain_amount, json_schema_input_type=str)]


def creditor_reference(document_number: str) -> str | None:
    """The ISO 11649 reference of a document: RF, two check digits (mod 97), the number's letters and digits.

    None where the number has more than the 21 characters that the standard allows.
    """
    body = "".join(c for c in document_number.upper() if c.isascii() and c.isalnum())
    if not 1 <= len(body) <= 21:
        return None
    as_digits = "".join(str(int(c, 36)) for c in body + "RF00")
    return f"RF{98 - int(as_digits) % 97:02d}{body}"


_CITY_LINE = re.compile(r"(?P<postal_code>[A-Za-z0-9-]{3,10}) (?P<city>.*[A-Za-z\u00c0-\u024f].*)")


def read_address(text: str) -> dict[str, str]:
    """Street, postal code and city of an address on one line: `4 chemin du Moulin, 04500 Quinson`."""
    *street, last = [part.strip() for part in text.split(",")]
    found = _CITY_LINE.fullmatch(last)
    if found is None or not any(street):
        raise ValueError(
            f"{text!r}: an address is street, comma, postal code and city, as 4 chemin du Moulin, 04500 Quinson"
        )
    return {"street": ", ".join(filter(None, street)), **found.groupdict()}
