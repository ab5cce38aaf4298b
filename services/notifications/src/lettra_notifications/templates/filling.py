"""From a request and a template to what is said: texts filled in, rows and means to pay as the reader reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from lettra_documents.epc import transfer_payload
from lettra_notifications.domain.requests import ListedItem, Request
from lettra_notifications.domain.values import Language
from lettra_notifications.templates.sandbox import BadTemplate, fill_in
from lettra_notifications.templates.sources import ITEMS, PAYMENT, Source
from lettra_notifications.templates.wording import LABELS, what_follows
from lettra_notifications.templates.written import day, groups_of_four, money, short_day

SMS_MAX = 459
"""Characters of three parts of a short message."""
SUBJECT_MAX = 200
VARIABLES = frozenset(
    {
        *("customer", "sender", "total", "due_date", "pay_by", "what_follows", "count", "several", "numbers"),
        *(
            "interest",
            "interest_until",
            "indemnity",
            "late_since",
            "debtor_class",
            "iban",
            "reference",
            "link",
        ),
    }
)


@dataclass(frozen=True)
class Row:
    """A line of the list: amounts of credits are written with a minus."""

    number: str
    issued: str
    due: str
    reference: str
    amount: str


@dataclass(frozen=True)
class Payment:
    """How to pay, as it is printed. `qr` is what the code says; None where there is nothing to pay in euros."""

    account_name: str
    iban: str
    bic: str | None
    reference: str
    link: str
    qr: str | None


@dataclass(frozen=True)
class Filled:
    """A message for the reader; `paragraphs` holds texts and the two marks."""

    language: Language
    subject: str
    paragraphs: tuple[str, ...]
    sms: str | None
    rows: tuple[Row, ...]
    total: str
    payment: Payment


def fill(request: Request, source: Source) -> Filled:
    """The template with the request's values. BadTemplate where it uses what is not known, or comes out too long."""
    said = values(request)
    paragraphs = []
    for each in source.paragraphs:
        text = each if each in {ITEMS, PAYMENT} else _single_blanks(fill_in(each, said))
        if text in {ITEMS, PAYMENT} and text != each:
            raise BadTemplate("a paragraph's values make it a mark")
        if text:
            paragraphs.append(text)
    subject = _bounded(fill_in(source.subject, said), SUBJECT_MAX, "the subject")
    sms = None if source.sms is None else _bounded(fill_in(source.sms, said), SMS_MAX, "the short message")
    return Filled(
        language=request.language,
        subject=subject,
        paragraphs=tuple(paragraphs),
        sms=sms,
        rows=_rows(request),
        total=_money(request),
        payment=payment_of(request),
    )


def values(request: Request) -> dict[str, object]:
    """What a template may use, as `VARIABLES` lists it; amounts and dates are texts, absent ones are empty."""
    language, claims = request.language, request.claims
    payment = payment_of(request)
    listed = request.items or request.credits
    return {
        "customer": request.customer_name,
        "sender": request.sender.name,
        "total": _money(request),
        "due_date": day(request.due_date, language),
        "pay_by": day(request.follows.pay_by, language),
        "what_follows": what_follows(request),
        "count": len(listed),
        "several": len(listed) > 1,
        "numbers": ", ".join(item.document_number for item in listed[:3])
        + (", ..." if len(listed) > 3 else ""),
        "interest": money(claims.interest, request.currency, language) if claims.interest else "",
        "interest_until": _day(claims.interest_until, language),
        "indemnity": money(claims.indemnity, request.currency, language) if claims.indemnity else "",
        "late_since": day(request.due_date, language),
        "debtor_class": request.debtor_class,
        "iban": payment.iban,
        "reference": payment.reference,
        "link": payment.link,
    }


def payment_of(request: Request) -> Payment:
    """The account and what to quote; the code where there is an amount to pay in euros."""
    account, reference = request.account, request.reference
    asked = request.step not in {"thanks", "credit_note"} and request.currency == "EUR"
    return Payment(
        account_name=account.name,
        iban=groups_of_four(account.iban),
        bic=account.bic,
        reference=groups_of_four(reference) if reference else request.transfer_text,
        link=account.link,
        qr=transfer_payload(
            name=account.name,
            iban=account.iban,
            amount=request.total,
            bic=account.bic,
            reference=reference,
            text=request.transfer_text,
        )
        if asked
        else None,
    )


def _rows(request: Request) -> tuple[Row, ...]:
    return tuple(
        [_row(item, request, sign=1) for item in request.items]
        + [_row(item, request, sign=-1) for item in request.credits]
        + _claim_rows(request)
    )


def _claim_rows(request: Request) -> list[Row]:
    """What the total has beside the items, so that the list adds up to it."""
    labels, claims = LABELS[request.language], request.claims
    claimed = ((labels["interest"], claims.interest), (labels["indemnity"], claims.indemnity))
    return [
        Row(name, "", "", "", money(amount, request.currency, request.language))
        for name, amount in claimed
        if amount
    ]


def _row(item: ListedItem, request: Request, sign: int) -> Row:
    language = request.language
    return Row(
        number=item.document_number,
        issued=short_day(item.issue_date, language),
        due=short_day(item.due_date, language) if sign > 0 else "",
        reference=groups_of_four(item.payment_reference or ""),
        amount=money(item.amount * sign, request.currency, language),
    )


def _money(request: Request) -> str:
    return money(request.total, request.currency, request.language)


def _day(value: date | None, language: Language) -> str:
    return "" if value is None else day(value, language)


def _single_blanks(text: str) -> str:
    """Without the blanks that a condition leaves; a no-break space stays."""
    return re.sub(" +", " ", text).strip(" ")


def _bounded(text: str, most: int, what: str) -> str:
    line = _single_blanks(text)
    if not 0 < len(line) <= most:
        raise BadTemplate(f"{what} comes to {len(line)} characters, 1 to {most} are possible")
    return line
