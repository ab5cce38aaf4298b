"""Decisions on remittance advices: what one says, and which payment it means."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID, uuid5

from lettra_events.contracts.payments import AdviceLine, RemittanceAdviceLinked, RemittanceAdviceReceived
from lettra_payment_ingest.bank.exact import exact_sum, plain
from lettra_payment_ingest.domain import Advice, AdviseByMessage, AdviseRemittance, DocumentLine, Payment

NAMESPACE = UUID("2a0c6b0e-6a4c-5a55-9d3b-6f6f5f1c2b11")
DAYS_BEFORE, DAYS_AFTER = 5, 15
"""How long before and after the day that the payer names his payment may be booked."""

_AMOUNT = re.compile(r"(?<![\w.,])(-?)((?:\d{1,3}(?:[ '\u00a0\u202f.]\d{3})+|\d+)[.,]\d{2})(?![\d])(?:\s*-)?")
_TOTAL = re.compile(
    r"\b(total|montant total|net|sum|amount|virement de|payment of|paiement de)\b", re.IGNORECASE
)
_NUMBER = re.compile(r"(?<![\w/.-])(?=[\w/.-]*\d{3})[A-Za-z]{0,5}[\w/.-]{3,34}\w")
_DAY = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")


def received(command: AdviseRemittance) -> RemittanceAdviceReceived:
    """The advice; the same one, however often it is sent."""
    lines = tuple(AdviceLine(document_number=x.document_number, amount=x.amount) for x in command.lines)
    told = [f"{line.document_number} {plain(line.amount)}" for line in lines]
    head = (command.customer_id, command.entity_id or "", str(command.payment_date), command.currency)
    words = (*head, plain(command.total), command.reference or "", command.text or "", *told)
    return RemittanceAdviceReceived(
        advice_id=str(uuid5(NAMESPACE, "\x1f".join(words))),
        customer_id=command.customer_id,
        entity_id=command.entity_id,
        payment_date=command.payment_date,
        currency=command.currency,
        total=command.total,
        lines=lines,
        reference=command.reference,
        text=command.text,
    )


def read_message(command: AdviseByMessage) -> AdviseRemittance:
    """The advice that the text of a message gives: a document and its amount on a line, the total on another one.

    Where the lines do not sum to the total they are left out, and the text alone says what is paid. `ValueError` where
    no total is found.
    """
    lines, totals = _lines(command.text)
    told = exact_sum(line.amount for line in lines)
    total = command.total or (totals[0] if len(set(totals)) == 1 else None) or (told if told > 0 else None)
    if total is None:
        raise ValueError("the text names no total: neither on a line that says so, nor by its documents")
    return AdviseRemittance(
        customer_id=command.customer_id,
        entity_id=command.entity_id,
        payment_date=command.received_on,
        currency=command.currency,
        total=total,
        lines=tuple(lines) if told == total else (),
        text=command.text,
    )


def _lines(text: str) -> tuple[list[DocumentLine], list[Decimal]]:
    lines: list[DocumentLine] = []
    totals: list[Decimal] = []
    for row in text.splitlines():
        amounts = [_amount(found) for found in _AMOUNT.finditer(row)]
        number = _NUMBER.search(_DAY.sub(" ", _AMOUNT.sub(" ", row)))
        if not amounts or len(row) > 500:
            continue
        if _TOTAL.search(row) and number is None:
            totals.append(abs(amounts[-1]))
        elif number is not None:
            lines.append(DocumentLine(document_number=number[0], amount=amounts[-1]))
    return lines, totals


def _amount(found: re.Match[str]) -> Decimal:
    digits = re.sub(r"\D", "", found[2])
    amount = Decimal(digits).scaleb(-2)
    return -amount if found[1] or found[0].rstrip().endswith("-") else amount


@dataclass(frozen=True, slots=True)
class Pair:
    """A payment that an advice may mean: same currency and amount, within its days; `named`: it bears its reference."""

    advice_id: str
    payment_id: str
    named: bool


def unique_pairs(pairs: Iterable[Pair]) -> list[Pair]:
    """Those of which neither side may mean another; a reference that is borne outweighs an amount."""
    left = list(pairs)
    found: list[Pair] = []
    for named in (True, False):
        here = [pair for pair in left if pair.named or not named]
        advices, payments = Counter(p.advice_id for p in here), Counter(p.payment_id for p in here)
        alone = [p for p in here if advices[p.advice_id] == payments[p.payment_id] == 1]
        found += alone
        taken = {p.advice_id for p in alone} | {p.payment_id for p in alone}
        left = [p for p in left if p.advice_id not in taken and p.payment_id not in taken]
    return found


def bears(payment_texts: Sequence[str | None], reference: str | None) -> bool:
    """Whether a payment bears the reference that the advice names."""
    wanted = _folded(reference or "")
    return bool(wanted) and any(wanted in _folded(text) for text in payment_texts if text)


def link(advice: Advice, payment: Payment, named: bool) -> RemittanceAdviceLinked:
    """The advice says what this payment pays."""
    by = f"reference {advice.reference} and amount" if named else "the only payment of amount"
    lines = (line.rpartition(" ") for line in advice.lines)
    return RemittanceAdviceLinked(
        advice_id=advice.advice_id,
        payment_id=payment.payment_id,
        entity_id=payment.entity_id,
        customer_id=advice.customer_id,
        currency=advice.currency,
        total=advice.total,
        lines=tuple(AdviceLine(document_number=n, amount=Decimal(amount)) for n, _, amount in lines),
        text=advice.text,
        evidence=f"{by} {advice.total} {advice.currency} about {advice.payment_date}",
    )


def may_be_paid_by(advice: Advice, payment: Payment) -> bool:
    """Whether the link still holds, now that both are locked."""
    free = advice.payment_id is None and payment.advice_id is None and not payment.detailed
    return free and payment.left == advice.total and payment.currency == advice.currency


def _folded(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
