"""The records of a CFONB 120 file: 120 columns each, with or without line ends, and the values in their columns.

Columns are counted from 1 here, as in the standard.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import BinaryIO, Final

from lettra_payment_ingest.bank.errors import UnreadableFile, quoted
from lettra_payment_ingest.bank.limits import Limits
from lettra_payment_ingest.bank.text import decode, one_blank, raw_lines
from lettra_payment_ingest.bank.values import Wrong, checked, day_of, decimals_of, full_year

LENGTH: Final = 120
KINDS: Final = ("01", "04", "05", "07")

# A control character takes a column like any other.
_BLANKED: Final = bytes(range(256)).translate(bytes.maketrans(bytes(range(32)), b" " * 32))
_AMOUNT: Final = re.compile(r"(\d{0,13})(.)", re.ASCII)
# The last digit with the sign punched over it: plus, then minus. é and è are the braces of the French character set;
# p to y is the minus of another old one. A plain digit has no sign, so it is plus.
_LAST: Final = {
    **{char: (digit, 1) for digit, char in enumerate("{ABCDEFGHI")},
    **{char: (digit, -1) for digit, char in enumerate("}JKLMNOPQR")},
    **{char: (digit, -1) for digit, char in enumerate("pqrstuvwxy")},
    **{char: (digit, 1) for digit, char in enumerate("0123456789")},
    "é": (0, 1),
    "è": (0, -1),
}
_LETTERS: Final = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "12345678912345678923456789", strict=True))


@dataclass(frozen=True, slots=True)
class Record:
    """One record. `bytewise`: a column is a byte, though the text is UTF-8."""

    columns: str
    place: str
    bytewise: bool = False

    @property
    def kind(self) -> str:
        return self.columns[:2]

    def raw(self, first: int, last: int) -> str:
        """The columns as they are."""
        return self.columns[first - 1 : last]

    def text(self, first: int, last: int) -> str | None:
        """The text of these columns; None where they are blank."""
        return one_blank(self.readable(first, last))

    def readable(self, first: int, last: int) -> str:
        """The columns in their encoding, blanks included."""
        part = self.raw(first, last)
        return decode(part.encode("latin-1")) if self.bytewise else part

    @property
    def account(self) -> tuple[str, str]:
        """Branch and number, by which the records of a statement belong together."""
        return self.raw(12, 16), self.raw(22, 32)

    @property
    def currency(self) -> str | None:
        code = self.raw(17, 19).strip()
        if code and not re.fullmatch(r"[A-Z]{3}", code, re.ASCII):
            raise Wrong(f"wrong currency {quoted(code)} (columns 17 to 19)")
        return code or None

    def day(self, first: int, what: str) -> date | None:
        """A day as DDMMYY; None where it is blank or zero."""
        raw = self.raw(first, first + 5)
        if not raw.strip(" 0"):
            return None
        digits = raw.isascii() and raw.isdigit()
        found = day_of(full_year(int(raw[4:])), int(raw[2:4]), int(raw[:2])) if digits else None
        if found is None:
            raise Wrong(f"wrong {what} {quoted(raw)} (columns {first} to {first + 5})")
        return found

    def amount(self, currency: str) -> Decimal:
        """The signed amount of columns 91 to 104, with as many decimals as column 20 says."""
        decimals = self.raw(20, 20).strip() or str(decimals_of(currency) or 0)
        if not ("0" <= decimals <= "5"):
            raise Wrong(f"wrong number of decimals {quoted(decimals)} (column 20)")
        return signed(self.raw(91, 104), int(decimals), currency)


def signed(raw: str, decimals: int, currency: str) -> Decimal:
    """An amount whose last digit carries the sign."""
    found = _AMOUNT.fullmatch(raw.lstrip(" "))
    last = _LAST.get(found[2]) if found else None
    if found is None or last is None:
        raise Wrong(f"wrong amount {quoted(raw)} (columns 91 to 104)")
    digit, sign = last
    units = int(found[1] + str(digit)) * sign
    return checked(Decimal(units).scaleb(-decimals), currency, raw)


def records(source: BinaryIO, name: str, limits: Limits) -> Iterator[Record]:
    """The records of a file, whole; blank lines are left out."""
    for number, line in raw_lines(source, name, limits):
        raw = line.translate(_BLANKED)
        if not raw.strip():
            continue
        if len(raw) > 2 * LENGTH or _is_blocks(raw):
            yield from _blocks(raw, number, name)
        else:
            yield _record(raw, f"line {number}", name)


def _is_blocks(raw: bytes) -> bool:
    return len(raw) > LENGTH and raw[LENGTH : LENGTH + 2].decode("latin-1") in KINDS


def _blocks(raw: bytes, number: int, name: str) -> Iterator[Record]:
    """Records without line ends: every 120 bytes, or, where no record begins there, every 120 characters."""
    text = raw.decode("latin-1")
    bytewise = raw.isascii() or all(text[at : at + 2] in KINDS for at in range(0, len(text.rstrip()), LENGTH))
    text = text if bytewise else decode(raw)
    for count, start in enumerate(range(0, len(text), LENGTH), 1):
        columns = text[start : start + LENGTH]
        if columns.strip():
            yield _checked(Record(columns.ljust(LENGTH), f"line {number}, record {count}", bytewise), name)


def _record(raw: bytes, place: str, name: str) -> Record:
    text = decode(raw)
    bytewise = len(raw) == LENGTH != len(text)
    columns = (raw.decode("latin-1") if bytewise else text).rstrip()
    if len(columns) > LENGTH:
        raise UnreadableFile(name, place, f"a record of {len(columns)} characters, more than {LENGTH}")
    return _checked(Record(columns.ljust(LENGTH), place, bytewise), name)


def _checked(record: Record, name: str) -> Record:
    if record.kind not in KINDS:
        reason = f"unknown kind of record {quoted(record.kind)}, none of {', '.join(KINDS)}"
        raise UnreadableFile(name, record.place, reason)
    return record


def iban_of(bank: str, branch: str, number: str) -> str:
    """The French IBAN of a domestic account, its two keys computed; without digits in their place, what is there."""
    code = (bank + branch + number).upper()
    if not re.fullmatch(r"\d{10}[0-9A-Z]{11}", code, re.ASCII):
        return "".join(code.split())
    digits = "".join(_LETTERS.get(char, char) for char in code)
    key = 97 - (89 * int(digits[:5]) + 15 * int(digits[5:10]) + 3 * int(digits[10:])) % 97
    domestic = f"{code}{key:02d}"
    rest = int("".join(str(int(char, 36)) for char in domestic + "FR00")) % 97
    return f"FR{98 - rest:02d}{domestic}"
