"""One plausible event of every contract of matching, all of it invented."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from lettra_events.contracts import matching
from lettra_events.contracts._registry import Event
from lettra_events.contracts.payments import AdviceLine, ThroughDate

_ENTITY, _OTHER_ENTITY = "FR01", "FR02"
_CUSTOMER = "C-10482"
_INVOICE = "FA-2026-000123"
_ITEM, _NOTE = f"{_ENTITY}:{_INVOICE}", f"{_ENTITY}:AV-2026-000017"
_REFERENCE = "RF18539007547034"
_ACCOUNT = "FR1420041010050500013M02606"
_PAYER_IBAN = "DE89370400440532013000"
_PAYMENT = "5b0f3c57-7a39-5d0e-9c1b-6a2f8e4d1c70"
_OTHER_PAYMENT = "a0c52a5e-6f0f-5a57-8a54-2f0c8d0b8f11"
_DAY = date(2026, 3, 16)
_WHO, _WHY = "M. Vasseur", "the customer called"
_EUR: Any = {"entity_id": _ENTITY, "currency": "EUR"}
_MOVED: Any = {"customer_id": _CUSTOMER, "date": _DAY, **_EUR}
_LINE: Any = {"payment_id": _PAYMENT, "line": 1}
_PERSON: Any = {"who": _WHO, "why": _WHY}
_TEXTS: Any = {
    "value_date": date(2026, 3, 17),
    "counterparty_name": "ATELIERS DURANCE SAS",
    "counterparty_iban": _PAYER_IBAN,
    "structured_reference": _REFERENCE,
    "remittance": f"FACTURE {_INVOICE}",
    "end_to_end_id": "E2E-2026-0316-7",
}
_DECIDED: Any = {
    "rule": "structured_reference",
    "evidence": f"the payment carries {_REFERENCE}, the reference of this item alone",
    "confidence": Decimal("0.99"),
    "solutions": 1,
    "rules_version": 3,
    "who": _WHO,
}
_WAITING = (f"{_ENTITY}|num:FA2026000124", f"customer:{_CUSTOMER}")

_OF_LEDGERS: list[Event] = [
    matching.ItemOpened(
        customer_id=_CUSTOMER,
        item_id=_ITEM,
        kind="invoice",
        document_number=_INVOICE,
        issue_date=date(2026, 2, 2),
        due_date=date(2026, 3, 4),
        amount=Decimal("1200.00"),
        payment_reference=_REFERENCE,
        discount_amount=Decimal("24.00"),
        discount_until=date(2026, 2, 12),
        **_EUR,
    ),
    matching.ItemDisputed(customer_id=_CUSTOMER, item_id=_ITEM, disputed=Decimal("150.00"), **_EUR),
    matching.ItemSettled(item_id=_ITEM, lettrage="K7QXM2PA", **_MOVED),
    matching.ItemReopened(item_id=_ITEM, open_after=Decimal("976.00"), **_MOVED),
    matching.CashApplied(
        item_id=_ITEM, amount=Decimal("976.00"), open_after=Decimal("24.00"), **_LINE, **_MOVED, **_DECIDED
    ),
    matching.CashUnapplied(
        item_id=_ITEM, amount=Decimal("976.00"), open_after=Decimal("976.00"), **_LINE, **_MOVED
    ),
    matching.CreditApplied(
        credit_item_id=_NOTE,
        item_id=_ITEM,
        amount=Decimal("200.00"),
        open_after=Decimal("1000.00"),
        credit_open_after=Decimal("0.00"),
        **_LINE,
        **_MOVED,
    ),
    matching.CreditUnapplied(
        credit_item_id=_NOTE,
        item_id=_ITEM,
        amount=Decimal("200.00"),
        open_after=Decimal("1200.00"),
        credit_open_after=Decimal("200.00"),
        **_LINE,
        **_MOVED,
    ),
    matching.ItemWrittenOff(
        item_id=_ITEM,
        write_off_type="early_payment_discount",
        amount=Decimal("24.00"),
        open_after=Decimal("0.00"),
        evidence="less the early-payment discount of 24.00 valid on 2026-02-12",
        **_LINE,
        **_MOVED,
    ),
    matching.WriteOffReversed(
        item_id=_ITEM,
        write_off_type="early_payment_discount",
        amount=Decimal("24.00"),
        open_after=Decimal("24.00"),
        **_LINE,
        **_MOVED,
    ),
    matching.CashPutOnAccount(
        payment_id=_PAYMENT,
        amount=Decimal("224.00"),
        evidence="the item was open for 976.00 EUR only",
        waiting_for=_WAITING,
        who=_WHO,
        **_MOVED,
    ),
    matching.CashTakenFromAccount(payment_id=_PAYMENT, amount=Decimal("224.00"), **_MOVED),
    matching.CashRefunded(payment_id=_PAYMENT, amount=Decimal("224.00"), **_MOVED, **_PERSON),
    matching.HoldPlaced(
        customer_id=_CUSTOMER,
        payment_id=_PAYMENT,
        amount=Decimal("1200.00"),
        reason="a proposal for a person",
        **_EUR,
    ),
    matching.HoldReleased(customer_id=_CUSTOMER, entity_id=_ENTITY, payment_id=_PAYMENT),
]

_OF_MONEY: list[Event] = [
    matching.PaymentTaken(
        payment_id=_PAYMENT,
        booking_date=_DAY,
        amount=Decimal("1200.00"),
        part_of=_OTHER_PAYMENT,
        **_TEXTS,
        **_EUR,
    ),
    matching.PaymentUnmatched(
        payment_id=_PAYMENT,
        amount=Decimal("1200.00"),
        reason="no document that is known stands in the text; nothing says who pays",
        waiting_for=_WAITING,
        **_EUR,
    ),
    matching.MatchProposed(
        payment_id=_PAYMENT,
        lines=(
            matching.ProposedLine(
                customer_id=_CUSTOMER,
                item_id=_ITEM,
                settled=Decimal("1000.00"),
                write_off=Decimal("24.00"),
                write_off_type="bank_fees",
            ),
        ),
        waiting_for=_WAITING,
        **_DECIDED,
        **_EUR,
    ),
    matching.ProposalConfirmed(payment_id=_PAYMENT, **_PERSON),
    matching.ProposalRefused(payment_id=_PAYMENT, items=(_ITEM,), **_PERSON),
    matching.ProposalWithdrawn(payment_id=_PAYMENT, reason="something else was decided"),
    matching.MatchUndone(payment_id=_PAYMENT, items=(_ITEM,), date=_DAY, **_PERSON),
    matching.PaymentSentBack(
        payment_id=_PAYMENT, amount=Decimal("1200.00"), date=_DAY, reason="AM04", **_EUR
    ),
    matching.PaymentSplit(payment_id=_PAYMENT, amount=Decimal("1200.00"), parts=(_OTHER_PAYMENT,), **_EUR),
    matching.AdviceTaken(
        payment_id=_PAYMENT,
        advice_id="ADV-2026-44",
        customer_id=_CUSTOMER,
        lines=(AdviceLine(document_number=_INVOICE, amount=Decimal("1200.00")),),
        text="we pay your invoice of February",
    ),
    matching.PaymentTransferredOut(
        payment_id=_PAYMENT,
        to_entity_id=_OTHER_ENTITY,
        to_payment_id=_OTHER_PAYMENT,
        amount=Decimal("224.00"),
        date=_DAY,
        **_EUR,
        **_PERSON,
    ),
    matching.PaymentTransferredIn(
        payment_id=_OTHER_PAYMENT,
        entity_id=_OTHER_ENTITY,
        currency="EUR",
        from_payment_id=_PAYMENT,
        amount=Decimal("224.00"),
        booking_date=_DAY,
        **_TEXTS,
    ),
    matching.MoneyAnnounced(payment_id=_PAYMENT, amount=Decimal("1200.00"), date=_DAY, **_TEXTS, **_EUR),
    matching.AnnouncementClosed(payment_id=_PAYMENT, reason="booked"),
]

OF_MATCHING: list[Event] = [
    *_OF_LEDGERS,
    *_OF_MONEY,
    matching.PayerStated(
        customer_id=_CUSTOMER,
        name="Ateliers Durance SAS",
        siren="732829320",
        vat_number="FR44732829320",
        ibans=(_PAYER_IBAN,),
        group_id="DURANCE",
    ),
    matching.PayerLearned(
        customer_id=_CUSTOMER,
        iban=_PAYER_IBAN,
        alias="ATEL DURANCE",
        serves_from=date(2026, 3, 17),
        payment_id=_PAYMENT,
    ),
    matching.PayerForgotten(customer_id=_CUSTOMER, payment_id=_PAYMENT),
    matching.RulesChanged(
        entity_id=_ENTITY,
        version=3,
        rules=(matching.ChangedRule(name="fee_tolerance", value="15.00"),),
        who=_WHO,
        why="agreed with the bank",
    ),
    matching.DayProcessed(
        business_date=_DAY,
        entities=(_ENTITY, _OTHER_ENTITY),
        held_back=("FR03",),
        through_dates=(ThroughDate(through_date=_DAY, account=_ACCOUNT, **_EUR),),
    ),
]
