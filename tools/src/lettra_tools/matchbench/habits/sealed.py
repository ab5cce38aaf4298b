"""Habits of the sealed mix only. Nobody who works on the rules reads this file: it is for the published figure.

The open mix has none of these; what the rules do with them shows how they carry over to what nobody thought of.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from lettra_tools.matchbench import numbers, payers, words
from lettra_tools.matchbench.habits.by_number import clear
from lettra_tools.matchbench.habits.silent import one_amount
from lettra_tools.matchbench.scene import FEE_MAX_CENTS, Habit, Scene
from lettra_tools.matchbench.world import Draft, Item


def _alone(scene: Scene, text: str) -> Draft:
    return scene.pay(text, [scene.seed])


def spaced_out(scene: Scene) -> Draft | None:
    """A form with a box for each letter."""
    return _alone(scene, f"REF {numbers.spaced_out(scene.seed.number)}")


def said_twice(scene: Scene) -> Draft | None:
    """The bank gives the text twice, or the payer does."""
    number = clear(scene, scene.seed)
    return _alone(
        scene, scene.random.choice((f"{number} {number}", f"{number} / FACT {number}", f"{number}, {number}"))
    )


def between_words(scene: Scene) -> Draft | None:
    """The parts of the number, with words between."""
    number = scene.seed.number
    if number.year is None:
        return None
    texts = (
        f"facture de {number.year} numero {number.digits}",
        f"exercice {number.year} fact {number.digits}",
        f"invoice no {number.digits} of year {number.year}",
    )
    return scene.certainly_by_customer(_alone(scene, scene.random.choice(texts)))


def glued_amount(scene: Scene) -> Draft | None:
    """Number, day and amount without a blank."""
    seed = scene.seed
    tail = scene.random.choice(
        (f"/{scene.amount_words(scene.left)}EUR", f"-{seed.issued:%d%m%Y}", f"DU{seed.issued:%d%m%y}")
    )
    return _alone(scene, f"{seed.number.printed}{tail}")


def bracketed(scene: Scene) -> Draft | None:
    """Marks of an export: quotes, brackets, entities, field names."""
    number = scene.seed.number.printed
    texts = (
        f'"{number}"',
        f"[{number}]",
        f"({number})",
        f"invoice={number}&amp;",
        f"<{number}>",
        f"Inv.No.:{number};",
        f"*{number}*",
    )
    return _alone(scene, scene.random.choice(texts))


def mixed_language(scene: Scene) -> Draft | None:
    """A clerk abroad, in the words of another language."""
    template = scene.random.choice([phrase for phrases in words.PHRASES.values() for phrase in phrases])
    return _alone(
        scene, template.format(n=clear(scene, scene.seed), date=scene.some_day(), order=scene.order())
    )


def list_by_prefix_once(scene: Scene) -> Draft | None:
    """FA-2026: 000123, 000124 and 000127."""
    seed = scene.seed.number
    items = [item for item in scene.some(2, 5) if item.number.parts[:-1] == seed.parts[:-1]]
    if len(items) < 2 or not seed.style.separator:
        return None
    head = seed.style.separator.join(seed.parts[:-1])
    return scene.pay(f"{head}: {', '.join(item.number.digits for item in items)}", items)


def range_with_gaps(scene: Scene) -> Draft | None:
    """FA-2026-000123 to 131: those between that are the customer's; the others are not meant."""
    seed = scene.seed.number
    mine = [item for item in scene.invoices() if item.number.parts[:-1] == seed.parts[:-1]]
    mine = [item for item in mine if 0 <= item.number.serial - seed.serial <= 12]
    mine.sort(key=lambda item: item.number.serial)
    if len(mine) < 3 or mine[-1].number.serial - seed.serial == len(mine) - 1:
        return None
    word = scene.random.choice((" to ", " à ", " bis ", " AU "))
    return scene.certainly_by_customer(
        scene.pay(f"factures {seed.printed}{word}{mine[-1].number.printed}", mine)
    )


def two_ranges(scene: Scene) -> Draft | None:
    """Two numbers of one month's run and one of another: 123-124, 130."""
    items = scene.some(3, 3)
    if len(items) < 3 or len({tuple(item.number.parts[:-1]) for item in items}) > 1:
        return None
    first, second, third = (item.number for item in items)
    return scene.pay(f"{first.printed} + {second.digits} & {third.digits}", items)


