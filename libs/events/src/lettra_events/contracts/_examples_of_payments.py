"""One plausible event of each of payment-ingest's contracts; what `_examples` says of all holds for these."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from lettra_events.contracts import payments
from lettra_events.contracts._registry import Event

_ENTITY = "FR01"
_CUSTOMER = "C-10482"
_INVOICE = "FA-2026-000123"
_CREDIT_NOTE = "AV-2026-000017"
_REFERENCE = "RF18539007547034"
_PAYER = "ATELIERS DURANCE SAS"
_PAYER_IBAN = "DE89370400440532013000"
_PAYMENT = "5b0f3c57-7a39-5d0e-9c1b-6a2f8e4d1c70"
_OTHER_PAYMENT = "9f0fd4bd-3f2f-5a3c-8a90-0c3a54a0a6a8"
_ANNOUNCEMENT = "c1f4b1e2-52b4-5d0e-8e55-17a5a3f0d9b4"
_BANK_REF = "20260316-0004711"
_PAYOUT_ID = "po-20260316-77"
_DIGEST = "9f2b5c1e7d8a4036b1c2d3e4f5061728394a5b6c7d8e9f00112233445566778f"
_CONTENT = "41d0c5a7e93b8f2617c4d5e6f70819a2b3c4d5e6f708192a3b4c5d6e7f809a1b"
_DAY = date(2026, 3, 16)
_NEXT_DAY = date(2026, 3, 17)
_EUR: Any = {"entity_id": _ENTITY, "currency": "EUR"}
_ON_ACCOUNT: Any = {"account": "FR1420041010050500013M02606", **_EUR}
_ENTRY: Any = {
    "statement_id": "2026-051",
    "entry_ref": _BANK_REF,
    "booking_date": _DAY,
    "value_date": _NEXT_DAY,
    "charges": Decimal("1.50"),
    **_ON_ACCOUNT,
}
_PAYER_SAYS: Any = {
    "end_to_end_id": "E2E-88213",
    "structured_reference": _REFERENCE,
    "remittance": f"REGLEMENT {_INVOICE}",
    "counterparty_name": _PAYER,
    "counterparty_iban": _PAYER_IBAN,
    "mandate_id": "M-2024-771",
}
_TRANSACTION: Any = {
    "payment_id": _PAYMENT,
    "reversal": True,
    "original_amount": Decimal("1310.04"),
    "original_currency": "USD",
    "exchange_rate": "1.0917",
    "return_reason": "AC04",
    "bank_transaction_code": "PMNT-RCDT-ESCT",
    "batch_size": 2,
    **_ENTRY,
    **_PAYER_SAYS,
}
_ADVICE: Any = {
    "advice_id": "0d3c7a52-7a4e-5b0c-9d2f-3c1d6c1f9b10",
    "customer_id": _CUSTOMER,
    "total": Decimal("1150.00"),
    "lines": (
        payments.AdviceLine(document_number=_INVOICE, amount=Decimal("1200.00")),
        payments.AdviceLine(document_number=_CREDIT_NOTE, amount=Decimal("-50.00")),
    ),
    "text": f"Nous payons {_INVOICE} moins {_CREDIT_NOTE}.",
    **_EUR,
}
_PAYOUT: Any = {
    "payout_id": _PAYOUT_ID,
    "gross": Decimal("1200.00"),
    "fees": Decimal("16.80"),
    "net": Decimal("1183.20"),
    **_ON_ACCOUNT,
}
_QUARANTINED: Any = {"statement_id": "2026-052", "content_digest": _CONTENT, **_ON_ACCOUNT}

OF_PAYMENTS: list[Event] = [
    payments.BankAccountRegistered(cadence_days=1, **_ON_ACCOUNT),
    payments.BankAccountClosed(**_ON_ACCOUNT),
    payments.CsvMappingRegistered(mapping='decimal = ","\n[columns]\nbooking_date = "Date"', **_ON_ACCOUNT),
    payments.PaymentReceived(
        amount=Decimal("1200.00"), method="card", part_of=_OTHER_PAYMENT, payout_id=_PAYOUT_ID, **_TRANSACTION
    ),
    payments.DebitBooked(amount=Decimal("1200.00"), **_TRANSACTION),
    payments.PaymentReturned(
        return_id=_OTHER_PAYMENT,
        amount=Decimal("1200.00"),
        reason="AC04",
        evidence="end-to-end reference E2E-88213 and amount",
        payment_id=_PAYMENT,
        **_ENTRY,
    ),
    payments.PaymentDetailed(
        payment_id=_PAYMENT,
        amount=Decimal("1183.20"),
        fees=Decimal("16.80"),
        parts=(payments.PaymentPart(payment_id=_OTHER_PAYMENT, amount=Decimal("1200.00")),),
        evidence="payout 77 of CARTES SA",
        **_EUR,
    ),
    payments.PaymentAnnounced(
        announcement_id=_ANNOUNCEMENT,
        source="report",
        entry_ref="20260316-0004711",
        announced_on=_DAY,
        batch_ref="20260316-0004700",
        booking_date=_DAY,
        value_date=_NEXT_DAY,
        amount=Decimal("1200.00"),
        method="card",
        payout_id=_PAYOUT_ID,
        **_PAYER_SAYS,
        **_ON_ACCOUNT,
    ),
    payments.AnnouncementReplaced(
        announcement_id=_ANNOUNCEMENT,
        entity_id=_ENTITY,
        payment_id=_PAYMENT,
        evidence="bank reference 20260316-0004711",
    ),
    payments.AnnouncementWithdrawn(
        announcement_id=_ANNOUNCEMENT,
        entity_id=_ENTITY,
        reason="announced on 2026-03-10, not booked up to 2026-03-16",
    ),
    payments.PayoutRegistered(
        provider="CARTES SA", reference="77", method="card", expected_date=_DAY, payments=1, **_PAYOUT
    ),
    payments.PayoutSettled(
        entry_id=_PAYMENT, booking_date=_DAY, evidence="reference 77 and amount", **_PAYOUT
    ),
    payments.RemittanceAdviceReceived(payment_date=_DAY, reference="E2E-88213", **_ADVICE),
    payments.RemittanceAdviceLinked(
        payment_id=_PAYMENT, evidence="amount 1150.00 EUR within 7 days", **_ADVICE
    ),
    payments.StatementPartTaken(
        statement_id="2026-051",
        content_digest=_CONTENT,
        taken_before=0,
        payments=(_PAYMENT,),
        balances=(Decimal("949.90"),),
        file_digest=_DIGEST,
        **_ON_ACCOUNT,
    ),
    payments.StatementBooked(
        statement_id="2026-051",
        content_digest=_CONTENT,
        first_booking_date=_DAY,
        last_booking_date=_DAY,
        released=True,
        on_line=True,
        line=payments.AccountLine(through_date=_DAY, balance=Decimal("949.90")),
        from_date=_DAY,
        through_date=_DAY,
        opening_balance=Decimal("-250.10"),
        closing_balance=Decimal("949.90"),
        transactions=1,
        verified=True,
        file_digest=_DIGEST,
        **_ON_ACCOUNT,
    ),
    payments.StatementQuarantined(
        statement_id="2026-052",
        content_digest=_CONTENT,
        through_date=_NEXT_DAY,
        reason="opening balance 949.90 + entries 310.00 = 1259.90, but the closing balance is 1260.00",
        file_digest=_DIGEST,
        **_ON_ACCOUNT,
    ),
    payments.StatementReleased(
        file_digest=_DIGEST, who="j.lambert", why="the bank confirms the entries", **_QUARANTINED
    ),
    payments.StatementDismissed(
        through_date=_NEXT_DAY,
        line=payments.AccountLine(through_date=_DAY, balance=Decimal("949.90")),
        who="j.lambert",
        why="sent by mistake",
        **_QUARANTINED,
    ),
    payments.FeedStale(
        business_date=date(2026, 3, 19), through_date=_DAY, due_by=date(2026, 3, 18), **_ON_ACCOUNT
    ),
    payments.StatementMissing(
        business_date=date(2026, 3, 19),
        after=_DAY,
        before=date(2026, 3, 18),
        reason="the statement before closed with 949.90 EUR, this one opens with 959.90 EUR: difference 10.00",
        **_ON_ACCOUNT,
    ),
    payments.PaymentsDayClosed(
        business_date=_DAY,
        entities=(_ENTITY, "FR02"),
        through_dates=(payments.ThroughDate(through_date=_DAY, **_ON_ACCOUNT),),
    ),
]
