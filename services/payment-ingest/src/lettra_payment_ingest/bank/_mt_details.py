"""The information to the account owner (:86:), as five families of banks fill it, made the facts of a transaction.

- **By subfields** (German and Polish): a three-digit code and `?20`, `?32` and so on, with any sign for the question
  mark. The purpose stands in ?20 to ?29 and ?60 to ?63, with words in front of what is not purpose (EREF+, SVWZ+).
- **By code words** between slashes (SWIFT, French, Dutch): /EREF/, /ORDP//NAME/, /REMI/.
- **By labels** (Dutch): NAAM: and OMSCHRIJVING: in a text that begins with what it is.
- **Numbered lines** (:NS:), of some banks in the place of :86:.
- **Plain text**, of which only an IBAN is taken out.

Lines and subfields are cut where they are full, in the middle of a word: so a full one is joined to the next as it
is, a shorter one with a blank.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, TypeAlias

from lettra_payment_ingest.bank._mt_line import read_amount
from lettra_payment_ingest.bank.text import one_blank
from lettra_payment_ingest.bank.values import Wrong, account_number, creditor_reference, filled, only_iban

Lengths: TypeAlias = tuple[int, ...]
"""The lengths at which a part is full, so that a word may go on in the next one."""

SUBFIELD: Final[Lengths] = (27,)

# Not white space, letters or digits; and not a slash, which begins code words.
_SUBFIELDS: Final = re.compile(r"\s*(\d{3})([^\w\s/])(?=\d\d)")
_PURPOSE: Final = tuple(f"{number:02d}" for number in (*range(20, 30), *range(60, 64)))
_WORDS: Final = re.compile(
    r"(EREF|KREF|MREF|BREF|RREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|IBAN|BIC|PURP|ANAM)\+"
)
# What goes on behind a subfield that is not full; the others are references.
_TEXTS: Final = frozenset({"SVWZ", "ABWA", "ABWE", "ANAM"})
_TAGS: Final = re.compile(
    r"/(EREF|KREF|PREF|RREF|IREF|TREF|ORDP|ORDC|BENM|ULTD|ULTB|ULTC|NAME|ADDR|ID|IBAN|BIC|ACCW|CNTP|REMI|TXT|INFO|INV|"
    r"MARF|MREF|CSID|CRED|DEBT|RTRN|CHGS|CHGI|OCMT|COAM|EXCH|ISDT|ORDT|PURP|TRTP|TRCD|SVCL|NBTR|BUSP|CREF|OTHR)/"
)
_LABELS: Final = re.compile(
    r"\b(IBAN|BIC|NAAM|OMSCHRIJVING|KENMERK|BETALINGSKENM\.|MACHTIGING|INCASSANT): *", re.ASCII
)
# Behind a blank: two slashes go on with the code word of the line before.
_GOES_ON: Final = re.compile(r" //(?=[^/])")
_DUTCH_REFERENCE: Final = re.compile(r"ISSUER: *[A-Z]+ +REF: *(\S+)", re.ASCII)
# One of these makes a text one of code words; the others may stand in any text.
_TELLING: Final = frozenset({"EREF", "REMI", "ORDP", "BENM", "NAME", "CNTP", "MARF", "RTRN", "KREF", "PREF"})
_CHARGES: Final = re.compile(r"/CHGS?/([A-Z]{3})\s*([\d.,]*\d)", re.ASCII)
_ORIGINAL: Final = re.compile(r"/OCMT/([A-Z]{3})\s*([\d.,]*\d)", re.ASCII)
_RATE: Final = re.compile(r"/EXCH/\s*([\d.,]*\d)", re.ASCII)
_RETURN_CODES: Final = frozenset({"108", "109", "159"})
_ISO_REASON: Final = re.compile(
    r"\b(AC0[1-6]|AC13|AG0[12]|AM0\d|BE0\d|CNOR|DNOR|ED05|FF0\d|FOCR|MD0\d|MS0[23]|RC01|RR0\d|SL0\d|TM01)\b"
)
_RETURNED: Final = "MS03"
"""ISO's "reason not specified": it says that this is a return, and no more."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the text says. `name` and `account` are the other party's, `payer` and `payee` by their role."""

    end_to_end_id: str | None = None
    bank_ref: str | None = None
    mandate_id: str | None = None
    name: str | None = None
    account: str | None = None
    payer: str | None = None
    payee: str | None = None
    remittance: str | None = None
    structured_reference: str | None = None
    return_reason: str | None = None
    charges: tuple[str, str] | None = None
    original: tuple[str, str] | None = None
    exchange_rate: str | None = None
    batch_size: int | None = None
    code: str | None = None


def joined(parts: list[str], full: Lengths) -> str:
    """The parts as one text: a full one goes on in the next, after any other a word begins."""
    text = ""
    on = True
    for part in parts:
        text += part if on else " " + part
        on = len(part) in full
    return text


def full_lines(lengths: Iterable[int]) -> Lengths:
    """At what length the lines of these lengths are cut: at SWIFT's 65, or some banks' 64; or not at all."""
    longest = max(lengths, default=0)
    if longest in (65, 66):
        return (65, 66)
    return (64,) if longest == 64 else ()


def read_facts(lines: list[str], full: Lengths, own_account: str) -> Facts:
    """The facts of a :86: of these lines; `full` as `full_lines` says for the whole statement."""
    body = _unbroken(lines, full)
    found = _SUBFIELDS.match(body)
    whole = body if found is not None else joined(lines, full)
    if found is not None:
        facts = _by_subfields(body[found.end() :], found[2], found[1])
    else:
        told = not _TELLING.isdisjoint(_TAGS.findall(whole))
        facts = _by_tags(whole) if told else _by_labels(whole) or _plain(whole, own_account)
    charges, original, rate = (each.search(whole) for each in (_CHARGES, _ORIGINAL, _RATE))
    facts = replace(
        facts,
        charges=(charges[1], charges[2]) if charges else None,
        original=(original[1], original[2]) if original else None,
        exchange_rate=rate[1] if rate else None,
    )
    if facts.structured_reference is None:
        facts = replace(facts, structured_reference=creditor_reference(facts.remittance))
    return facts


def charge_of(pair: tuple[str, str] | None, currency: str) -> str | None:
    """The charges, if they are in this currency and a number; they explain, so a wrong one is as good as absent."""
    if pair is None or pair[0] != currency:
        return None
    try:
        read_amount(pair[1], currency)
    except Wrong:
        return None
    return pair[1]


def supplement_charges(supplement: str) -> tuple[str, str] | None:
    """The charges in the further lines of a statement line (/OCMT/EUR11,85//CHGS/EUR0,50/)."""
    found = _CHARGES.search(supplement)
    return (found[1], found[2]) if found else None


def original_of(pair: tuple[str, str] | None) -> tuple[Decimal, str] | None:
    """What was sent in another currency; it explains, so a wrong one is as good as absent."""
    try:
        return (read_amount(pair[1], pair[0]), pair[0]) if pair is not None else None
    except Wrong:
        return None


def supplement_original(supplement: str) -> tuple[str, str] | None:
    """What was sent, in the further lines of a statement line."""
    found = _ORIGINAL.search(supplement)
    return (found[1], found[2]) if found else None


def _unbroken(lines: list[str], full: Lengths) -> str:
    """Lines that hold subfields, whose ends mean nothing; only the blank that ended a full one was cut off."""
    return "".join(f"{line} " if len(line) + 1 == min(full, default=0) else line for line in lines)


def _by_subfields(body: str, sign: str, code: str) -> Facts:
    parts: dict[str, list[str]] = {}
    for part in re.split(re.escape(sign) + r"(?=\d\d)", body):
        parts.setdefault(part[:2], []).append(part[2:])
    runs = _runs(parts)
    words = _by_words(runs)
    remittance = one_blank(words.get("SVWZ", "")) or one_blank(words.get("", ""))
    name = one_blank(joined([*parts.get("32", []), *parts.get("33", [])], SUBFIELD))
    account = "".join(parts.get("38", [])) or "".join(parts.get("31", [])) or words.get("IBAN", "")
    reason = _ISO_REASON.search(" ".join(runs)) if code in _RETURN_CODES else None
    return Facts(
        end_to_end_id=filled(words.get("EREF")),
        bank_ref=filled(words.get("BREF")),
        mandate_id=filled(words.get("MREF")),
        name=name or one_blank(words.get("ABWA", "")),
        account=account_number(account),
        remittance=filled(remittance) or one_blank("".join(parts.get("00", []))),
        return_reason=(reason[1] if reason else _RETURNED) if code in _RETURN_CODES else None,
        code=code,
    )


def _runs(parts: dict[str, list[str]]) -> list[str]:
    """The purpose, its subfields joined where one is full and the next number goes on with it."""
    runs: list[str] = []
    on = False
    for number in _PURPOSE:
        if number not in parts:
            on = False
        for text in parts.get(number, []):
            if on:
                runs[-1] += text
            else:
                runs.append(text)
            on = len(text) in SUBFIELD
    return runs


def _by_words(runs: list[str]) -> dict[str, str]:
    """The text behind each word; that before the first is under the empty one.

    A reference ends with its run; a text goes on.
    """
    found = {"": ""}
    word = ""
    for run in runs:
        pieces = _WORDS.split(run)
        word = word if word in _TEXTS else ""
        for name, text in zip([word, *pieces[1::2]], pieces[::2], strict=True):
            found[name] = f"{found[name]} {text}" if name in found else text
            word = name
    return found


def _by_tags(text: str) -> Facts:
    """Code words. A name or an account belongs to the party named just before, else to the other one."""
    pieces = _TAGS.split(text)
    found: dict[str, str] = {}
    party = ""
    for tag, raw in zip(pieces[1::2], pieces[2::2], strict=True):
        value = _GOES_ON.sub(" ", raw).strip(" /")
        if tag in ("ORDP", "ORDC", "BENM", "ULTD", "ULTB", "ULTC"):
            party = tag[:4]
        key = f"{party}.{tag}" if tag == "NAME" and party else tag
        if value:
            found[key] = f"{found[key]} {value}" if key in found else value
    account, name = _counterparty(found)
    structured, remittance = _remittance(found.get("REMI", ""))
    before = pieces[0].strip(" /")
    return Facts(
        end_to_end_id=filled(found.get("EREF")),
        mandate_id=filled(found.get("MARF") or found.get("MREF")),
        name=name,
        account=account,
        payer=_party(found, "ORDP", "ORDC", "ULTD"),
        payee=_party(found, "BENM", "ULTB", "ULTC"),
        remittance=remittance or filled(found.get("INV") or found.get("TXT") or found.get("INFO") or before),
        structured_reference=structured,
        return_reason=_return_reason(found),
        batch_size=_number(found.get("NBTR")),
        code=None,
    )


def _party(found: dict[str, str], *tags: str) -> str | None:
    names = (found.get(f"{tag}.NAME") or found.get(tag) for tag in tags)
    return next((filled(name) for name in names if name), None)


def _counterparty(found: dict[str, str]) -> tuple[str | None, str | None]:
    """Account and name of the other party: /CNTP/account/BIC/name/town, or each by its own word."""
    account, _, rest = found.get("CNTP", "").partition("/")
    name = rest.partition("/")[2].partition("/")[0]
    account = account or found.get("IBAN", "") or re.split(r"[,/]", found.get("ACCW", ""))[0]
    return account_number(account), filled(name) or filled(found.get("NAME"))


def _remittance(value: str) -> tuple[str | None, str | None]:
    """The structured reference and the text: plain, USTD//text, or STRD/issuer/reference."""
    issued = _DUTCH_REFERENCE.fullmatch(value)
    if issued is not None:
        return filled(issued[1]), None
    kind, _, rest = value.partition("/")
    if kind == "USTD":
        return None, filled(rest.strip(" /"))
    if kind == "STRD":
        issuer, _, ref = rest.partition("/")
        return filled(ref.strip(" /") or issuer), None
    return None, filled(value)


def _return_reason(found: dict[str, str]) -> str | None:
    if "RTRN" not in found:
        return None
    reason = _ISO_REASON.search(found["RTRN"])
    return reason[1] if reason else _RETURNED


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 9 else None


def _by_labels(text: str) -> Facts | None:
    """The facts behind the labels of a Dutch text; None where it does not name a party and its account so."""
    pieces = _LABELS.split(one_blank(text) or "")
    found = {label: value.strip() for label, value in zip(pieces[1::2], pieces[2::2], strict=True)}
    if not {"IBAN", "NAAM"} <= found.keys():
        return None
    told = (found.get(label) for label in ("BETALINGSKENM.", "OMSCHRIJVING"))
    return Facts(
        end_to_end_id=filled(found.get("KENMERK")),
        mandate_id=filled(found.get("MACHTIGING")),
        name=filled(found["NAAM"]),
        account=account_number(found.get("IBAN", "")),
        remittance=filled(" ".join(words for words in told if words)) or filled(pieces[0]),
    )


def _plain(text: str, own_account: str) -> Facts:
    return Facts(remittance=filled(text), account=only_iban(text, own_account))


def read_numbered(lines: list[str]) -> Facts:
    """The facts of a :NS: of these lines: 01 to 14 are the purpose, 15 and 16 the other party, 17 what it is."""
    parts: dict[str, list[str]] = {}
    for line in lines:
        parts.setdefault(line[:2], []).append(line[2:])
    purpose = [text for number in range(1, 15) for text in parts.get(f"{number:02d}", [])]
    name = joined([*parts.get("15", []), *parts.get("16", [])], SUBFIELD)
    return Facts(
        remittance=filled(joined(purpose, SUBFIELD)) or one_blank(" ".join(parts.get("17", []))),
        name=one_blank(name),
    )
