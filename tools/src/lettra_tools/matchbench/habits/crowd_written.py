"""Habits of the crowd mix: numbers as bookkeepers of four languages, banks and scanners write them, at their amount."""

from __future__ import annotations

from collections.abc import Callable

from lettra_tools.matchbench import payers
from lettra_tools.matchbench.scene import Build, Habit, Scene
from lettra_tools.matchbench.world import Draft, Item, Number

_DUTCH = (
    "Factuur {n}",
    "Betaling fact. {n} - waarvoor dank",
    "fktnr {n}",
    "Uw faktuurnummer {n} d.d. {date}",
)
_TAGS = (
    "EREF+{order}+SVWZ+Rechnung {n}+ABWA+",
    "/ROC/{order}//URI/{n}",
    "RFF+IV:{n}'DTM+3:20260301",
    '{{"inv":["{n}"],"po":"{order}"}}',
    "+REMI: fact;{n};{date};EUR",
    "inv#{n}|po#{order}",
    "<Nb>{n}</Nb>",
)
_SCANNED = str.maketrans({"0": "O", "1": "l", "5": "S", "8": "B"})


def written(*forms: Callable[[Number], str | None], certain: bool = False) -> Build:
    """One invoice, its number in one of these ways, among the words of the payer's language."""

    def build(scene: Scene) -> Draft | None:
        number = scene.random.choice(forms)(scene.seed.number)
        if number is None or number == scene.seed.number.printed:
            return None
        draft = scene.pay(scene.phrase(number), [scene.seed])
        return scene.certainly_by_customer(draft) if certain else draft

    return build


def among(*texts: str) -> Build:
    """The whole number in a text of another making."""

    def build(scene: Scene) -> Draft | None:
        text = scene.random.choice(texts)
        filled = text.format(n=scene.seed.number.printed, date=scene.some_day(), order=scene.order())
        return scene.pay(filled, [scene.seed])

    return build


def _joined(sign: str) -> Callable[[Number], str | None]:
    return lambda number: sign.join(number.parts)


def _longer_serial(number: Number) -> str:
    """FAC/2026/00000123."""
    return (number.style.separator or "/").join([*number.parts[:-1], f"000{number.digits}"])


def _serial_and_year(number: Number) -> str | None:
    """123-26, 123 de 2026."""
    return None if number.year is None or number.serial < 100 else f"{number.serial}-{number.year % 100}"


def _apostrophe(number: Number) -> str | None:
    """'26/00123."""
    return None if number.year is None else f"'{number.year % 100}/{number.digits}"


def _grouped_serial(number: Number) -> str:
    """FAC 2026 00 123: thousands apart."""
    return " ".join([*number.parts[:-1], number.digits[:-3], number.digits[-3:]])


def _dotted_serial(number: Number) -> str | None:
    return ".".join([*number.parts[:-1], number.digits[:-3], number.digits[-3:]]) if number.year else None


def _prefix_behind(number: Number) -> str | None:
    """2026/00123 FAC."""
    return "/".join(number.parts[1:]) + f" {number.prefix}" if number.prefix and number.year else None


def front_cut(scene: Scene) -> Draft | None:
    """The bank's field has lost its first letters: C/2026/00123."""
    number = scene.seed.number
    if number.year is None or not number.prefix or len(number.printed) < 9:
        return None
    lost = scene.random.randint(1, len(number.prefix))
    return scene.certainly_by_customer(scene.pay(number.printed[lost:], [scene.seed]))


def scanned(scene: Scene) -> Draft | None:
    """FAC/2O26/OOl23 and S for 5: a scanner's reading, of the serial as well."""
    parts = scene.seed.number.parts
    text = (scene.seed.number.style.separator or "/").join([*parts[:-1], parts[-1].translate(_SCANNED)])
    known = scene.ledger.is_only_reading(scene.customer, scene.seed, scene.left)
    return scene.certainly_by_customer(scene.pay(scene.phrase(text), [scene.seed])) if known else None


def beside_customer_number(scene: Scene) -> Draft | None:
    """A customer number that looks like one of his other invoices' serials."""
    others = [
        item for item in scene.invoices() if item is not scene.seed and scene.ledger.left[item] != scene.left
    ]
    if not others or scene.seed.number.serial < 100:
        return None
    other = scene.random.choice(others).number
    text = scene.random.choice(
        ("client {o} facture {n}", "KdNr {o} RG {n}", "compte {o} {n}", "cust {o} inv {n}")
    )
    return scene.certainly_by_customer(
        scene.pay(text.format(o=other.digits, n=scene.seed.number.printed), [scene.seed])
    )


def beside_end_to_end(scene: Scene) -> Draft | None:
    """The payer's own reference looks like another invoice of his."""
    others = [
        item for item in scene.invoices() if item is not scene.seed and scene.ledger.left[item] != scene.left
    ]
    if not others:
        return None
    draft = scene.pay(f"Facture {scene.seed.number.printed}", [scene.seed])
    other = scene.random.choice(others).number.digits
    draft.end_to_end = scene.random.choice(("{0:%Y%m%d}{1}", "SCT-{0:%Y%m%d}-{1}", "VIR{1}", "{1}")).format(
        scene.day, other
    )
    return scene.certainly_by_customer(draft)


