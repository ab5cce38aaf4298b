"""Payments by somebody else than the customer: his parent, a factor, the public treasury, an insurer, anybody."""

from __future__ import annotations

from lettra_tools.matchbench import payers
from lettra_tools.matchbench.habits.by_number import clear
from lettra_tools.matchbench.scene import Build, Habit, Scene
from lettra_tools.matchbench.world import Draft

FACTORS = ("XYLOFACT AFFACTURAGE", "KNEXT FACTORING GMBH", "ZWIFT RECEIVABLES FINANCE LTD")
TREASURIES = ("TRESORERIE DE PTOLVILLE", "DGFIP SGC GWYNEC", "PAIERIE DEPARTEMENTALE SZOIRE")
COLLECTORS = ("ETUDE MNESKWITH HUISSIERS", "CABINET TCHUBLOH AVOCATS", "SZOLEX INKASSO KG")


def parent(scene: Scene) -> Draft | None:
    """The parent pays invoices of several companies of its group."""
    group = [one for one in scene.ledger.taken_for(scene.customer) if one.group_id]
    items = [
        item
        for one in group
        for item in scene.ledger.open_of(one.customer_id, scene.seed.currency, scene.day)
        if item.is_invoice
    ]
    if not group or len(items) < 2:
        return None
    chosen = scene.random.sample(items, scene.random.randint(1, min(5, len(items))))
    draft = scene.pay(scene.phrase(", ".join(clear(scene, item) for item in chosen)), chosen)
    draft.name, draft.iban = payers.name(scene.random, group[0]), scene.random.choice(group[0].own_ibans)
    return draft


def third_party(names: tuple[str, ...], template: str) -> Build:
    """Somebody who is no customer pays one invoice, and says which."""

    def build(scene: Scene) -> Draft | None:
        text = template.format(n=clear(scene, scene.seed), order=scene.order(), who=scene.customer.name)
        draft = scene.pay(text, [scene.seed])
        draft.name, draft.iban = scene.random.choice(names), payers.account(scene.random)
        return draft

    return build


def factor_for_several(scene: Scene) -> Draft | None:
    """A factor pays invoices of several customers at once, all named."""
    items = {scene.seed}
    for _ in range(scene.random.randint(1, 4)):
        other = scene.random.choice(scene.ledger.items)
        if other.is_invoice and other.currency == scene.seed.currency and scene.ledger.left[other]:
            items.add(other)
    chosen = sorted((item for item in items if item.issued <= scene.day), key=lambda item: item.item_id)
    if len(chosen) < 2:
        return None
    draft = scene.pay("BORD " + " ".join(item.number.printed for item in chosen), chosen)
    draft.name, draft.iban = scene.random.choice(FACTORS), payers.account(scene.random)
    return draft


def another_customer(scene: Scene) -> Draft | None:
    """A customer who is known pays somebody else's invoice: number and amount agree."""
    payer = scene.ledger.customers[scene.random.choice(scene.ledger.items).customer_id]
    if payer.root == scene.customer.root:
        return None
    draft = scene.pay(scene.phrase(scene.seed.number.printed), [scene.seed])
    draft.name, draft.iban = payers.name(scene.random, payer), payer.own_ibans[0]
    return draft


def direct_debit(scene: Scene) -> Draft | None:
    """We collected it: the reference is the number, the text is the bank's."""
    draft = scene.pay(scene.random.choice(("PRELEVEMENT SEPA", "SDD CORE", "REMISE PRLV")), [scene.seed])
    draft.end_to_end = scene.seed.number.printed
    return draft


def paid_after_return(scene: Scene) -> Draft | None:
    """The direct debit had come back; now the customer pays himself."""
    if not any(scene.seed in returned.settles for returned in scene.ledger.returned):
        return None
    return scene.pay(scene.phrase(scene.seed.number.printed), [scene.seed])


HABITS = {
    "parent_pays": Habit(parent, "group"),
    "factor_pays": Habit(third_party(FACTORS, "CESSION {order} {n} {who}")),
    "factor_pays_several": Habit(factor_for_several),
    "public_treasury_pays": Habit(third_party(TREASURIES, "MANDAT {order} BORD 27 {n}")),
    "collector_pays": Habit(third_party(COLLECTORS, "{who} DOSSIER {order} FACT {n}")),
    "another_customer_pays": Habit(another_customer),
    "direct_debit": Habit(direct_debit),
    "paid_after_return": Habit(paid_after_return, "returned"),
}
