"""MT940 in two dialects: the information by subfields of 27 letters, and by code words in lines of 65."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from lettra_tools.matchbench.days import Line, Statement
from lettra_tools.matchbench.world import money

SUBFIELD = 27
LINE = 65


def write_mt940(statements: Sequence[Statement]) -> bytes:
    """One message for each of these statements of one account."""
    return "".join(map(_message, statements)).encode()


def _message(statement: Statement) -> str:
    account = statement.account
    lines = [
        f":20:{statement.day:%y%m%d}{statement.number:04d}",
        f":25:{account.iban}",
        f":28C:{statement.number:05d}/001",
        f":60F:{_balance(statement.opening, statement.day, account.currency)}",
    ]
    for line in statement.lines:
        mark = "C" if line.is_credit else "D"
        amount = money(line.cents).replace(".", ",")
        lines.append(f":61:{line.booked:%y%m%d%m%d}{mark}{amount}NTRFNONREF//{line.entry_ref}")
        lines += _subfields(line) if "subfields" in statement.bank.format else _code_words(line)
    lines.append(f":62F:{_balance(statement.closing, statement.day, account.currency)}")
    return "".join(f"{line}\r\n" for line in [*lines, "-"])


def _balance(cents: int, day: date, currency: str) -> str:
    return f"{'C' if cents >= 0 else 'D'}{day:%y%m%d}{currency}{money(abs(cents)).replace('.', ',')}"


def _pieces(text: str, length: int) -> list[str]:
    return [text[at : at + length] for at in range(0, len(text), length)]


def _subfields(line: Line) -> list[str]:
    """166?00...?20EREF+...?21SVWZ+...: the purpose in ?20 to ?29, the account in ?31, the name in ?32 and ?33."""
    text = " ".join(line.lines).replace("?", " ")
    purpose = [f"EREF+{line.end_to_end}"[:SUBFIELD]] if line.end_to_end else []
    purpose += _pieces(
        f"SVWZ+{line.structured or ''}{' ' if line.structured and text else ''}{text}", SUBFIELD
    )
    numbers = [*range(20, 30), *range(60, 64)]
    fields = [f"?{number}{piece}" for number, piece in zip(numbers, purpose, strict=False)]
    fields += [f"?31{line.iban}"] if line.iban else []
    fields += [
        f"?{number}{piece}" for number, piece in zip((32, 33), _pieces(line.name, SUBFIELD), strict=False)
    ]
    code = "166?00GUTSCHRIFT" if line.is_credit else "177?00UEBERWEISUNG"
    return _wrapped(f"{code}{''.join(fields)}")


def _code_words(line: Line) -> list[str]:
    """/EREF/.../ORDP//NAME/.../IBAN/.../REMI/...; slashes inside a text would make words of it, so they go."""
    words = [f"/EREF/{(line.end_to_end or 'NOTPROVIDED').replace('/', ' ')}"]
    words.append(f"/{'ORDP' if line.is_credit else 'BENM'}//NAME/{line.name}")
    words += [f"/IBAN/{line.iban}"] if line.iban else []
    if line.structured:
        words.append(f"/REMI/STRD/ISO/{line.structured}")
    elif line.lines:
        words.append(f"/REMI/USTD//{' '.join(line.lines).replace('/', ' ')}")
    return _wrapped("".join(words))


def _wrapped(text: str) -> list[str]:
    """A line begins with what no tag begins with."""
    first, *others = _pieces(text, LINE)
    return [f":86:{first}", *others]
