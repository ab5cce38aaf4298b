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
from stdnum.exceptions import ValidationError as NumberError
from stdnum.fr import siren

from lettra_events.money import Amount

_PLAIN_AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)?")


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
