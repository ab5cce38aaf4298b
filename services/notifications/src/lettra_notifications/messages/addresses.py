"""Addresses that something can be sent to: checked, and brought to the form that the other side takes."""

from __future__ import annotations

import re

import idna
import phonenumbers

from lettra_notifications.domain.values import one_line

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_ADDRESS_MAX, _LOCAL_MAX = 254, 64


class NoAddress(ValueError):
    """Nothing can be sent to this address, by this channel; the message says why."""


def mail_address(written: str) -> str:
    """`name@domain` in ASCII, the domain in punycode. NoAddress where it is none.

    A name with other letters than ASCII's would need a server that speaks SMTPUTF8; quoted names and domains that
    are numbers are refused: no customer has them, mistakes and attacks do.
    """
    name, at, domain = written.strip(" ").rpartition("@")
    if not at or not _LOCAL.fullmatch(name) or len(name) > _LOCAL_MAX:
        raise NoAddress("the part before the @ is none that every mail server takes")
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise NoAddress("the domain behind the @ is none") from None
    if "." not in ascii_domain or ascii_domain.rsplit(".", 1)[1].isdigit():
        raise NoAddress("the domain behind the @ is none of the internet")
    if len(name) + 1 + len(ascii_domain) > _ADDRESS_MAX:
        raise NoAddress(f"the address has more than {_ADDRESS_MAX} characters")
    return f"{name}@{ascii_domain}"


def phone_number(written: str, country: str = "FR") -> str:
    """In E.164, as +33612345678, for a short message. NoAddress: no number, or one that takes none."""
    try:
        number = phonenumbers.parse(written, country)
    except phonenumbers.NumberParseException as error:
        raise NoAddress(f"no phone number: {error}") from None
    if not phonenumbers.is_valid_number(number):
        raise NoAddress("no phone number that is in use")
    kind = phonenumbers.number_type(number)
    if kind not in {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}:
        raise NoAddress("the number is none of a mobile phone")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


_POSTAL_LINES = range(3, 8)


def postal_address(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Three to seven lines that a window shows: name, street, postcode and town. NoAddress where it is none."""
    kept = tuple(line.strip() for line in lines if line.strip())
    if len(kept) not in _POSTAL_LINES:
        raise NoAddress("a postal address has three to seven lines: name, street, postcode and town")
    try:
        return tuple(one_line(line)[:60] for line in kept)
    except ValueError as error:
        raise NoAddress(str(error)) from None
