"""Payments on which nothing is to be posted by itself: they settle nothing, or a careful clerk would ask."""

from __future__ import annotations

from datetime import timedelta

from lettra_tools.matchbench import payers
from lettra_tools.matchbench.habits.by_number import clear
from lettra_tools.matchbench.scene import FEE_MAX_CENTS, Build, Habit, Scene
from lettra_tools.matchbench.world import Draft, Item


def _free_amount(scene: Scene) -> int:
    """An amount that no item has."""
    while True:
        cents = scene.random.randint(2_000, 900_000)
        if not scene.ledger.at_value[scene.seed.currency, cents]:
            return cents


def no_customers(names: tuple[str, ...], texts: tuple[str, ...]) -> Build:
    """Money that is no customer's, whatever numbers its text holds."""

    def build(scene: Scene) -> Draft | None:
        text = scene.random.choice(texts).format(
            n=scene.seed.number.printed, order=scene.order(), day=scene.day, serial=scene.seed.number.serial
        )
        draft = Draft(_free_amount(scene), text)
        draft.name, draft.iban = scene.random.choice(names), payers.account(scene.random)
        return draft

    return build


def unknown_payer(scene: Scene) -> Draft | None:
    name = payers.stranger(scene.random)
    return Draft(_free_amount(scene), scene.silence(), name=name, iban=payers.account(scene.random))


def own_transfer(scene: Scene) -> Draft | None:
    text = scene.random.choice(
        ("VIREMENT INTERNE", "CASH POOLING {0:%d%m%Y}", "EQUILIBRAGE COMPTES", "NIVELLEMENT")
    )
    draft = Draft(scene.random.randint(10, 900) * 100_000, text.format(scene.day))
    draft.name, draft.iban = "LETTRA DEMONSTRATION SA", payers.account(scene.random)
    return draft


def paid_twice(scene: Scene) -> Draft | None:
    """The very same payment again: the invoice is settled already."""
    day, past = scene.random.choice(scene.ledger.past[-2_000:])
    gone = past.settles and not any(scene.ledger.left[item] for item in past.settles)
    whole = past.cents == sum(past.settles.values())
    if not gone or not whole or past.case not in _NAMING or scene.day < day + timedelta(days=3):
        return None
    currency = next(iter(past.settles)).currency
    if currency != scene.seed.currency or not scene.bank.fits(past.text):
        return None
    return Draft(past.cents, past.text, name=past.name, iban=past.iban)


_NAMING = (
    "exact",
    "blanks",
    "slashes",
    "no_separators",
    "lower_case",
    "list",
    "in_a_letter",
    "beside_own_references",
)
"""The habits of payments that are made twice: what they name is beyond doubt."""


def deposit(scene: Scene) -> Draft | None:
    """Money for an order that is not invoiced yet: it stays on account."""
    texts = (
        "acompte commande {0}",
        "Acompte 30 % devis {0}",
        "Anzahlung Auftrag {0}",
        "deposit order {0}",
        "ARRHES {0}",
    )
    return scene.certainly_by_customer(
        Draft(_free_amount(scene), scene.random.choice(texts).format(scene.order()))
    )


def equal_amounts(scene: Scene) -> Draft | None:
    """Several invoices of this amount are due, and nothing says which."""
    equal = [
        item for item in scene.invoices() if scene.ledger.left[item] == scene.left and item.due <= scene.day
    ]
    if len(equal) < 2 or scene.seed not in equal:
        return None
    return scene.certainly_by_customer(Draft(scene.left, scene.silence()))


def twin_name(scene: Scene) -> Draft | None:
    """Two customers of nearly this name have an invoice of this amount."""
    for one in scene.ledger.taken_for(scene.customer):
        mine = scene.ledger.open_of(one.customer_id, scene.seed.currency, scene.day)
        equal = any(item.is_invoice and scene.ledger.left[item] == scene.left for item in mine)
        if one != scene.customer and equal:
            return Draft(
                scene.left,
                scene.silence(),
                name=scene.customer.root.upper(),
                iban=payers.account(scene.random),
            )
    return None


def fee_without_number(scene: Scene) -> Draft | None:
    """Short by what could be a fee, and nothing is named."""
    cents = scene.left - scene.random.randint(200, FEE_MAX_CENTS)
    return _near_amount(scene, cents) if cents > 30_000 else None


def part_without_number(scene: Scene) -> Draft | None:
    """A round sum for something that is owed."""
    cents = scene.random.choice((50_000, 100_000, 150_000, 200_000))
    return _near_amount(scene, cents) if cents < scene.left else None


def _near_amount(scene: Scene, cents: int) -> Draft | None:
    """From a payer who is known, an amount that none of what he owes has in any way."""
    wide = scene.ledger.widest(scene.customer, scene.seed.currency)
    if len(wide) > 14 or scene.ledger.subsets(wide, cents):
        return None
    if any(cents == scene.ledger.left[item] - item.discount_cents for item in wide):
        return None
    return scene.certainly_by_customer(Draft(cents, scene.silence()))


def list_short(scene: Scene) -> Draft | None:
    """Several are named, and the sum is short: nobody knows of which."""
    items = scene.some(2, 4)
    short = scene.random.randint(FEE_MAX_CENTS + 500, 40_000)
    cents = scene.total(items) - short
    notes = [item for item in scene.ledger.widest(scene.customer, scene.seed.currency) if not item.is_invoice]
    if len(items) < 2 or cents <= 0 or scene.ledger.subsets([*items, *notes[:8]], cents):
        return None
    if any(item.discount_cents for item in items):
        return None
    text = scene.phrase(", ".join(clear(scene, item) for item in items))
    return scene.certainly_by_customer(Draft(cents, text))


