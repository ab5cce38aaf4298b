"""Payments that name no document: who pays is known, and the amount or a word leaves one reading."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from lettra_tools.matchbench import payers, words
from lettra_tools.matchbench.scene import Build, Habit, Scene
from lettra_tools.matchbench.world import Draft, Item


def one_amount(scene: Scene, text: str) -> Draft | None:
    """The only invoice of that amount, paid from an account that the master data know."""
    known = scene.customer.known and scene.bank.shows_account
    if not known or not scene.ledger.is_only_reading(scene.customer, scene.seed, scene.left):
        return None
    return scene.certainly_by_customer(scene.pay(text, [scene.seed]))


def known_account(scene: Scene) -> Draft | None:
    return one_amount(scene, scene.silence())


def shared_account(scene: Scene) -> Draft | None:
    """The account pays for all companies of the group; one of their invoices has that amount."""
    return one_amount(scene, scene.silence()) if scene.customer.group_id else None


def new_account(scene: Scene) -> Draft | None:
    """The customer has changed his bank: the account is unknown, the name is clear."""
    if not scene.customer.known or not scene.ledger.is_only_reading(scene.customer, scene.seed, scene.left):
        return None
    return scene.by_name(scene.pay(scene.silence(), [scene.seed]), payers.clear_name)


def by_name(way: payers.Way) -> Build:
    """No account is known; the name, written this way, is one customer's only."""

    def build(scene: Scene) -> Draft | None:
        if scene.customer.known or not scene.ledger.is_only_reading(scene.customer, scene.seed, scene.left):
            return None
        draft = scene.pay(scene.silence(), [scene.seed])
        return scene.by_name(draft, way, scene.customer.own_ibans[0])

    return build


def registration_number(scene: Scene) -> Draft | None:
    """Somebody pays for him, and gives his SIREN or VAT number."""
    customer = scene.customer
    if not customer.siren or not scene.ledger.is_only_reading(customer, scene.seed, scene.left):
        return None
    grouped = f"{customer.siren[:3]} {customer.siren[3:6]} {customer.siren[6:]}"
    number = scene.random.choice((customer.siren, grouped, customer.vat_number))
    draft = scene.pay(f"{scene.random.choice(('SIREN', 'CLIENT', 'TVA', 'P/C'))} {number}", [scene.seed])
    draft.name, draft.iban = payers.stranger(scene.random), payers.account(scene.random)
    return draft


def on_behalf_of(scene: Scene) -> Draft | None:
    """Somebody pays for him, and gives his name in the text."""
    customer = scene.customer
    alone = len(scene.ledger.taken_for(customer)) == 1
    if not alone or not scene.ledger.is_only_reading(customer, scene.seed, scene.left):
        return None
    draft = scene.pay(
        f"{scene.random.choice(('P/C', 'POUR LE COMPTE DE', 'O/B', 'FUER'))} {customer.name}", [scene.seed]
    )
    draft.name, draft.iban = payers.stranger(scene.random), payers.account(scene.random)
    return draft


# ---- What looks like a number and is none ----


def day_of_today(scene: Scene) -> Draft | None:
    texts = ("REGLEMENT DU {0:%d/%m/%Y}", "VIR {0:%Y%m%d}", "PAYMENT {0:%d%m%Y}", "Zahlung vom {0:%d.%m.%Y}")
    return one_amount(scene, scene.random.choice(texts).format(scene.day))


def year(scene: Scene) -> Draft | None:
    texts = (
        "LOYER ANNEE 2026",
        "COTISATION 2026",
        "CONTRAT ANNUEL 2025/2026",
        "Wartung 2026",
        "FACTURE 2026",
    )
    return one_amount(scene, scene.random.choice(texts))


def order_number(scene: Scene) -> Draft | None:
    """An order's or contract's number; now and then with the serial of somebody else's invoice."""
    other = scene.random.choice(scene.ledger.items)
    texts = (
        f"commande {scene.order()}",
        f"PO {scene.order()}",
        f"BL {other.number.digits}",
        f"CONTRAT 2026-{other.number.digits}",
        f"Auftrag 2026/{other.number.digits}",
        f"DEVIS D{other.number.serial}",
    )
    return one_amount(scene, scene.random.choice(texts))


def other_digits(scene: Scene) -> Draft | None:
    """A telephone number, a mandate, a customer number of the payer's own."""
    digits = scene.random.randrange(10_000_000, 99_999_999)
    texts = (
        f"TEL 01{digits}",
        f"MANDAT {digits}",
        f"CLIENT {digits}",
        f"REF PAIEMENT {digits}00{digits}",
        f"LOT {digits}",
    )
    return one_amount(scene, scene.random.choice(texts))


# ---- Several items at once ----


def _of_all(scene: Scene, items: Sequence[Item], text: str) -> Draft | None:
    """These, if the payer is known and nobody who could be meant has others that would fit the same words."""
    if len(items) < 2 or scene.total(items) <= 0:
        return None
    return scene.certainly_by_customer(scene.pay(text, items))


def _only_subset(scene: Scene, items: Sequence[Item]) -> Draft | None:
    if not items or not scene.ledger.is_only_subset(scene.customer, items, scene.total(items)):
        return None
    return _of_all(scene, items, scene.silence())


def _sells_alone(scene: Scene) -> bool:
    """Whether all that is open of whom the payer could be is this customer's, of this entity, and was issued."""
    own = {*scene.invoices(), *scene.credit_notes()}
    return set(scene.ledger.widest(scene.customer, scene.seed.currency)) == own


