"""From payments to statements: one for each account and day on which something was booked, balances going on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from random import Random

from lettra_tools.matchbench import payers
from lettra_tools.matchbench.banks import BANKS, Bank
from lettra_tools.matchbench.populating import START
from lettra_tools.matchbench.world import Account, Draft, Payment


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as the bank shows it. `lines` is the text, `end_to_end` None where there is none. An entry of a batch
    bears the `batch` that it is a part of.
    """

    entry_ref: str
    cents: int
    is_credit: bool
    booked: date
    name: str
    iban: str | None
    lines: tuple[str, ...]
    structured: str | None
    end_to_end: str | None
    return_reason: str | None
    batch: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """A day of an account; balances in cents."""

    account: Account
    number: int
    day: date
    opening: int
    closing: int
    lines: tuple[Line, ...]

    @property
    def bank(self) -> Bank:
        return BANKS[self.account.bank]


@dataclass(frozen=True, slots=True)
class Week:
    """What makes one file: the statements of an account in one week."""

    name: str
    statements: tuple[Statement, ...]


def weeks(random: Random, payments: Iterable[Payment]) -> tuple[list[Week], dict[str, Payment]]:
    """The files in their order, and the payment behind each `entry_ref` that they come out with."""
    by_file: dict[tuple[int, str], dict[date, list[Payment]]] = defaultdict(lambda: defaultdict(list))
    for payment in payments:
        at = (payment.day - START).days // 7
        by_file[at, payment.account.iban][payment.day].append(payment)
    balances: dict[str, int] = defaultdict(lambda: 250_000_000)
    numbers: dict[str, int] = defaultdict(int)
    labels: dict[str, Payment] = {}
    found = []
    for place, ((week, iban), days) in enumerate(by_file.items()):
        made = []
        for day, booked in sorted(days.items()):
            account, opening = booked[0].account, balances[iban]
            lines = (*_lines(random, booked, labels), *_outgoing(random, account, day, len(labels)))
            balances[iban] += sum(line.cents if line.is_credit else -line.cents for line in lines)
            numbers[iban] += 1
            made.append(Statement(account, numbers[iban], day, opening, balances[iban], lines))
        found.append(Week(f"{place:04d}-week{week + 1}-{iban[-8:]}", tuple(made)))
    return found, labels


def _lines(random: Random, payments: list[Payment], labels: dict[str, Payment]) -> list[Line]:
    """The entries of a day; some banks put several credits into one batch entry, at the end of the day."""
    bank = BANKS[payments[0].account.bank]
    inside = [payment for payment in payments if payment.draft.direction == "credit"][-4:]
    batched = bank.batches and len(inside) > 1 and random.random() < 0.3
    if not batched or inside != payments[-len(inside) :]:
        inside = []
    found = [
        _line(bank, payment, payment.entry_ref, "") for payment in payments[: len(payments) - len(inside)]
    ]
    batch = f"BATCH{inside[0].entry_ref}" if inside else ""
    for place, payment in enumerate(inside, start=1):
        own = bank.batches == "own references"
        found.append(_line(bank, payment, payment.entry_ref if own else f"{batch}#{place}", batch))
    labels.update(zip((line.entry_ref for line in found), payments, strict=True))
    return found


def _line(bank: Bank, payment: Payment, entry_ref: str, batch: str) -> Line:
    draft = payment.draft
    return Line(
        entry_ref=entry_ref,
        cents=draft.cents,
        is_credit=draft.direction == "credit",
        booked=payment.day,
        name=bank.shown_name(draft.name),
        iban=draft.iban if bank.shows_account else None,
        lines=tuple(bank.shown(draft)),
        structured=draft.structured,
        end_to_end=draft.end_to_end,
        return_reason=draft.return_reason,
        batch=batch,
    )


def _outgoing(random: Random, account: Account, day: date, at: int) -> list[Line]:
    """What the company pays on that day: nobody's payment to it, and so in no truth."""
    bank, found = BANKS[account.bank], []
    for place in range(random.choice((0, 0, 1, 1, 2))):
        text = random.choice(
            ("FRAIS DE TENUE DE COMPTE", "SALAIRES", "LOYER", "VIREMENT FOURNISSEUR 2026-000123")
        )
        draft = Draft(random.randint(900, 500_000), text, name=payers.stranger(random), direction="debit")
        draft.iban = payers.account(random)
        reference = f"{day:%y%m%d}D{at:06d}{place}"
        found.append(_line(bank, Payment(reference, account, day, draft), reference, ""))
    return found
