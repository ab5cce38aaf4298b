"""Payments whose text designates what they pay, and pay exactly that."""

from __future__ import annotations

from lettra_tools.matchbench import numbers
from lettra_tools.matchbench.scene import Build, Habit, Scene
from lettra_tools.matchbench.world import Draft, Item

CLEAR = (numbers.exact, numbers.exact, numbers.blanks, numbers.glued, numbers.lower, numbers.slashes)
JOINERS = (", ", " ", ";", " + ", " et ", ",", " / ", " & ")


def single(form: numbers.Form) -> Build:
    """One invoice, its number in this form."""

    def build(scene: Scene) -> Draft | None:
        written = scene.written(form)
        return None if written is None else scene.pay(scene.phrase(written), [scene.seed])

    return build


def of_known_payer(form: numbers.Form) -> Build:
    """The same, in a form that says little: the payer must be known for certain."""

    def build(scene: Scene) -> Draft | None:
        written = scene.written(form)
        if written is None:
            return None
        return scene.certainly_by_customer(scene.pay(scene.phrase(written), [scene.seed]))

    return build


def clear(scene: Scene, item: Item) -> str:
    """The item's number in a form that nobody mistakes."""
    return scene.random.choice(CLEAR)(item.number) or item.number.printed


def listed(scene: Scene) -> Draft | None:
    """Two to eight numbers, all in one form."""
    items = scene.some(2, 8)
    form = scene.random.choice(CLEAR)
    written = [form(item.number) or item.number.printed for item in items]
    if len(items) < 2:
        return None
    return scene.pay(scene.phrase(scene.random.choice(JOINERS).join(written)), items)


def listed_in_many_forms(scene: Scene) -> Draft | None:
    items = scene.some(2, 5)
    if len(items) < 2:
        return None
    return scene.pay(scene.phrase(", ".join(clear(scene, item) for item in items)), items)


def listed_with_amounts(scene: Scene) -> Draft | None:
    """FA-2026-000123 1200,00 FA-2026-000124 350,50: amounts that look like numbers."""
    items = scene.some(2, 4)
    if len(items) < 2:
        return None
    sign = scene.random.choice((" ", ": ", " EUR"))
    words = [f"{item.number.printed}{sign}{scene.amount_words(scene.ledger.left[item])}" for item in items]
    return scene.pay(scene.random.choice((" ", ", ", " + ")).join(words), items)


def listed_serials(scene: Scene) -> Draft | None:
    """123 124 127: serials only, of a payer who is known."""
    items = scene.some(2, 5)
    if len(items) < 2 or any(item.number.serial < 100 for item in items):
        return None
    joined = scene.random.choice((" ", ", ", "-", "/", "+")).join(str(item.number.serial) for item in items)
    return scene.certainly_by_customer(scene.pay(scene.phrase(joined), items))


def _near(scene: Scene) -> list[Item]:
    """Invoices of the customer whose numbers differ from the first one's in the last three digits only."""
    seed = scene.seed.number
    near = [
        item
        for item in scene.invoices()
        if item.number.parts[:-1] == seed.parts[:-1] and item.number.serial // 1000 == seed.serial // 1000
    ]
    return sorted(near, key=lambda item: item.number.serial)


def suffixes(scene: Scene) -> Draft | None:
    near = _near(scene)
    if len(near) < 2:
        return None
    items = scene.random.sample(near, scene.random.randint(2, min(len(near), 5)))
    written = numbers.suffixes([item.number for item in items])
    return None if written is None else scene.pay(scene.phrase(written), items)


def span(scene: Scene) -> Draft | None:
    """FA-2026-000123-126: consecutive numbers, all of this customer."""
    near = _near(scene)
    place = near.index(scene.seed)
    items = near[place : place + scene.random.randint(3, 6)]
    word = scene.random.choice(("-", " - ", " à ", " bis ", "..", " to "))
    written = numbers.span([item.number for item in items], word)
    return None if written is None else scene.pay(scene.phrase(written), items)


def structured(scene: Scene) -> Draft | None:
    """The structured reference in its own field, whatever else is said."""
    if not scene.seed.reference or not scene.is_whole:
        return None
    draft = scene.pay(scene.random.choice(("", "", scene.silence())), [scene.seed])
    draft.structured = scene.seed.reference
    return draft


def structured_in_text(scene: Scene) -> Draft | None:
    """RF18 FA20 2600 0123, in groups, lower case or among words."""
    reference = scene.seed.reference
    if not reference or not scene.is_whole:
        return None
    groups = " ".join(reference[at : at + 4] for at in range(0, len(reference), 4))
    written = scene.random.choice((groups, groups, groups.lower(), reference, f"REF. {groups} MERCI"))
    return scene.pay(written, [scene.seed])


def end_to_end(scene: Scene) -> Draft | None:
    """The number in the payer's reference alone."""
    draft = scene.pay(scene.silence(), [scene.seed])
    draft.end_to_end = scene.random.choice((clear(scene, scene.seed), scene.seed.number.printed))
    return draft


def beside_own_references(scene: Scene) -> Draft | None:
    """Our number among the payer's own."""
    number, own = clear(scene, scene.seed), scene.order()
    texts = (
        f"{own} {number} {scene.order()}",
        f"/INV/{number}/REF/{own}",
        f"DOC {own} V/REF {number} ECH {scene.some_day()}",
        f"{scene.order()}/{own}/{number}",
        f"REGLT {own} FACT {number} CLT {scene.customer.customer_id}",
        f"{scene.customer.customer_id} {number}",
    )
    return scene.pay(scene.random.choice(texts), [scene.seed])


