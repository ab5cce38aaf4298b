"""Habits of the crowd mix: amounts that differ, periods, names that are near, and what is nobody's or to be asked."""

from __future__ import annotations

from datetime import timedelta

from lettra_tools.matchbench import payers, words
from lettra_tools.matchbench.habits.by_number import clear
from lettra_tools.matchbench.scene import FEE_MAX_CENTS, Build, Habit, Scene
from lettra_tools.matchbench.world import Draft, Item


def _is_free(scene: Scene, cents: int, besides: tuple[Item, ...] = ()) -> bool:
    """Whether nothing that the payer could mean has exactly this amount."""
    wide = scene.ledger.widest(scene.customer, scene.seed.currency)
    return cents > 0 and not any(scene.ledger.left[item] == cents for item in wide if item not in besides)


# ---- Other amounts ----


def discount_and_fee(scene: Scene) -> Draft | None:
    """The discount is taken, and a bank took its fee as well: both are written off."""
    until, seed = scene.seed.discount_until, scene.seed
    if until is None or scene.day > until or not scene.is_whole:
        return None
    cents = scene.left - seed.discount_cents - scene.random.choice((350, 700, 1200))
    if not _is_free(scene, cents):
        return None
    return scene.certainly_by_customer(
        Draft(cents, f"{clear(scene, seed)} -2% escompte", scene.whole([seed]))
    )


def discount_of_list(scene: Scene) -> Draft | None:
    """Several are named, and those that have a valid discount are paid less it."""
    items = scene.some(2, 4)
    off = sum(
        i.discount_cents for i in items if i.discount_until is not None and i.discount_until >= scene.day
    )
    if len(items) < 2 or not off or any(scene.ledger.left[i] != i.cents for i in items):
        return None
    text = ", ".join(clear(scene, item) for item in items)
    return scene.certainly_by_customer(Draft(scene.total(items) - off, f"{text} Skonto", scene.whole(items)))


def credit_and_fee(scene: Scene) -> Draft | None:
    """Invoice and credit note are named, and a bank took its fee."""
    notes = scene.credit_notes()[:1]
    if not notes:
        return None
    items = [scene.seed, *notes]
    cents = scene.total(items) - scene.random.choice((400, 850, 1500))
    if cents < 10_000 or not _is_free(scene, cents):
        return None
    text = f"{clear(scene, scene.seed)} - avoir {clear(scene, notes[0])}"
    return scene.certainly_by_customer(Draft(cents, text, scene.whole(items)))


def without_tax(scene: Scene) -> Draft | None:
    """Paid without VAT by mistake: a part of the invoice."""
    cents = round(scene.left / 1.2)
    notes = [item for item in scene.ledger.widest(scene.customer, scene.seed.currency) if not item.is_invoice]
    short = scene.left - cents
    if (
        short <= FEE_MAX_CENTS
        or not _is_free(scene, cents)
        or any(scene.ledger.left[n] == short for n in notes)
    ):
        return None
    return scene.certainly_by_customer(
        Draft(cents, scene.phrase(clear(scene, scene.seed)), {scene.seed: cents})
    )


def twice_in_one(scene: Scene) -> Draft | None:
    """Twice the amount of the one that is named: it is settled, and the rest is on account."""
    if not _is_free(scene, scene.left, (scene.seed,)) or not _is_free(scene, 2 * scene.left):
        return None
    return scene.certainly_by_customer(
        Draft(2 * scene.left, f"Facture {scene.seed.number.printed}", scene.whole([scene.seed]))
    )


def sister_credit_named(scene: Scene) -> Draft | None:
    """The parent pays one company's invoice less another's credit note, both named."""
    group = [one for one in scene.ledger.taken_for(scene.customer) if one.group_id]
    notes = [
        item
        for one in group
        if one != scene.customer
        for item in scene.ledger.open_of(one.customer_id, scene.seed.currency, scene.day)
        if not item.is_invoice
    ]
    if not notes or scene.ledger.left[notes[0]] >= scene.left:
        return None
    items = [scene.seed, notes[0]]
    draft = scene.pay(f"{scene.seed.number.printed} moins avoir {notes[0].number.printed}", items)
    draft.name, draft.iban = group[0].name, group[0].own_ibans[0]
    return draft


