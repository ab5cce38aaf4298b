"""Account numbers of several countries, SIREN and VAT numbers with right check digits, of banks that do not exist."""

from __future__ import annotations

from random import Random

from lettra_tools.demo.codes import french_iban, siren

_LENGTHS = {"DE": 18, "BE": 12, "ES": 20, "IT": 22, "GB": 18}


def iban(country: str, random: Random) -> str:
    """An IBAN of the country; its check digits are right, and its bank is nobody's."""
    if country == "FR":
        return french_iban(random.randrange(100_000), random.randrange(10**11))
    body = _body(country, random)
    digits = "".join(str(int(char, 36)) for char in f"{body}{country}00")
    return f"{country}{98 - int(digits) % 97:02d}{body}"


def _body(country: str, random: Random) -> str:
    length = _LENGTHS[country]
    if country == "GB":
        return "ZZZZ99" + _digits(random, 12)
    if country == "IT":
        return "X99999" + _digits(random, length - 6)
    if country == "BE":
        number = f"999{_digits(random, 7)}"
        return f"{number}{int(number) % 97 or 97:02d}"
    return "9999" + _digits(random, length - 4)


def _digits(random: Random, count: int) -> str:
    return "".join(str(random.randrange(10)) for _ in range(count))


def company_numbers(country: str, number: int, random: Random) -> tuple[str, str]:
    """SIREN and VAT number; the SIREN is empty outside France."""
    if country != "FR":
        return "", f"{country}{_digits(random, 9)}"
    found = siren(number)
    return found, f"FR{(12 + 3 * (int(found) % 97)) % 97:02d}{found}"
