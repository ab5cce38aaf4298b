"""Payments that designate what they pay, and pay another amount: fees, discounts, parts, credit notes, too much."""

from __future__ import annotations

from collections.abc import Sequence

from lettra_tools.matchbench.habits.by_number import JOINERS, clear
from lettra_tools.matchbench.scene import FEE_MAX_CENTS, Habit, Scene
from lettra_tools.matchbench.world import Draft, Item


def _named(scene: Scene, cents: int, settles: dict[Item, int], words: str = "{n}") -> Draft | None:
    """The invoice to begin with, named clearly by a payer who is known for certain; not where the amount is exactly
    that of another invoice of his, for then number and amount say different things.
    """
    others = scene.ledger.widest(scene.customer, scene.seed.currency)
    if cents <= 0 or any(scene.ledger.left[item] == cents for item in others if item not in settles):
        return None
    number = clear(scene, scene.seed)
    text = scene.phrase(number) if words == "{n}" else words.format(n=number)
    return scene.certainly_by_customer(Draft(cents, text, settles))


def _part(scene: Scene, cents: int, words: str = "{n}") -> Draft | None:
    """A part of the invoice, so much short that it is neither fee nor discount nor a credit note."""
    short = scene.left - cents
    notes = [item for item in scene.ledger.widest(scene.customer, scene.seed.currency) if not item.is_invoice]
    if short <= FEE_MAX_CENTS or any(scene.ledger.left[item] == short for item in notes):
        return None
    if (
        scene.seed.discount_cents == short
        and scene.seed.discount_until
        and scene.day <= scene.seed.discount_until
    ):
        return None
    return _named(scene, cents, {scene.seed: cents}, words)


def fee_deducted(scene: Scene) -> Draft | None:
    """A bank on the way took its fee; what designates is clear, so the difference is written off."""
    if scene.left < 30_000:
        return None
    fee = scene.random.choice(
        (250, 500, 750, 1000, 1200, FEE_MAX_CENTS, scene.random.randint(100, FEE_MAX_CENTS))
    )
    return _named(scene, scene.left - fee, scene.whole([scene.seed]))


def fee_deducted_from_list(scene: Scene) -> Draft | None:
    items = scene.some(2, 4)
    fee = scene.random.choice((500, 850, 1200, FEE_MAX_CENTS))
    if len(items) < 2 or min(scene.ledger.left[item] for item in items) < 30_000:
        return None
    text = scene.random.choice(JOINERS).join(clear(scene, item) for item in items)
    return scene.certainly_by_customer(
        Draft(scene.total(items) - fee, scene.phrase(text), scene.whole(items))
    )


def short_beyond_fee(scene: Scene) -> Draft | None:
    """Short by more than a fee: a part of the invoice."""
    return (
        _part(scene, scene.left - scene.random.randint(FEE_MAX_CENTS + 1, 6000))
        if scene.left > 50_000
        else None
    )


def rounded_down(scene: Scene) -> Draft | None:
    cents = scene.left - scene.left % 100
    return None if cents == scene.left else _named(scene, cents, scene.whole([scene.seed]))


def rounded_up(scene: Scene) -> Draft | None:
    """The next whole euro: the cents too many stay on account."""
    cents = scene.left + -scene.left % 100
    return None if cents == scene.left else _named(scene, cents, scene.whole([scene.seed]))


def discount_taken(scene: Scene) -> Draft | None:
    until = scene.seed.discount_until
    if until is None or scene.day > until or not scene.is_whole:
        return None
    words = scene.random.choice(("{n}", "{n} - 2% escompte", "{n} abzgl. 2% Skonto", "{n} less 2% discount"))
    return _named(scene, scene.left - scene.seed.discount_cents, scene.whole([scene.seed]), words)


def discount_too_late(scene: Scene) -> Draft | None:
    """Taken when it was over: a part of the invoice, the rest is still owed."""
    until = scene.seed.discount_until
    if until is None or scene.day <= until or not scene.is_whole:
        return None
    return _part(scene, scene.left - scene.seed.discount_cents, "{n} escompte 2% déduit")


def discount_not_agreed(scene: Scene) -> Draft | None:
    if scene.seed.discount_until is not None or not scene.is_whole:
        return None
    return _part(scene, scene.left - round(scene.left * 0.02))


def down_payment(scene: Scene) -> Draft | None:
    share = scene.random.choice((20, 30, 30, 40, 50))
    words = scene.random.choice(
        (f"acompte {share} % facture {{n}}", f"{{n}} acompte {share}%", f"deposit {share}% {{n}}")
    )
    return _part(scene, round(scene.left * share / 100), words) if scene.is_whole else None