def sister_credit_unnamed(scene: Scene) -> Draft | None:
    """As much less as another company of the group has a credit note of, which nobody names: a clerk asks."""
    named = sister_credit_named(scene)
    if named is None or not _is_free(scene, named.cents):
        return None
    return Draft(named.cents, f"Facture {scene.seed.number.printed}", name=named.name, iban=named.iban)


# ---- Nothing but a period ----


def _sells_alone(scene: Scene) -> bool:
    own = {*scene.invoices(), *scene.credit_notes()}
    return set(scene.ledger.widest(scene.customer, scene.seed.currency)) == own


def two_months(scene: Scene) -> Draft | None:
    """Loyers janvier et fevrier: what was invoiced in two months."""
    first = scene.seed.issued.replace(day=1)
    second = (first + timedelta(days=32)).replace(day=1)
    items = [item for item in scene.invoices() if item.issued.replace(day=1) in (first, second)]
    if not _sells_alone(scene) or len({item.issued.month for item in items}) < 2 or scene.credit_notes():
        return None
    names = words.MONTHS[scene.customer.language]
    text = f"{names[first.month - 1]} {scene.random.choice(('et', '+', '/', '&'))} {names[second.month - 1]}"
    return scene.certainly_by_customer(scene.pay(f"loyers {text}", items))


def period_in_days(scene: Scene) -> Draft | None:
    """Periode du 01/02/2026 au 28/02/2026, and one invoice of that amount."""
    known = scene.customer.known and scene.bank.shows_account
    if not known or not scene.ledger.is_only_reading(scene.customer, scene.seed, scene.left):
        return None
    first = scene.seed.issued.replace(day=1)
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    text = scene.random.choice(
        ("période du {0:%d/%m/%Y} au {1:%d/%m/%Y}", "{0:%d.%m.}-{1:%d.%m.%Y}", "{0:%m-%Y}")
    )
    return scene.certainly_by_customer(scene.pay(text.format(first, last), [scene.seed]))


def registration_with_dots(scene: Scene) -> Draft | None:
    """A SIREN, SIRET or VAT number, written in other ways, of whom somebody pays for."""
    siren = scene.customer.siren
    if not siren or not scene.ledger.is_only_reading(scene.customer, scene.seed, scene.left):
        return None
    dotted = ".".join((siren[:3], siren[3:6], siren[6:]))
    number = scene.random.choice((f"RCS {dotted}", f"{siren}00017", scene.customer.vat_number.lower()))
    draft = scene.pay(f"pour {number}", [scene.seed])
    draft.name, draft.iban = payers.stranger(scene.random), payers.account(scene.random)
    return draft


# ---- To be asked, or nobody's ----


def near_stranger(scene: Scene) -> Draft | None:
    """Somebody of the same family name and another trade, who is no customer, pays the amount of an invoice."""
    families = scene.customer.root.split()
    if scene.customer.country != "FR" or len(families) < 2 or not scene.is_whole:
        return None
    draft = Draft(scene.left, scene.silence(), iban=payers.account(scene.random))
    draft.name = f"{scene.random.choice(('Conseil', 'Optique', 'Taxi', 'Vignoble', 'Studio'))} {families[-1]}"
    taken = [one for one in scene.ledger.customers.values() if one.root.split()[0] == draft.name.split()[0]]
    return None if taken else draft


def family_name_only(scene: Scene) -> Draft | None:
    """The family name alone, which several customers bear, and two of them owe that amount."""
    family = scene.customer.root.split()[-1]
    owing = [
        one
        for one in scene.ledger.customers.values()
        if family in one.root.split()
        and any(
            item.is_invoice and scene.ledger.left[item] == scene.left
            for item in scene.ledger.open_of(one.customer_id, scene.seed.currency, scene.day)
        )
    ]
    if len(owing) < 2:
        return None
    return Draft(scene.left, scene.silence(), name=family.upper(), iban=payers.account(scene.random))