def beside_wide_digits(scene: Scene) -> Draft | None:
    """The invoice among an account number, a SIRET, a telephone number and the amount without its sign."""
    siret = f"{scene.customer.siren or '732829320'}00017"
    texts = (
        f"{scene.seed.number.printed} IBAN {scene.customer.own_ibans[0]} MT {scene.left // 100}",
        f"SIRET {siret} FACT {scene.seed.number.printed}",
        f"{scene.left} {scene.seed.number.printed} {scene.some_day()}",
        f"TEL 04 72 00 11 22 {scene.seed.number.printed}",
        f"ECH {scene.seed.due:%d%m%Y} FACT {scene.seed.number.printed} DU {scene.seed.issued:%d%m}",
    )
    return scene.pay(scene.random.choice(texts), [scene.seed])


# ---- Several ----


def _run(scene: Scene, least: int, most: int) -> list[Item]:
    """Invoices of the customer of one series, in order."""
    head = scene.seed.number.parts[:-1]
    return [item for item in scene.some(least, most) if item.number.parts[:-1] == head]


def counted(scene: Scene) -> Draft | None:
    """2 factures: 00123 (450,00) 00124 (120,50) total 570,50."""
    items = _run(scene, 2, 4)
    if len(items) < 2:
        return None
    each = " ".join(f"{i.number.digits} ({scene.amount_words(scene.ledger.left[i])})" for i in items)
    return scene.certainly_by_customer(
        scene.pay(f"{len(items)} factures: {each} total {scene.amount_words(scene.total(items))}", items)
    )


def words_between(scene: Scene) -> Draft | None:
    """fact 123 et la 124 ainsi que 130 de mars."""
    items = _run(scene, 2, 4)
    if len(items) < 2 or items[0].number.serial < 100:
        return None
    joiner = scene.random.choice((" ainsi que ", " et la ", " sowie ", " as well as ", " en ", " y ", " e "))
    text = joiner.join(str(item.number.serial) for item in items)
    head = scene.random.choice(("factures ", "Rechnungen ", "invoices ", "facturen ", "fatture "))
    return scene.certainly_by_customer(scene.pay(head + text, items))


def range_and_one(scene: Scene) -> Draft | None:
    """FAC/2026/00123 - 00125, 00130."""
    run = sorted(_run(scene, 4, 6), key=lambda item: item.number.serial)
    ends = [at for at in range(2, len(run)) if run[at].number.serial - run[0].number.serial == at]
    if not ends or ends[0] + 1 >= len(run):
        return None
    chosen = [*run[: ends[0] + 1], run[-1]]
    first, last, other = run[0].number, run[ends[0]].number, run[-1].number
    text = f"{first.printed} au {last.digits}, {other.digits}"
    return scene.certainly_by_customer(scene.pay(text, chosen))


def range_but_one(scene: Scene) -> Draft | None:
    """factures 00123 a 00126 sauf 00125: one of the range is held back."""
    mine = [item for item in scene.invoices() if item.number.parts[:-1] == scene.seed.number.parts[:-1]]
    run = sorted(mine, key=lambda item: item.number.serial)
    place = run.index(scene.seed)
    run = run[place : place + 4]
    if len(run) < 4 or run[-1].number.serial - run[0].number.serial != 3:
        return None
    out = run[2]
    word = scene.random.choice(("sauf", "hors", "ohne", "except", "excl."))
    text = f"{run[0].number.printed} au {run[-1].number.digits} {word} {out.number.digits}"
    return scene.certainly_by_customer(scene.pay(text, [item for item in run if item is not out]))


def two_customers(scene: Scene) -> Draft | None:
    """An accountant pays for two of his clients, who have nothing to do with each other."""
    other = scene.random.choice(scene.ledger.items)
    fits = other.is_invoice and other.currency == scene.seed.currency and other.issued <= scene.day
    if not fits or not scene.ledger.left[other] or other.customer_id == scene.customer.customer_id:
        return None
    draft = scene.pay(f"{scene.seed.number.printed} / {other.number.printed}", [scene.seed, other])
    draft.name, draft.iban = "CABINET COMPTABLE XYZWIT", payers.account(scene.random)
    return draft


def sister_named(scene: Scene) -> Draft | None:
    """One company of a group pays a sister's invoice by its serial, from its own account."""
    sisters = [
        one for one in scene.ledger.taken_for(scene.customer) if one.group_id and one != scene.customer
    ]
    if not sisters or scene.seed.number.serial < 100:
        return None
    payer = scene.random.choice(sisters)
    draft = scene.pay(f"p/c {scene.customer.name} fact {scene.seed.number.printed}", [scene.seed])
    draft.name, draft.iban = payer.name, payer.own_ibans[0]
    return draft


HABITS = {
    "dutch": Habit(among(*_DUTCH)),
    "tags_of_formats": Habit(among(*_TAGS)),
    "long_dash": Habit(written(_joined(" – "), _joined("—"), _joined(" - "), _joined(" : "))),
    "zeros_added": Habit(written(_longer_serial)),
    "serial_before_year": Habit(written(_serial_and_year, certain=True)),
    "year_with_apostrophe": Habit(written(_apostrophe, certain=True)),
    "serial_in_groups": Habit(written(_grouped_serial, _dotted_serial)),
    "prefix_behind": Habit(written(_prefix_behind)),
    "front_cut_by_bank": Habit(front_cut),
    "scanned": Habit(scanned),
    "beside_customer_number": Habit(beside_customer_number),
    "beside_end_to_end": Habit(beside_end_to_end),
    "beside_wide_digits": Habit(beside_wide_digits),
    "counted_list": Habit(counted),
    "list_with_words": Habit(words_between),
    "range_and_one": Habit(range_and_one, "many"),
    "range_but_one": Habit(range_but_one, "many"),
    "two_customers_by_agent": Habit(two_customers),
    "sister_pays_named": Habit(sister_named, "group"),
}