def instalment(scene: Scene) -> Draft | None:
    count = scene.random.choice((2, 3, 4))
    words = scene.random.choice(
        (f"{{n}} échéance 1/{count}", f"1/{count} fact {{n}}", f"Rate 1 von {count} Rg {{n}}")
    )
    return _part(scene, scene.left // count, words) if scene.is_whole else None


def round_part(scene: Scene) -> Draft | None:
    """A round sum on an invoice that is named, without a word why."""
    cents = scene.random.choice((50_000, 100_000, 200_000, 500_000))
    return _part(scene, cents) if cents < scene.left else None


def rest(scene: Scene) -> Draft | None:
    """What an earlier part left open."""
    if scene.is_whole:
        return None
    words = scene.random.choice(
        ("solde facture {n}", "{n} solde", "SOLDE {n}", "balance of {n}", "Restzahlung {n}")
    )
    return _named(scene, scene.left, scene.whole([scene.seed]), words)


def without_disputed_line(scene: Scene) -> Draft | None:
    """What is in dispute is held back, and stays open."""
    words = scene.random.choice(
        (
            "{n} sous déduction ligne 3 palette cassée",
            "{n} hors litige",
            "{n} net of disputed item",
            "{n} moins manquant BL 4411",
            "{n} abzgl. Reklamation Pos. 2",
        )
    )
    return _part(scene, scene.left - scene.left // scene.random.choice((4, 6, 9, 12)), words)


def _notes(scene: Scene) -> Sequence[Item]:
    notes = scene.credit_notes()
    return scene.random.sample(notes, scene.random.randint(1, min(2, len(notes)))) if notes else ()


def credit_note_named(scene: Scene) -> Draft | None:
    """Invoices and credit notes by their numbers, or the credit note with a sign of minus."""
    items, notes = scene.some(1, 3), _notes(scene)
    cents = scene.total(items) - sum(scene.ledger.left[note] for note in notes)
    if not notes or cents <= 0:
        return None
    before = scene.random.choice((" - ", " moins avoir ", " ./. ", ", AVOIR ", " - avoir ", " less "))
    text = ", ".join(clear(scene, item) for item in items)
    text += "".join(f"{before}{clear(scene, note)}" for note in notes)
    return scene.by_customer(Draft(cents, text, scene.whole([*items, *notes])))


def credit_note_not_named(scene: Scene) -> Draft | None:
    """The invoice is named, the credit note is not; the difference is exactly the only one of that amount."""
    notes = scene.credit_notes()
    wide = scene.ledger.widest(scene.customer, scene.seed.currency)
    if not notes:
        return None
    note = scene.random.choice(notes)
    short = scene.ledger.left[note]
    wide_notes = [item for item in wide if not item.is_invoice]
    if short <= FEE_MAX_CENTS or short >= scene.left or scene.ledger.subsets(wide_notes[:12], -short) != 1:
        return None
    words = scene.random.choice(("{n}", "{n} moins avoir", "{n} avoir déduit"))
    return _named(scene, scene.left - short, scene.whole([scene.seed, note]), words)


def overpaid(scene: Scene) -> Draft | None:
    """Too much: two keys changed places, or a generous round."""
    excess = scene.random.choice((900, 9000, 27_00, 100_00, 36_00))
    wide = scene.ledger.widest(scene.customer, scene.seed.currency)
    if any(scene.ledger.left[item] == excess for item in wide):
        return None
    return _named(scene, scene.left + excess, scene.whole([scene.seed]))


def with_penalty(scene: Scene) -> Draft | None:
    """The invoice and the 40 EUR that nobody has invoiced yet."""
    words = scene.random.choice(("{n} + indemnité 40 EUR", "{n} + 40 EUR frais recouvrement", "{n}"))
    return _named(scene, scene.left + 4000, scene.whole([scene.seed]), words)


HABITS = {
    "fee_deducted": Habit(fee_deducted),
    "fee_deducted_from_list": Habit(fee_deducted_from_list),
    "short_beyond_fee": Habit(short_beyond_fee),
    "rounded_down": Habit(rounded_down),
    "rounded_up": Habit(rounded_up),
    "discount_taken": Habit(discount_taken, "discount"),
    "discount_too_late": Habit(discount_too_late, "discount"),
    "discount_not_agreed": Habit(discount_not_agreed),
    "down_payment": Habit(down_payment),
    "instalment": Habit(instalment),
    "round_part": Habit(round_part),
    "rest": Habit(rest, "begun"),
    "without_disputed_line": Habit(without_disputed_line),
    "credit_note_named": Habit(credit_note_named, "credit"),
    "credit_note_not_named": Habit(credit_note_not_named, "credit"),
    "overpaid": Habit(overpaid),
    "with_penalty": Habit(with_penalty),
}