def _held_back(scene: Scene, share: float, words_of: tuple[str, ...]) -> Draft | None:
    """One invoice less a share that is kept by a rule of the payer's: a part of it."""
    short = round(scene.left * share)
    if not scene.is_whole or short <= FEE_MAX_CENTS or scene.seed.discount_cents == short:
        return None
    text = scene.random.choice(words_of).format(n=clear(scene, scene.seed))
    cents = scene.left - short
    return scene.certainly_by_customer(Draft(cents, text, {scene.seed: cents}))


def guarantee_kept(scene: Scene) -> Draft | None:
    return _held_back(
        scene, 0.05, ("{n} retenue de garantie 5%", "{n} RG 5 %", "{n} abzgl. 5% Sicherheitseinbehalt")
    )


def tax_withheld(scene: Scene) -> Draft | None:
    return _held_back(
        scene, 0.20, ("{n} ritenuta d'acconto 20%", "{n} netto r.a.", "{n} less withholding tax")
    )


def netted(scene: Scene) -> Draft | None:
    """Less an invoice that we owe the payer: its number is not ours."""
    cents = scene.left - scene.random.randint(FEE_MAX_CENTS + 700, 90_000)
    if cents <= 0:
        return None
    text = f"{clear(scene, scene.seed)} compensation avec notre facture {scene.order()}"
    return scene.certainly_by_customer(Draft(cents, text, {scene.seed: cents}))


def keys_swapped(scene: Scene) -> Draft | None:
    """1243.50 for 1234.50: too much, so the invoice is settled."""
    digits = list(str(scene.left))
    place = scene.random.randrange(len(digits) - 2)
    digits[place], digits[place + 1] = digits[place + 1], digits[place]
    cents = int("".join(digits))
    if cents <= scene.left:
        return None
    return scene.certainly_by_customer(
        Draft(cents, scene.phrase(clear(scene, scene.seed)), scene.whole([scene.seed]))
    )


def company_in_text(scene: Scene) -> Draft | None:
    """The director pays from his own account, and names company and invoice."""
    draft = _alone(scene, f"{scene.customer.name} {clear(scene, scene.seed)}")
    draft.name, draft.iban = "M. Gwyn Tchampsy", payers.account(scene.random)
    return draft


def former_name(scene: Scene) -> Draft | None:
    """A new name, with the former one behind it."""
    if len(scene.ledger.taken_for(scene.customer)) > 1 or scene.bank.name_length < 40:
        return None
    if not scene.ledger.is_only_reading(scene.customer, scene.seed, scene.left):
        return None
    draft = _alone(scene, scene.silence())
    draft.name = f"{payers.stranger(scene.random)} (EX {payers.plain(scene.customer.name).upper()})"[:70]
    draft.iban = payers.account(scene.random)
    return (
        draft
        if payers.plain(scene.customer.root).upper() in scene.bank.shown_name(draft.name).upper()
        else None
    )


def broken_encoding(scene: Scene) -> Draft | None:
    """UTF-8 that was read as Latin-1 on the way, in name and text."""
    if scene.bank.letters != "as_written":
        return None
    draft = scene.certainly_by_customer(_alone(scene, f"Règlement échéance {scene.seed.number.printed} été"))
    if draft is not None:
        draft.name, draft.text = _misread(draft.name), _misread(draft.text)
    return draft


def _misread(text: str) -> str:
    """UTF-8 taken for Latin-1, without the control characters that come of it."""
    return "".join(char for char in text.encode().decode("latin-1") if char.isprintable())


def year_end_in_text(scene: Scene) -> Draft | None:
    """Periods and rates that look like ranges and numbers."""
    texts = ("PERIODE 01-03 2026", "T1 2026 / 3-4", "01/01-31/03/2026", "TVA 20-10 LOT 12-14", "Q1 2026 20%")
    return one_amount(scene, scene.random.choice(texts))


