"""Codes with check digits, made from plain numbers: they pass every check and are nobody's.

Banks of number 99999 and SIRENs that begin with 000 do not exist.
"""

from __future__ import annotations

_NOBODYS_BANK = 99_999


def rf_reference(document_number: str) -> str:
    """The ISO 11649 reference of a document number of up to 21 letters and digits."""
    body = "".join(c for c in document_number.upper() if c.isascii() and c.isalnum())
    if not 1 <= len(body) <= 21:
        raise ValueError(f"{document_number!r} has not 1 to 21 letters and digits")
    return f"RF{_mod97_digits(body, 'RF'):02d}{body}"


def french_iban(branch: int, account: int) -> str:
    """A French IBAN with its national key; branch of up to 5 digits, account of up to 11."""
    key = 97 - (89 * _NOBODYS_BANK + 15 * branch + 3 * account) % 97
    bban = f"{_NOBODYS_BANK:05d}{branch:05d}{account:011d}{key:02d}"
    return f"FR{_mod97_digits(bban, 'FR'):02d}{bban}"


def siren(number: int) -> str:
    """A SIREN: nine digits, the last one by Luhn's rule; `number` has up to 5 digits."""
    body = f"000{number:05d}"
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(body)]
    return f"{body}{-sum(value // 10 + value % 10 for value in doubled) % 10}"


def _mod97_digits(body: str, prefix: str) -> int:
    """The two check digits of ISO 7064 MOD 97-10, for what is written prefix, digits, body."""
    return 98 - int("".join(str(int(c, 36)) for c in f"{body}{prefix}00")) % 97
