"""How people write a document's number. Each form is a function of the number; None where it would say the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lettra_tools.matchbench.world import Number

Form = Callable[[Number], str | None]

LOOKS_LIKE = str.maketrans("01", "OI")
SHORT_PREFIXES = {"FA": "F", "FC": "F", "RE": "R", "INV": "I", "AV": "A", "AC": "A", "GS": "G", "CN": "C"}


def exact(number: Number) -> str:
    return number.printed


def blanks(number: Number) -> str | None:
    return _other(" ".join(number.parts), number)


def slashes(number: Number) -> str | None:
    return _other("/".join(number.parts), number)


def dots(number: Number) -> str | None:
    return _other(".".join(number.parts), number)


def underscores(number: Number) -> str | None:
    return _other("_".join(number.parts), number)


def glued(number: Number) -> str | None:
    return _other("".join(number.parts), number) if number.prefix else None


def lower(number: Number) -> str | None:
    return _other(number.printed.lower(), number)


def short_prefix(number: Number) -> str | None:
    """F-2026-000123: the prefix cut to a letter."""
    short = SHORT_PREFIXES.get(number.prefix)
    return number.style.separator.join([short, *number.parts[1:]]) if short else None


def no_prefix(number: Number) -> str | None:
    """2026-000123: what the payer's system has a field for."""
    if not number.prefix or number.year is None or not number.style.separator:
        return None
    return number.style.separator.join(number.parts[1:])


def long_prefix(number: Number) -> str | None:
    """FACT2026-000123: the payer's own word for invoice in front of the rest."""
    without = no_prefix(number)
    return f"FACT{without}" if without else None


def year_dropped(number: Number) -> str | None:
    """FA-000123."""
    if number.year is None or not number.prefix:
        return None
    return (number.style.separator or "-").join([number.prefix, number.digits])


def year_of_two_digits(number: Number) -> str | None:
    """FA-26-000123."""
    if number.year is None or number.style.year_digits != 4:
        return None
    parts = [number.prefix, str(number.year)[2:], number.month_text, number.digits]
    return number.style.separator.join(part for part in parts if part)


def zeros_dropped(number: Number) -> str | None:
    """FA-2026-123."""
    if not number.digits.startswith("0") or number.serial < 100:
        return None
    return (number.style.separator or "-").join([*number.parts[:-1], str(number.serial)])


def serial_only(number: Number) -> str | None:
    """123: as one says it on the telephone."""
    return str(number.serial) if number.serial >= 100 else None


def serial_with_zeros(number: Number) -> str | None:
    return number.digits if number.digits.startswith("0") and number.serial >= 100 else None


def misread(number: Number) -> str | None:
    """FA-2O26-OOOI23: what a scanner makes of noughts and ones."""
    head, tail = number.parts[0], number.style.separator.join(number.parts[1:])
    return _other(f"{head}{number.style.separator}{tail.translate(LOOKS_LIKE)}", number)


def year_last(number: Number) -> str | None:
    """000123/2026."""
    return f"{number.digits}/{number.year}" if number.year is not None else None


def old_prefix(number: Number) -> str | None:
    """FC-2026-000123: the prefix that the numbers had in a former system."""
    if number.prefix != "FA":
        return None
    return "FC-" + "-".join(number.parts[1:])


def spaced_out(number: Number) -> str | None:
    """F A 2 0 2 6 ...: a form with a box for each letter."""
    return " ".join("".join(number.parts))


def _other(text: str, number: Number) -> str | None:
    return text if text != number.printed else None


def suffixes(numbers: Sequence[Number]) -> str | None:
    """FA-2026-000123/124/125: the first whole, of the others what is different; None where too much is."""
    ordered = sorted(numbers, key=lambda number: number.serial)
    first = ordered[0]
    if len(ordered) < 2 or any(not _one_run(first, other) for other in ordered):
        return None
    return "/".join([first.printed, *(other.digits[-3:] for other in ordered[1:])])


def span(numbers: Sequence[Number], word: str = "-") -> str | None:
    """FA-2026-000123-126: first and last of consecutive numbers."""
    ordered = sorted(numbers, key=lambda number: number.serial)
    first, last = ordered[0], ordered[-1]
    if len(ordered) < 3 or not _one_run(first, last) or last.serial - first.serial != len(ordered) - 1:
        return None
    return f"{first.printed}{word}{last.digits[-3:]}"


def _one_run(first: Number, other: Number) -> bool:
    """Whether the two differ in the last three digits only."""
    return first.parts[:-1] == other.parts[:-1] and first.serial // 1000 == other.serial // 1000
