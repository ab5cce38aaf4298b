"""Scenes in which the payer does not say what he pays: what is there is enough, or only a person can find out."""

from __future__ import annotations

from decimal import Decimal

from lettra_tools.demo.model import Habit, Invoice
from lettra_tools.demo.scenes.script import Script


def group(script: Script) -> None:
    """The parent pays from its account what a sister owes."""
    group_id = f"G-{script.name().split()[0].upper()}"
    parent = script.customer(group=group_id)
    sister = script.customer(group=group_id, knows_iban=False)
    own = script.invoice(parent, script.gross(7_000, 9_000))
    invoice = script.invoice(sister, script.gross(1_000, 5_000), 2)
    script.means(parent, Habit.GROUP, 33, "REGLEMENT FOURNISSEUR", {invoice: invoice.gross})
    script.names(parent, Habit.NUMBER, 48, "FACTURE {}", {own: own.gross})


def on_behalf(script: Script) -> None:
    """A payment service that is no customer names the one for whom it pays."""
    customer = script.customer(knows_iban=False)
    invoice = script.invoice(customer, script.gross())
    words = f"POUR LE COMPTE DE {customer.name.upper()}"
    who = {"payer_name": "PAIEMENTS DU RHONE", "payer_iban": None}
    script.means(customer, Habit.ON_BEHALF, 29, words, {invoice: invoice.gross}, **who)


def statement(script: Script) -> None:
    """All that is due; the newest invoice is not due yet."""
    customer = script.customer()
    invoices = [script.invoice(customer, script.gross(), issued) for issued in (0, 5, 9, 31)]
    paid = {each: each.gross for each in invoices[:3]}
    script.means(customer, Habit.STATEMENT, 45, "REGLEMENT DE VOS FACTURES ECHUES", paid)
    script.names(customer, Habit.NUMBER, 60, "FACTURE {}", {invoices[3]: invoices[3].gross})


def unique_sum(script: Script) -> None:
    """Three of six, which no other ones of the six add up to."""
    customer = script.customer()
    invoices = [script.invoice(customer, script.gross(1_000, 9_000), 2 * n) for n in range(6)]
    paid = {invoices[n]: invoices[n].gross for n in (0, 2, 5)}
    script.means(customer, Habit.UNIQUE_SUM, 42, "REGLEMENT", paid)
    rest = {each: each.gross for each in invoices if each not in paid}
    script.names(customer, Habit.SEVERAL, 56, "FACTURES {} {} {}", rest)


def same_amount(script: Script) -> None:
    """A subscription, twice on the same day; one is paid, and it is the first only now and then."""
    customer = script.customer()
    amount = script.gross(400, 1_500)
    invoices = [script.invoice(customer, amount) for _ in range(2)]
    meant = script.random.choice(invoices)
    script.means(customer, Habit.SAME_AMOUNT, 30, "REGLEMENT", {meant: amount}, only_by_person=True)


def several_sums(script: Script) -> None:
    """The first and the fourth are together as much as the second and the third; no two are of one day."""
    customer = script.customer()
    least = script.gross(1_000, 2_000)
    amounts = [least + more for more in (0, 310, 590, 900)]
    invoices = [script.invoice(customer, amount, 7 * n) for n, amount in enumerate(amounts)]
    script.invoice(customer, script.gross(7_000, 9_000), 28)
    chosen = script.random.choice(((0, 3), (1, 2)))
    paid = {invoices[n]: invoices[n].gross for n in chosen}
    script.means(customer, Habit.SEVERAL_SUMS, 52, "REGLEMENT PARTIEL RELEVE", paid, only_by_person=True)


def round_sum(script: Script) -> None:
    """A round sum without a word: by law it pays what is due and oldest, the last of it in part."""
    customer = script.customer()
    invoices = [script.invoice(customer, script.gross(1_100, 1_900), issued) for issued in (0, 4, 8)]
    amount = Decimal(2_500)
    paid: dict[Invoice, Decimal] = {}
    for each in invoices:
        left = amount - sum(paid.values(), Decimal(0))
        if left > 0:
            paid[each] = min(left, each.gross)
    script.means(customer, Habit.ROUND_SUM, 48, "A VALOIR SUR NOTRE COMPTE", paid, only_by_person=True)


def wrong_number(script: Script) -> None:
    """Two customers owe the same; one of them copies the other's number."""
    amount = script.gross()
    payer, other = script.customer(), script.customer()
    own, strange = script.invoice(payer, amount), script.invoice(other, amount, 1)
    words = f"FACTURE {strange.key}"
    script.means(payer, Habit.WRONG_NUMBER, 30, words, {own: amount}, only_by_person=True)


def similar_names(script: Script) -> None:
    """Two customers differ by their last word, which the bank does not print; the sum is that of two invoices."""
    stem = script.name()
    north, south = (script.customer(f"{stem} {where}", knows_iban=False) for where in ("Nord", "Sud"))
    invoices = [script.invoice(north, script.gross(), issued) for issued in (0, 4)]
    script.invoice(south, script.gross(), 2)
    paid = {each: each.gross for each in invoices}
    who = {"payer_name": stem.upper(), "payer_iban": None}
    script.means(north, Habit.SIMILAR_NAMES, 36, "REGLEMENT", paid, only_by_person=True, **who)


def prepaid(script: Script) -> None:
    """Money for an order; the invoice comes in another year."""
    customer = script.customer()
    script.pays(customer, Habit.PREPAID, 20, Decimal(script.random.randint(15, 40) * 100), "COMMANDE 88-2213")


SCENES = (
    group,
    on_behalf,
    statement,
    unique_sum,
    same_amount,
    several_sums,
    round_sum,
    wrong_number,
    similar_names,
    prepaid,
)
