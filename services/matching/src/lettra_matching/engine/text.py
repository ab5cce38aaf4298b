"""What stands in a payment's texts besides document numbers: references, dates, amounts, account numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from stdnum import iban, iso11649

Span = tuple[int, int]

_NOTHING_SAID = frozenset({"", "NOTPROVIDED", "NOT PROVIDED", "NONREF", "UNKNOWN", "N/A", "NA"})
_NOT_ALNUM = re.compile(r"[^A-Z0-9]+")
_LETTERS_FOR_DIGITS = str.maketrans("OI", "01")
_REFERENCE_CHARS_MAX = 25
_REFERENCE = re.compile(r"(?<![A-Z0-9])RF\s?\d")
_GROUP = re.compile(r"[A-Z0-9]+")
_ALMOST_DIGITS = re.compile(r"(?<![A-Z0-9])(?:(?=[0-9O])|(?<=[-/.]))[0-9OI]+(?:[-/.][0-9OI]+)*(?![A-Z0-9])")

_ALONE = r"(?<![A-Z0-9])(?<![A-Z0-9][-/.])(?:%s)(?![A-Z0-9]|[-/.,][A-Z0-9])"
_D, _M, _Y = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19|20)\d\d"
_D2, _M2 = r"(?:0[1-9]|[12]\d|3[01])", r"(?:0[1-9]|1[0-2])"
_DATE = re.compile(
    _ALONE
    % "|".join(
        (
            rf"{_Y}[-/. ] ?{_M2}[-/. ] ?{_D2}",
            rf"{_D}[-/. ] ?{_M}[-/. ] ?{_Y}",
            rf"{_D2}[-/.] ?{_M2}[-/.] ?\d\d",
            rf"{_Y}{_M2}{_D2}",
            rf"{_D2}{_M2}{_Y}",
        )
    )
)
_DATE_SAID = re.compile(
    rf"(?<![A-Z0-9])(?:DU|LE|AU|DATE)\s+({_D2}{_M2}\d\d|{_D2}[-/. ]{_M2})(?![A-Z0-9]|[-/.]\d)"
)
# Thousands and decimals are never parted by the same sign: 816.829.81 is a number written in groups.
_AMOUNT = re.compile(
    _ALONE
    % "|".join(
        (
            r"[1-9]\d{0,2}(?:[ ']\d{3})+[.,]\d\d",
            r"[1-9]\d{0,2}(?:\.\d{3})+,\d\d",
            r"[1-9]\d{0,2}(?:,\d{3})+\.\d\d",
            r"(?:0|[1-9]\d*)[.,]\d\d",
        )
    )
)
_AMOUNT_SAID = re.compile(
    r"(?<![A-Z0-9])\d+(?:[.,]\d+)? ?(?:EUR|EUROS|USD|GBP|CHF)(?![A-Z0-9])"
    r"|(?<![A-Z0-9])EUR ?\d+(?:[.,]\d\d)?(?![0-9A-Z])"
)
_IBAN = re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d\d(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?![A-Z0-9])")
_VAT = re.compile(r"(?<![A-Z0-9])FR ?[A-Z0-9]{2} ?(\d{3}) ?(\d{3}) ?(\d{3})(?![0-9])")
_SIREN = re.compile(r"(?<![0-9])(\d{3})([ .]?)(\d{3})\2(\d{3})(?:\2?\d{5})?(?![0-9])")
_PHONE = re.compile(
    r"(?<![A-Z0-9])0[1-9](?:([ .])\d\d)(?:\1\d\d){3}(?![0-9])|(?:TEL|TELEPHONE|GSM)\W{0,3}[0-9 .+]{9,18}"
)


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


def fold(text: str) -> str:
    """Capitals without accents; what is no letter or digit of ASCII becomes a blank, other signs stay."""
    if text.isascii():
        return text.upper()
    plain = unicodedata.normalize("NFKD", text.upper())
    kept = (c for c in plain if not unicodedata.combining(c))
    return "".join(c if c.isascii() else " " for c in kept).upper()


def canonical(text: str) -> str:
    """Letters and digits alone, in capitals, the letters O and I as the digits that they are taken for.

    `fa-2026/OO0123` and `FA 2026 000123` are the same number.
    """
    return _NOT_ALNUM.sub("", fold(text)).translate(_LETTERS_FOR_DIGITS)


def plain(text: str) -> str:
    """Letters and digits alone, in capitals: for references and account numbers, which have check digits."""
    return _NOT_ALNUM.sub("", fold(text))


def is_nothing(text: str) -> bool:
    """Whether a text is one of those that banks write where nothing was said."""
    return fold(text).strip() in _NOTHING_SAID


def cut(text: str, chars: int) -> str:
    """At most so many characters, without the word that the limit cuts: half a number is another number."""
    if len(text) <= chars:
        return text
    return re.sub(r"\S{0,40}\Z", "", text[:chars])


@dataclass(frozen=True, slots=True)
class Figures:
    """A text, and what in it is known to be no document number.

    `rest`: the text with references, amounts and account numbers blanked out (line ends in their place).
    `dates`: spans that read as a date; they are numbers only where other evidence says so.
    """

    rest: str
    references: tuple[str, ...]
    dates: tuple[Span, ...]
    sirens: tuple[str, ...]


def figures_in(text: str) -> Figures:
    """Of a folded text."""
    references, sirens = [], []
    if "RF" in text:
        found = list(references_in(text))
        references = [reference for _start, _end, reference in found]
        text = _blank_out(text, _first_ends(found))
    if not any(c.isdigit() for c in text):
        return Figures(text, tuple(references), (), ())
    sirens = [*(("".join(m.groups())) for m in _VAT.finditer(text)), *_sirens_in(text)]
    taken = [m.span() for m in _IBAN.finditer(text) if iban.is_valid(plain(m[0]))]
    taken += [m.span() for pattern in (_VAT, _AMOUNT, _AMOUNT_SAID, _PHONE) for m in pattern.finditer(text)]
    text = _ALMOST_DIGITS.sub(_as_digits, _blank_out(text, taken))
    dates = [m.span() for m in _DATE.finditer(text)]
    dates += [m.span(1) for m in _DATE_SAID.finditer(text)]
    return Figures(text, tuple(references), tuple(dates), tuple(dict.fromkeys(sirens)))


def references_in(text: str) -> Iterator[tuple[int, int, str]]:
    """Valid ISO 11649 references of a folded text and where they stand, also written in groups.

    Where the words behind a reference happen to make another valid one, both are given: an item bears one of them.
    """
    for found in _REFERENCE.finditer(text):
        start = found.start()
        for group in _GROUP.finditer(text[start : start + 2 * _REFERENCE_CHARS_MAX]):
            candidate = plain(text[start : start + group.end()])
            if len(candidate) > _REFERENCE_CHARS_MAX:
                break
            if len(candidate) >= 5 and iso11649.is_valid(candidate):
                yield start, start + group.end(), candidate


def _first_ends(spans: list[tuple[int, int, str]]) -> list[Span]:
    """Of references that start at one place the shortest: what is behind it may be a number."""
    shortest: dict[int, int] = {}
    for start, end, _reference in spans:
        shortest.setdefault(start, end)
    return list(shortest.items())


def _blank_out(text: str, spans: list[Span]) -> str:
    """Line ends in place of the spans, which may overlap."""
    pieces, done = [], 0
    for start, end in sorted(spans):
        if end > done:
            pieces += [text[done : max(start, done)], "\n" * (end - max(start, done))]
            done = end
    return "".join((*pieces, text[done:]))


def _sirens_in(text: str) -> Iterator[str]:
    """Nine digits, or the first nine of a SIRET, that pass the check of a SIREN."""
    for found in _SIREN.finditer(text):
        digits = found[1] + found[3] + found[4]
        if _luhn(digits):
            yield digits


def _as_digits(found: re.Match[str]) -> str:
    """The letters O and I as the digits that they are taken for, where digits stand beside them."""
    return found[0].translate(_LETTERS_FOR_DIGITS) if any(c.isdigit() for c in found[0]) else found[0]


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