def in_a_letter(scene: Scene) -> Draft | None:
    """A whole sentence, as one writes it in a banking app."""
    number = clear(scene, scene.seed)
    texts = {
        "fr": f"Bonjour, ci-joint le règlement de votre facture {number} du {scene.some_day()}, cordialement",
        "en": f"Hi, this is for invoice {number}, sorry for the delay. Best regards",
        "de": f"Sehr geehrte Damen und Herren, anbei Zahlung zu Ihrer Rechnung {number}, MfG",
        "it": f"Buongiorno, pagamento della vostra fattura {number}, cordiali saluti",
        "es": f"Buenos días, pago de su factura {number}, un saludo",
    }
    return scene.pay(texts[scene.customer.language], [scene.seed])


def glued_to_a_word(scene: Scene) -> Draft | None:
    """FACTUREFA-2026-000123: no blank between."""
    word = scene.random.choice(("FACTURE", "REF", "FACT:", "N°", "FACTURES", "INV#", "PAIEMENT/"))
    return scene.pay(f"{word}{scene.seed.number.printed}", [scene.seed])


def split_by_line(scene: Scene) -> Draft | None:
    """The number stands where the bank's line ends, and is torn in two."""
    number, line = scene.seed.number.printed, scene.bank.line
    if line is None or len(number) < 8:
        return None
    head = scene.random.randint(3, len(number) - 3)
    before = (
        f"REGLEMENT DE VOTRE FACTURE ECHUE {scene.some_day()} SELON NOTRE COMMANDE {scene.order()} NUMERO"
    )
    return scene.pay(f"{before[: line - head - 1].strip():<{line - head - 1}} {number}", [scene.seed])


def cut_list(scene: Scene) -> Draft | None:
    """A list longer than the bank's field: the last number is cut, and the amount says which it was."""
    items = scene.invoices()
    scene.random.shuffle(items)
    whole, cut = [], None
    text = "Factures"
    for item in items:
        longer = f"{text} {item.number.printed}"
        if len(longer) > scene.bank.capacity:
            cut = item
            break
        whole.append(item)
        text = longer
    room = scene.bank.capacity - len(text) - 1
    if cut is None or room < 5 or not _is_only_end(scene, whole, cut):
        return None
    draft = scene.certainly_by_customer(scene.pay(f"{text} {cut.number.printed}", [*whole, cut]))
    if draft is not None:
        draft.may_be_cut = True
    return draft


def _is_only_end(scene: Scene, whole: list[Item], cut: Item) -> bool:
    """Whether of what is open besides only this invoice has its amount."""
    wide = scene.ledger.widest(scene.customer, cut.currency)
    fits = [item for item in wide if item not in whole and scene.ledger.left[item] == scene.ledger.left[cut]]
    return fits == [cut]


def twin_with_number(scene: Scene) -> Draft | None:
    """Two customers of nearly the same name; the number says which."""
    draft = scene.pay(scene.phrase(clear(scene, scene.seed)), [scene.seed])
    draft.name, draft.iban = scene.customer.root.upper(), None
    return draft


HABITS = {
    "exact": Habit(single(numbers.exact)),
    "blanks": Habit(single(numbers.blanks)),
    "slashes": Habit(single(numbers.slashes)),
    "dots": Habit(single(numbers.dots)),
    "underscores": Habit(single(numbers.underscores)),
    "no_separators": Habit(single(numbers.glued)),
    "lower_case": Habit(single(numbers.lower)),
    "short_prefix": Habit(single(numbers.short_prefix)),
    "no_prefix": Habit(single(numbers.no_prefix)),
    "word_for_prefix": Habit(single(numbers.long_prefix)),
    "year_dropped": Habit(of_known_payer(numbers.year_dropped)),
    "year_of_two_digits": Habit(single(numbers.year_of_two_digits)),
    "year_last": Habit(of_known_payer(numbers.year_last)),
    "zeros_dropped": Habit(single(numbers.zeros_dropped)),
    "serial_only": Habit(of_known_payer(numbers.serial_only)),
    "serial_with_zeros": Habit(of_known_payer(numbers.serial_with_zeros)),
    "letters_for_digits": Habit(single(numbers.misread)),
    "former_prefix": Habit(of_known_payer(numbers.old_prefix)),
    "glued_to_a_word": Habit(glued_to_a_word),
    "beside_own_references": Habit(beside_own_references),
    "in_a_letter": Habit(in_a_letter),
    "split_by_line": Habit(split_by_line),
    "end_to_end_only": Habit(end_to_end),
    "structured": Habit(structured, "structured"),
    "structured_in_text": Habit(structured_in_text, "structured"),
    "list": Habit(listed),
    "list_in_many_forms": Habit(listed_in_many_forms),
    "list_with_amounts": Habit(listed_with_amounts),
    "list_of_serials": Habit(listed_serials),
    "list_cut_by_bank": Habit(cut_list, "many"),
    "suffixes": Habit(suffixes),
    "range": Habit(span),
    "twin_name_with_number": Habit(twin_with_number, "twin"),
}