def paid_again_otherwise(scene: Scene) -> Draft | None:
    """Paid again, the number in another form, while another invoice of that customer has the amount as well."""
    day, past = scene.random.choice(scene.ledger.past[-2_000:])
    item = next(iter(past.settles), None)
    if item is None or len(past.settles) > 1 or scene.ledger.left[item] or past.cents != item.cents:
        return None
    if item.currency != scene.seed.currency or not item.is_invoice or scene.day < day + timedelta(days=2):
        return None
    return Draft(past.cents, f"Facture {clear(scene, item)}", name=past.name, iban=past.iban)


def several_round_part(scene: Scene) -> Draft | None:
    """A round sum for several that are named."""
    items = scene.some(2, 3)
    cents = scene.random.choice((50_000, 100_000, 200_000))
    if len(items) < 2 or cents + FEE_MAX_CENTS >= scene.total(items):
        return None
    wide = scene.ledger.widest(scene.customer, scene.seed.currency)
    if len(wide) > 14 or scene.ledger.subsets(wide, cents):
        return None
    return scene.certainly_by_customer(Draft(cents, ", ".join(clear(scene, item) for item in items)))


def credit_note_claimed(scene: Scene) -> Draft | None:
    """Money that names a credit note of ours alone: it settles no invoice."""
    notes = scene.credit_notes()
    cents = scene.random.randint(10_000, 90_000)
    if not notes or not _is_free(scene, cents):
        return None
    wide = scene.ledger.widest(scene.customer, scene.seed.currency)
    if len(wide) > 14 or scene.ledger.subsets(wide, cents):
        return None
    return scene.certainly_by_customer(Draft(cents, f"avoir {notes[0].number.printed} erreur de notre part"))


def returned_transfer(names: tuple[str, ...], texts: tuple[str, ...]) -> Build:
    """What the company sent comes back, or a bank gives fees back; its words hold numbers of open invoices."""

    def build(scene: Scene) -> Draft | None:
        cents = scene.random.randint(1_000, 300_000)
        if scene.ledger.at_value[scene.seed.currency, cents]:
            return None
        text = scene.random.choice(texts).format(n=scene.seed.number.printed, s=scene.seed.number.digits)
        return Draft(cents, text, name=scene.random.choice(names), iban=payers.account(scene.random))

    return build


HABITS = {
    "discount_and_fee": Habit(discount_and_fee, "discount"),
    "discount_taken_from_list": Habit(discount_of_list, "discount"),
    "fee_deducted_beside_credit": Habit(credit_and_fee, "credit"),
    "without_tax": Habit(without_tax),
    "overpaid_twice_in_one": Habit(twice_in_one),
    "sister_credit_named": Habit(sister_credit_named, "group"),
    "sister_credit_unnamed_ambiguous": Habit(sister_credit_unnamed, "group"),
    "two_months_named": Habit(two_months),
    "two_months_equal_amounts": Habit(two_months, "recurring"),
    "period_in_days": Habit(period_in_days, "known"),
    "registration_with_dots": Habit(registration_with_dots),
    "near_stranger_ambiguous": Habit(near_stranger),
    "family_name_only_ambiguous": Habit(family_name_only),
    "paid_again_otherwise": Habit(paid_again_otherwise),
    "several_round_part_ambiguous": Habit(several_round_part),
    "credit_note_claimed_ambiguous": Habit(credit_note_claimed, "credit"),
    "returned_transfer": Habit(
        returned_transfer(
            ("KNEXT PAYMENTS", "BANQUE PTOLBLOH", ""),
            (
                "REJET VIR EMIS MOTIF AC01 REF {n}",
                "EXTOURNE FRAIS {s}",
                "RETOUR VIREMENT {n}",
                "ANNUL FRAIS 2026-{s}",
            ),
        )
    ),
    "grant": Habit(
        returned_transfer(
            ("REGION XYLANDE", "AGENCE SZOLEAU"), ("SUBVENTION CONV 2026-{s}", "AIDE DOSSIER {s}", "CVAE {s}")
        )
    ),
}
