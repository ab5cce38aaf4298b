"""Other people's bank files, sent as they are: what payment-ingest makes of each, in its own words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from lettra_tools.client import Refused
from lettra_tools.demo.screen import Screen
from lettra_tools.demo.services import Services

ENTITY = "SAMPLES"
REASON_CHARS_MAX = 110
CADENCE_DAYS = 31


@dataclass(frozen=True)
class Outcome:
    """What became of one statement of a file, or of a file that was refused."""

    file: str
    outcome: str
    reason: str


def sample_files(data: Path) -> list[Path]:
    """The XML files of the folder of CAMT samples."""
    return sorted((data / "bank" / "camt").rglob("*.xml"))


def send_samples(files: list[Path], services: Services, screen: Screen) -> list[Outcome]:
    """Register the accounts that the files name, for a legal entity of their own, and send every file."""
    services.register_entity(ENTITY, "Public samples", None)
    found = []
    with screen.bar("bank files", len(files)) as advance:
        for done, file in enumerate(files):
            advance(done, file.name)
            refused = _register_accounts(file, services)
            found += [
                Outcome(f"{file.parent.name}/{file.name}", *each) for each in _send(file, services, refused)
            ]
    return found


def _register_accounts(file: Path, services: Services) -> list[str]:
    """Why accounts of the file could not be registered."""
    refusals = []
    for account, currency in sorted(set(accounts_in(file.read_bytes()))):
        try:
            services.register_account(account, currency, ENTITY, CADENCE_DAYS)
        except Refused as refused:
            refusals.append(refused.detail)
    return refusals


def _send(file: Path, services: Services, refusals: list[str]) -> Iterator[tuple[str, str]]:
    try:
        answers = services.send_statements(file)
    except Refused as refused:
        reasons = [f"{error['place']}: {error['reason']}" for error in refused.errors] or [refused.detail]
        yield "refused", _cut("; ".join([*reasons, *refusals]))
        return
    for answer in answers:
        yield _outcome(answer), _cut(_reason(answer))


def _outcome(answer: dict[str, Any]) -> str:
    if answer["outcome"] == "booked" and not answer["verified"]:
        return "booked, unverified"
    return str(answer["outcome"])


def _reason(answer: dict[str, Any]) -> str:
    if answer["outcome"] == "known":
        return f"another file told the same; {answer['reason'] or 'nothing changed'}"
    count = answer["transactions_new"]
    left_out = f", {answer['transactions_left_out']} left out" if answer["transactions_left_out"] else ""
    return str(answer["reason"] or f"{count} transaction{'s' * (count != 1)}{left_out}")


def _cut(text: str) -> str:
    return text if len(text) <= REASON_CHARS_MAX else f"{text[: REASON_CHARS_MAX - 3]}..."


def accounts_in(content: bytes) -> Iterator[tuple[str, str]]:
    """Account number and currency of each CAMT.053 statement of a file; nothing of what is none."""
    try:
        root = ET.fromstring(content)  # noqa: S314 - expat here expands no external entity, and the files are known
    except ET.ParseError:
        return
    for statement in root.iter():
        if _name(statement) == "Stmt":
            account, currency = _account(statement), _currency(statement)
            if account and currency:
                yield account, currency


def _account(statement: ET.Element) -> str | None:
    for path in (("Acct", "Id", "IBAN"), ("Acct", "Id", "Othr", "Id"), ("Acct", "Id", "BBAN")):
        found = _text(statement, *path)
        if found:
            return found.replace(" ", "") if path[-1] == "IBAN" else found
    return None


def _currency(statement: ET.Element) -> str | None:
    """The account's, else that of the first amount."""
    stated = _text(statement, "Acct", "Ccy")
    return stated or next((c for element in statement.iter() if (c := element.get("Ccy"))), None)


def _text(element: ET.Element, *path: str) -> str | None:
    for name in path:
        found = next((child for child in element if _name(child) == name), None)
        if found is None:
            return None
        element = found
    return (element.text or "").strip() or None


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
