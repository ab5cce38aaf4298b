"""Scenes in which the payer says what he pays, and it is not the whole of it, or not the end of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from lettra_tools.demo.model import CENT, Dispute, Habit
from lettra_tools.demo.scenes.script import Script

FEES = Decimal("12.00")


def bank_fees(script: Script) -> None:
    """Banks on the way keep 12 EUR."""
    customer = script.customer()
    invoice = script.invoice(customer, script.gross(2_000))
    paid = {invoice: invoice.gross - FEES}
    script.names(customer, Habit.FEES, 31, "INVOICE {} CHARGES SHA", paid, besides={invoice.key: FEES})


def discount_taken(script: Script) -> None:
    """2 per cent less within the ten days that the invoice gives; and the next time too late."""
    customer = script.customer()
    invoice = script.invoice(customer, _gross(script), is_own=True, discount=2)
    less = (invoice.gross * 2 / 100).quantize(CENT)
    paid = {invoice: invoice.gross - less}
    words = "FACTURE {} ESCOMPTE 2% DEDUIT"
    script.names(customer, Habit.DISCOUNT, 7, words, paid, besides={invoice.key: less})
    later = script.invoice(customer, _gross(script), 10, is_own=True, discount=2)
    paid = {later: later.gross - (later.gross * 2 / 100).quantize(CENT)}
    script.names(customer, Habit.DISCOUNT_LATE, 38, words, paid)


def _gross(script: Script) -> Decimal:
    """Two per cent of it are whole cents."""
    return Decimal(script.random.randint(4_001, 9_999) * 50).scaleb(-2)


def credit_note_of_another(script: Script) -> None:
    """An invoice is paid, a part of it credited, and that is kept back from the next one, without its number."""
    customer = script.customer()
    paid, next_ = (
        script.invoice(customer, script.gross(3_000)),
        script.invoice(customer, script.gross(3_000), 5),
    )
    script.names(customer, Habit.NUMBER, 14, "FACTURE {}", {paid: paid.gross})
    note = script.credit(paid, (paid.gross / 5).quantize(CENT), 24)
    script.names(
        customer,
        Habit.AFTER_CREDIT,
        36,
        "FACTURE {} MOINS VOTRE AVOIR",
        {next_: next_.gross - note.gross},
        besides={next_.key: note.gross, note.key: note.gross},
    )


def dispute(script: Script) -> None:
    """A part of the delivery was damaged; the customer contests it, gets a credit note, and pays the rest."""
    customer = script.customer()
    invoice = script.invoice(customer, script.gross(2_000))
    share = (invoice.gross * script.random.randint(8, 25) / 100).quantize(CENT)
    script.credit(invoice, share, 17, Dispute(script.day(8), "quality"))
    words = "FACTURE {} MOINS LITIGE RECONNU"
    script.names(customer, Habit.DISPUTED, 31, words, {invoice: invoice.gross - share})


def deposit(script: Script) -> None:
    """A deposit is invoiced and paid, and later deducted from the invoice."""
    customer = script.customer()
    whole = script.gross(4_000, 9_000)
    before = script.invoice(customer, (whole * 3 / 10).quantize(CENT), is_own=True, is_deposit=True)
    script.names(customer, Habit.DEPOSIT, 8, "ACOMPTE {} SELON DEVIS", {before: before.gross})
    final = script.invoice(customer, whole, 21, is_own=True, deducts=before)
    script.names(customer, Habit.DEPOSIT, 50, "SOLDE FACTURE {}", {final: final.owed})


def returned(script: Script) -> None:
    """The bank takes a payment back; the customer pays again, weeks later."""
    customer = script.customer()
    invoice = script.invoice(customer, script.gross())
    first = script.pays(
        customer,
        Habit.RETURNED,
        28,
        invoice.gross,
        "FACTURE {}",
        names=(invoice.key,),
        is_returned=True,
        end_to_end=f"E2E-{invoice.key}",
    )
    script.takes_back(first, 37)
    if script.random.random() < 0.5:
        script.names(customer, Habit.NUMBER, 50, "FACTURE {} SUITE REJET", {invoice: invoice.gross})


def announced(script: Script) -> None:
    """The bank tells on Friday of what it books on Monday."""
    customer = script.customer()
    invoice = script.invoice(customer, script.gross())
    booked = script.monday(28)
    script.names(
        customer,
        Habit.ANNOUNCED,
        28,
        "REGLEMENT {}",
        {invoice: invoice.gross},
        booking_date=booked,
        announced_on=booked - timedelta(days=3),
        end_to_end=f"E2E-{invoice.key}",
    )


def advice(script: Script) -> None:
    """The transfer says nothing; an e-mail lists two invoices, and a part of a third."""
    customer = script.customer()
    invoices = [script.invoice(customer, script.gross(), issued) for issued in (0, 3, 7)]
    paid = {each: each.gross for each in invoices}
    paid[invoices[2]] = (invoices[2].gross * 6 / 10).quantize(CENT)
    lines = [f"facture {each.key} : {amount}" for each, amount in paid.items()]
    total = sum(paid.values(), Decimal(0))
    text = "\n".join(["Bonjour, nous vous payons ce jour :", *lines, f"Total : {total}", "Cordialement"])
    script.names(customer, Habit.ADVICE, 35, "VOIR NOTRE MAIL DE CE JOUR", paid, advice=text)


SCENES = (
    bank_fees,
    discount_taken,
    credit_note_of_another,
    dispute,
    deposit,
    returned,
    announced,
    advice,
)