def own_number_like_ours(scene: Scene) -> Draft | None:
    """The payer numbers as we do: his own document stands in the text, the amount is his invoice's."""
    other = scene.random.choice([item for item in scene.ledger.items[-500:] if item.is_invoice])
    if other.customer_id == scene.customer.customer_id or scene.ledger.left[other] == scene.left:
        return None
    text = f"notre bordereau {other.number.digits} votre facture {scene.seed.number.printed}"
    return scene.certainly_by_customer(_alone(scene, text))


def list_and_credit_with_signs(scene: Scene) -> Draft | None:
    """+123 1200,00 -45 200,00."""
    items, notes = scene.some(1, 3), scene.credit_notes()[:1]
    cents = scene.total([*items, *notes])
    if not notes or cents <= 0:
        return None
    signed = [f"+{i.number.printed} {scene.amount_words(scene.ledger.left[i])}" for i in items]
    signed += [f"-{i.number.printed} {scene.amount_words(scene.ledger.left[i])}" for i in notes]
    return scene.certainly_by_customer(scene.pay(" ".join(signed), [*items, *notes], cents))


def paid_once_more_later(scene: Scene) -> Draft | None:
    """Weeks later, the invoice again, in another form, together with nothing else."""
    day, past = scene.random.choice(scene.ledger.past)
    gone = len(past.settles) == 1 and not any(scene.ledger.left[item] for item in past.settles)
    if not gone or scene.day < day + timedelta(days=10):
        return None
    item = next(iter(past.settles))
    if item.currency != scene.seed.currency or not item.is_invoice or past.cents != item.cents:
        return None
    return Draft(past.cents, f"facture {clear(scene, item)} 2e envoi", name=past.name, iban=past.iban)


def wrong_year(scene: Scene) -> Draft | None:
    """The year of the January habit: the number so written is nobody's."""
    number = scene.seed.number
    if number.year != 2026 or number.style.year_digits != 4:
        return None
    written = numbers.exact(replace(number, year=2025))
    open_ones = [item for item in scene.ledger.by_printed[written] if scene.ledger.left[item]]
    return None if open_ones else scene.by_customer(Draft(scene.left, scene.phrase(written)))


def another_currency(scene: Scene) -> Draft | None:
    """The figure of an invoice in another currency, named: the rate is to be asked about."""
    others = [
        item
        for item in scene.ledger.items
        if item.currency != scene.seed.currency and scene.ledger.left[item]
    ]
    invoices = [item for item in others if item.is_invoice]
    if not invoices:
        return None
    item = scene.random.choice(invoices)
    payer = scene.ledger.customers[item.customer_id]
    return Draft(
        scene.ledger.left[item], f"Invoice {item.number.printed}", name=payer.name, iban=payer.own_ibans[0]
    )


def three_named_two_paid(scene: Scene) -> Draft | None:
    """Three are named, and the money is for two of them: perhaps one is in dispute."""
    items: list[Item] = scene.some(3, 3)
    if len(items) < 3:
        return None
    text = scene.phrase(", ".join(clear(scene, item) for item in items))
    return scene.certainly_by_customer(Draft(scene.total(items[:2]), text))


HABITS = {
    "spaced_out": Habit(spaced_out),
    "said_twice": Habit(said_twice),
    "between_words": Habit(between_words),
    "glued_amount": Habit(glued_amount),
    "bracketed": Habit(bracketed),
    "mixed_language": Habit(mixed_language),
    "list_by_prefix_once": Habit(list_by_prefix_once),
    "range_with_gaps": Habit(range_with_gaps),
    "list_of_one_and_serials": Habit(two_ranges),
    "guarantee_kept": Habit(guarantee_kept),
    "tax_withheld": Habit(tax_withheld),
    "netted": Habit(netted),
    "keys_swapped": Habit(keys_swapped),
    "company_in_text": Habit(company_in_text),
    "former_name": Habit(former_name),
    "broken_encoding": Habit(broken_encoding),
    "looks_like_number_period": Habit(year_end_in_text, "known"),
    "own_number_like_ours": Habit(own_number_like_ours),
    "credit_note_with_signs": Habit(list_and_credit_with_signs, "credit"),
    "paid_again_later": Habit(paid_once_more_later),
    "wrong_year_ambiguous": Habit(wrong_year),
    "another_currency_ambiguous": Habit(another_currency),
    "three_named_two_paid_ambiguous": Habit(three_named_two_paid),
}