def month_named(scene: Scene) -> Draft | None:
    """The invoices of March: all that were issued in that month."""
    month = scene.seed.issued.month
    items = [item for item in scene.invoices() if item.issued.month == month]
    if not _sells_alone(scene) or any(item.issued.month == month for item in scene.credit_notes()):
        return None
    name = words.MONTHS[scene.customer.language][month - 1]
    texts = {
        "fr": (
            "factures {0}",
            "factures du mois de {0}",
            "loyer {0}",
            "prestations {0} 2026",
            "RGLT FACT {0}",
        ),
        "en": ("invoices {0}", "{0} invoices", "services {0}"),
        "de": ("Rechnungen {0}", "Rechnung {0}", "Miete {0}"),
        "it": ("fatture {0}", "saldo fatture {0}"),
        "es": ("facturas {0}", "facturas de {0}"),
    }
    text = scene.random.choice(texts[scene.customer.language]).format(name)
    return scene.certainly_by_customer(scene.pay(text, items))


def due_day_named(scene: Scene) -> Draft | None:
    items = [item for item in scene.invoices() if item.due == scene.seed.due]
    if not _sells_alone(scene):
        return None
    text = scene.random.choice(
        ("échéance du {0:%d/%m/%Y}", "ECH {0:%d%m%y}", "fällig {0:%d.%m.%Y}", "due {0:%d/%m/%y}")
    )
    return _of_all(scene, items, text.format(scene.seed.due))


def statement_total(scene: Scene) -> Draft | None:
    """Everything on the statement of account, less the credit notes."""
    if not _sells_alone(scene):
        return None
    items = [*scene.invoices(), *scene.credit_notes()]
    texts = (
        "solde de notre compte",
        "votre relevé du {0:%d/%m}",
        "statement {0:%d %b}",
        "Kontoausgleich",
        "SOLDE CPTE",
    )
    return _of_all(scene, items, scene.random.choice(texts).format(scene.day))


def everything_due(scene: Scene) -> Draft | None:
    return _only_subset(scene, [item for item in scene.invoices() if item.due <= scene.day])


def everything_less_credit_notes(scene: Scene) -> Draft | None:
    notes = scene.credit_notes()
    return _only_subset(scene, [*scene.invoices(), *notes]) if notes else None


def one_due_month(scene: Scene) -> Draft | None:
    month = scene.seed.due.replace(day=1)
    return _only_subset(scene, [item for item in scene.invoices() if item.due.replace(day=1) == month])


def oldest_first(scene: Scene) -> Draft | None:
    invoices = scene.invoices()
    return _only_subset(scene, invoices[: scene.random.randint(2, max(2, len(invoices) - 1))])


def any_subset(scene: Scene) -> Draft | None:
    return _only_subset(scene, scene.some(2, 4))


def discount_without_number(scene: Scene) -> Draft | None:
    """Nothing is named; the amount is the only one that a valid discount leaves."""
    seed = scene.seed
    if seed.discount_until is None or scene.day > seed.discount_until or not scene.is_whole:
        return None
    cents = scene.left - seed.discount_cents
    known = scene.customer.known and scene.bank.shows_account
    if not known or not scene.ledger.is_only_reading(scene.customer, seed, cents):
        return None
    return scene.certainly_by_customer(Draft(cents, scene.silence(), scene.whole([seed])))


def equal_amounts_one_due(scene: Scene) -> Draft | None:
    """Several invoices of this amount, of which one alone is due, as is nothing else of the customer's."""
    due = [item for item in scene.invoices() if item.due <= scene.day]
    others = [
        item for item in scene.invoices() if item is not scene.seed and scene.ledger.left[item] == scene.left
    ]
    later = scene.day + timedelta(days=20)
    if (
        due != [scene.seed]
        or not others
        or any(item.due < later for item in others)
        or not _sells_alone(scene)
    ):
        return None
    return scene.certainly_by_customer(scene.pay(scene.silence(), [scene.seed]))


HABITS = {
    "silent_known_account": Habit(known_account, "known"),
    "silent_shared_account": Habit(shared_account, "shared"),
    "silent_new_account": Habit(new_account, "known"),
    "silent_name": Habit(by_name(payers.registered), "unknown"),
    "silent_name_without_form": Habit(by_name(payers.without_form), "unknown"),
    "silent_name_abbreviated": Habit(by_name(payers.abbreviated), "unknown"),
    "silent_name_reordered": Habit(by_name(payers.reordered), "unknown"),
    "silent_name_cut": Habit(by_name(payers.cut), "unknown"),
    "silent_name_with_department": Habit(by_name(payers.with_department), "unknown"),
    "registration_number": Habit(registration_number),
    "on_behalf_of_named": Habit(on_behalf_of),
    "looks_like_number_day": Habit(day_of_today, "known"),
    "looks_like_number_year": Habit(year, "known"),
    "looks_like_number_order": Habit(order_number, "known"),
    "looks_like_number_other": Habit(other_digits, "known"),
    "month_named": Habit(month_named),
    "month_named_equal_amounts": Habit(month_named, "recurring"),
    "due_day_named": Habit(due_day_named),
    "statement_total": Habit(statement_total),
    "everything_due": Habit(everything_due),
    "everything_less_credit_notes": Habit(everything_less_credit_notes, "credit"),
    "one_due_month": Habit(one_due_month),
    "oldest_first": Habit(oldest_first),
    "subset": Habit(any_subset),
    "discount_without_number": Habit(discount_without_number, "discount"),
    "equal_amounts_one_due": Habit(equal_amounts_one_due, "recurring"),
}
