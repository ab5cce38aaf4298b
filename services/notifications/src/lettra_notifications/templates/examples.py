"""Example requests, for a preview and for checking: a seller and a customer that do not exist."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from lettra_notifications.domain.requests import Account, Claims, Follows, ListedItem, Request, Sender
from lettra_notifications.domain.values import DebtorClass, Language, Step, Tone

_SENDER = Sender(
    name="Lumière & Fils SAS",
    address=("12 rue des Ateliers", "69003 Lyon"),
    siren="732829320",
    phone="+33 4 72 00 00 00",
)
_ACCOUNT = Account(
    name="Lumière & Fils SAS",
    iban="FR7630006000011234567890189",
    bic="AGRIFRPP",
    link="https://pay.example/i/8f3k",
)
_ITEMS = (
    ListedItem(
        item_id="FR01:FA-2026-000123",
        document_number="FA-2026-000123",
        issue_date=date(2026, 2, 2),
        due_date=date(2026, 3, 4),
        amount=Decimal("2417.19"),
        payment_reference="RF31FA2026000123",
    ),
    ListedItem(
        item_id="FR01:FA-2026-000158",
        document_number="FA-2026-000158",
        issue_date=date(2026, 2, 20),
        due_date=date(2026, 3, 22),
        amount=Decimal("860.40"),
        payment_reference="RF20FA2026000158",
    ),
)
_CREDIT = ListedItem(
    item_id="FR01:AV-2026-000009",
    document_number="AV-2026-000009",
    issue_date=date(2026, 2, 25),
    due_date=date(2026, 2, 25),
    amount=Decimal("51.25"),
)
_CLAIMS = Claims(interest=Decimal("37.15"), interest_until=date(2026, 4, 20), indemnity=Decimal("40.00"))


def example(
    language: Language,
    step: Step,
    tone: Tone,
    debtor_class: DebtorClass = "company",
    *,
    several: bool = True,
    claims: bool = True,
) -> Request:
    """A request for a template; with several items and a credit, or one item; with what lateness adds, or without."""
    late = step in {"reminder", "formal_notice"} and claims and debtor_class != "private"
    promised = step in {"promise_confirmed", "promise_broken"}
    return Request(
        request_id=UUID("6f0c1c1e-52a2-5c0e-9d53-0f6a4c2f7b11"),
        case_id="case-C-1024",
        customer_id="C-1024",
        entity_id="FR01",
        contact_id="contact-1",
        step=step,
        tone=tone,
        language=language,
        debtor_class=debtor_class,
        customer_name="Établissements Müller & Cie",
        sender=_SENDER,
        account=_ACCOUNT,
        currency="EUR",
        items=() if step in {"credit_note", "thanks"} else _ITEMS[: 2 if several else 1],
        credits=(_CREDIT,)
        if step == "credit_note" or (several and step in {"statement", "reminder"})
        else (),
        claims=_CLAIMS if late else Claims(),
        promised=Decimal("1500.00") if promised else None,
        promised_for=date(2026, 4, 15) if promised else None,
        received=Decimal("2417.19") if step == "thanks" else None,
        follows=Follows(next="formal_notice" if step == "reminder" else "reminder", pay_by=date(2026, 4, 30)),
        channels=("email",),
        business_date=date(2026, 4, 20),
    )