def _mistyped(scene: Scene) -> tuple[str, list[Item]]:
    """The number with one digit of the serial changed, and whose open number that is."""
    digits = scene.seed.number.digits
    place = scene.random.randrange(len(digits) - 3, len(digits))
    other = scene.random.choice([digit for digit in "0123456789" if digit != digits[place]])
    wrong = digits[:place] + other + digits[place + 1 :]
    written = scene.seed.number.printed.removesuffix(digits) + wrong
    return written, [item for item in scene.ledger.by_printed[written] if scene.ledger.left[item]]


def mistyped(scene: Scene) -> Draft | None:
    """The number is nobody's; it is nearly that of an invoice of this amount."""
    written, open_ones = _mistyped(scene)
    return None if open_ones else scene.by_customer(Draft(scene.left, scene.phrase(written)))


def mistyped_to_another(scene: Scene) -> Draft | None:
    """The number is an open invoice's of another customer, of another amount."""
    written, open_ones = _mistyped(scene)
    others = [
        item for item in open_ones if scene.ledger.customers[item.customer_id].root != scene.customer.root
    ]
    if not open_ones or others != open_ones or any(scene.ledger.left[item] == scene.left for item in others):
        return None
    return scene.certainly_by_customer(Draft(scene.left, scene.phrase(written)))


def another_amount(scene: Scene) -> Draft | None:
    """A known customer names the number of somebody else's invoice, with quite another amount."""
    payer = scene.ledger.customers[scene.random.choice(scene.ledger.items).customer_id]
    if payer.root == scene.customer.root or not payer.known:
        return None
    draft = Draft(_free_amount(scene), scene.phrase(scene.seed.number.printed))
    draft.name, draft.iban = payer.name, payer.ibans[0]
    return draft


def debit_returned(scene: Scene) -> Draft | None:
    """A direct debit comes back: what it had settled is open again."""
    debits = [
        past
        for day, past in scene.ledger.past
        if (past.case, past.booked_on) == ("direct_debit", scene.account.iban)
        and scene.day >= day + timedelta(days=2)
    ]
    past = scene.random.choice(debits) if debits and scene.bank.format.startswith("camt") else None
    if past is None or past in scene.ledger.returned:
        return None
    reason = scene.random.choice(("AM04", "AC04", "MD06", "MS03"))
    draft = Draft(past.cents, "REJET PRELEVEMENT", name=past.name, iban=past.iban, end_to_end=past.end_to_end)
    draft.direction, draft.return_reason, draft.returns = "debit", reason, past
    return draft


def cheques(scene: Scene) -> Draft | None:
    """Cheques of several customers in one sum: the list is on paper."""
    others = [
        item for item in scene.random.sample(scene.ledger.items, 3) if item.currency == scene.seed.currency
    ]
    cents = scene.left + sum(scene.ledger.left[item] for item in others if item.is_invoice)
    count = 1 + len(others)
    return (
        Draft(cents, f"REMISE DE {count} CHEQUES BORD {scene.order()}", name="REMISE CHEQUES")
        if others
        else None
    )


def amount_of_stranger(scene: Scene) -> Draft | None:
    """Nobody knows the payer; one invoice of all has this amount, by chance or not."""
    if scene.ledger.at_value[scene.seed.currency, scene.left] != 1 or not scene.is_whole:
        return None
    return Draft(
        scene.left, scene.silence(), name=payers.stranger(scene.random), iban=payers.account(scene.random)
    )


HABITS = {
    "paid_twice": Habit(paid_twice),
    "return": Habit(debit_returned),
    "deposit": Habit(deposit),
    "own_transfer": Habit(own_transfer),
    "unknown_payer": Habit(unknown_payer),
    "tax_refund": Habit(
        no_customers(
            ("DRFIP XYLANDE", "SIE PTOLVILLE"),
            ("RBT TVA 2026-{serial:06d}", "REMBOURSEMENT IS 2025", "CICE {order}"),
        )
    ),
    "interest": Habit(
        no_customers(
            ("BANQUE KNEXT", ""),
            ("INTERETS CREDITEURS 1T 2026", "Zinsen 03/2026", "ARRETE DE COMPTE {day:%d%m%Y}"),
        )
    ),
    "supplier_refund": Habit(
        no_customers(
            ("SZOFFRIN FOURNITURES SA", "TCHUBLOH ENERGIE"),
            (
                "REMBOURSEMENT AVOIR {order} SUR FACTURE {n}",
                "TROP PERCU FACTURE {n}",
                "Gutschrift zu Rechnung {n}",
            ),
        )
    ),
    "insurance_refund": Habit(
        no_customers(
            ("MUTUELLE GWYNEXT", "ZWIFT VERSICHERUNG"),
            ("SINISTRE 2026-{serial:06d}", "Schaden {order} Erstattung"),
        )
    ),
    "card_payout": Habit(
        no_customers(
            ("KNEPAY PAYMENTS", "SZOCARD ACQUIRING"),
            ("PAYOUT {day:%Y%m%d} {order}", "REMISE CB {day:%d%m} N {order}"),
        )
    ),
    "equal_amounts_ambiguous": Habit(equal_amounts, "recurring"),
    "twin_name_ambiguous": Habit(twin_name, "twin"),
    "fee_without_number_ambiguous": Habit(fee_without_number),
    "part_without_number_ambiguous": Habit(part_without_number),
    "list_short_ambiguous": Habit(list_short),
    "mistyped_digit_ambiguous": Habit(mistyped),
    "mistyped_to_another_ambiguous": Habit(mistyped_to_another),
    "another_amount_ambiguous": Habit(another_amount),
    "cheques_ambiguous": Habit(cheques),
    "amount_of_stranger_ambiguous": Habit(amount_of_stranger),
}
