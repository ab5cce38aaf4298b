"""What banks and invoicing say later of money and items, in few words: parts, announcements, advices, disputes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from receivables import DAY, LATER

from lettra_events.contracts.invoicing import DisputeOpened, DisputeResolved
from lettra_events.contracts.payments import (
    AdviceLine,
    PaymentAnnounced,
    PaymentDetailed,
    PaymentPart,
    RemittanceAdviceLinked,
)

EUR: dict[str, Any] = {"entity_id": "FR01", "currency": "EUR"}


def announced(name: str, amount: int, text: str | None = None, **more: Any) -> PaymentAnnounced:
    return PaymentAnnounced(
        announcement_id=name,
        account="FR1420041010050500013M02606",
        source="notification",
        entry_ref=name,
        announced_on=DAY,
        amount=Decimal(amount),
        remittance=text,
        **EUR,
        **more,
    )


def advice(payment_id: str, *lines: tuple[str, int], text: str | None = None) -> RemittanceAdviceLinked:
    return RemittanceAdviceLinked(
        advice_id=f"A-{payment_id}",
        payment_id=payment_id,
        customer_id="C1",
        total=Decimal(100),
        lines=tuple(AdviceLine(document_number=number, amount=Decimal(amount)) for number, amount in lines),
        text=text,
        evidence="amount and date",
        **EUR,
    )


def detailed(name: str, *parts: tuple[str, int]) -> PaymentDetailed:
    return PaymentDetailed(
        payment_id=name,
        amount=Decimal(sum(amount for _name, amount in parts)),
        parts=tuple(PaymentPart(payment_id=part, amount=Decimal(amount)) for part, amount in parts),
        evidence="CAMT.054",
        **EUR,
    )


def disputed(amount: int, dispute: str = "D1") -> DisputeOpened:
    return DisputeOpened(
        customer_id="C1",
        entity_id="FR01",
        document_number="FA-1001",
        dispute_id=dispute,
        reason="price",
        amount=Decimal(amount),
        currency="EUR",
        owner="Paul",
        due_date=LATER,
        opened_on=DAY,
        who="Anne",
    )


def resolved(amount: int, dispute: str = "D1") -> DisputeResolved:
    return DisputeResolved(
        customer_id="C1",
        entity_id="FR01",
        document_number="FA-1001",
        dispute_id=dispute,
        outcome="rejected",
        amount=Decimal(amount),
        currency="EUR",
        credited=Decimal(0),
        resolved_on=LATER,
        who="Anne",
        why="delivered",
    )
