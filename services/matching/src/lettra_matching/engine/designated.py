"""Rules 1 to 3 once it is known what the payment names: whether that opens the door, and how the amount settles it.

A number that says it all is enough, whatever the amount. One that says less counts only together with something
else: the exact amount, or that it is this customer who pays. Where what is named and who pays contradict each
other, a person decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from math import prod

from lettra_matching.engine.case import Case, Finding
from lettra_matching.engine.designating import Mentioned, Named
from lettra_matching.engine.model import ZERO, Item, RuleName
from lettra_matching.engine.numbers import FULL, LIKELY, STRONG, WEAK
from lettra_matching.engine.settling import (
    CREDIT_NOTES_MAX,
    Settlement,
    and_more,
    as_far_as_it_goes,
    exactly,
    in_part,
    less_credit_notes,
    less_discount,
    less_discount_and_fees,
    less_disputed,
    less_fees,
    notes_of_others,
    total_of,
    within_rounding,
)
from lettra_matching.engine.subsets import sums_to

COMBINATIONS_MAX = 5_000
SHOWN_MAX = 12
INDEMNITY = Decimal(40)


@dataclass(frozen=True, slots=True)
class Designation:
    """What a payment names. `named`: without doubt. `loose`: numbers that say less. `optional`: within a range."""

    rule: RuleName
    named: tuple[Named, ...]
    loose: tuple[Mentioned, ...]
    optional: tuple[Named, ...] = ()

    def open_items(self) -> list[Item]:
        return [named.item for named in self.named if named.item.open > 0]


def settle(case: Case, designation: Designation, *, exact_only: bool = False) -> Finding | None:
    """What the designation settles: exactly, then with other numbers of the text, then less or more."""
    found = _named_exactly(case, designation) or _with_loose(case, designation)
    if found is not None or exact_only:
        return found
    return _not_exactly(case, designation)


# -- exactly ------------------------------------------------------------------------------------------------------


def _named_exactly(case: Case, designation: Designation) -> Finding | None:
    items = designation.open_items()
    amount = case.payment.amount
    for chosen in _with_optional(items, designation.optional):
        settlement = exactly(chosen, amount) or less_discount(chosen, amount, case.payment.day, case.rules)
        if settlement is not None and items:
            return _judged_exact(case, designation, settlement)
    return None


def _with_optional(items: Sequence[Item], optional: Sequence[Named]) -> Iterable[list[Item]]:
    if optional:
        yield [*items, *(named.item for named in optional if named.item.open > 0)]
    yield list(items)


def _judged_exact(case: Case, designation: Designation, settlement: Settlement) -> Finding:
    """The amount confirms the number; only a payer who owes exactly this amount himself is a contradiction."""
    evidence = (*_words(designation.named), settlement.how)
    customers = {line.item.customer_id for line in settlement.lines}
    rival = _rival(case, customers)
    if rival is not None:
        words = (
            f"{case.who.evidence}, who owes exactly {case.payment.amount} with {rival.document_number} too"
        )
        return Finding(
            designation.rule, settlement, False, "contradicted", (*evidence, words), 2, blocks=True
        )
    return Finding(designation.rule, settlement, True, "designated_exact", evidence)


def _rival(case: Case, customers: set[str]) -> Item | None:
    """An item of exactly this amount of another customer who, it is known, pays."""
    if not case.contradicts(customers):
        return None
    same = [item for item in case.own if item.kind == "invoice" and item.open == case.payment.amount]
    return same[0] if same else None


# -- with numbers that say less ------------------------------------------------------------------------------------


def _with_loose(case: Case, designation: Designation) -> Finding | None:
    """The one choice among what the lesser numbers may mean that, with what is named, gives exactly the amount."""
    if not designation.loose:
        return None
    options = [_options(mentioned) for mentioned in designation.loose]
    if prod(map(len, options)) > COMBINATIONS_MAX:
        family = case.who.family_ids
        options = [[o for o in each if o is None or o.item.customer_id in family] for each in options]
    if prod(map(len, options)) > COMBINATIONS_MAX:
        return None
    choices = _exact_choices(case, designation, options)
    if not choices:
        return None
    return _judged_choice(case, designation, choices)


def _options(mentioned: Mentioned) -> list[Named | None]:
    return [*(named for named in mentioned.candidates if named.item.open > 0), None]


def _exact_choices(
    case: Case, designation: Designation, options: list[list[Named | None]]
) -> list[tuple[Named, ...]]:
    """Of the choices that give the amount, those that leave the fewest numbers out; each set of items once."""
    items = designation.open_items()
    known = {item.item_id for item in items}
    missing = case.payment.amount - total_of(items)
    best: dict[frozenset[str], tuple[Named, ...]] = {}
    most = 1
    for choice in product(*options):
        chosen = {n.item.item_id: n for n in choice if n is not None and n.item.item_id not in known}
        if len(chosen) < most or sum(n.item.signed for n in chosen.values()) != missing:
            continue
        if len(chosen) > most:
            best, most = {}, len(chosen)
        best.setdefault(frozenset(chosen), tuple(chosen[each] for each in sorted(chosen)))
    return [best[each] for each in sorted(best, key=sorted)]


def _judged_choice(case: Case, designation: Designation, choices: list[tuple[Named, ...]]) -> Finding | None:
    agreeing = [choice for choice in choices if _payer_agrees(case, choice)]
    kept = agreeing or choices
    chosen = kept[0]
    items = [*designation.open_items(), *(named.item for named in chosen)]
    settlement = exactly(items, case.payment.amount)
    if settlement is None:
        return None
    evidence = (*_words((*designation.named, *chosen)), settlement.how)
    if len(kept) > 1:
        words = f"{len(kept)} choices of the numbers in the text give this amount"
        return Finding(designation.rule, settlement, False, "ambiguous", (*evidence, words), len(kept))
    opens = bool(agreeing) or _speaks_alone(case, designation, chosen)
    return Finding(designation.rule, settlement, opens, "loosely_designated" if opens else "weak", evidence)


def _payer_agrees(case: Case, choice: Sequence[Named]) -> bool:
    return all(case.agrees(customer) for customer in sorted({named.item.customer_id for named in choice}))


def _speaks_alone(case: Case, designation: Designation, chosen: Sequence[Named]) -> bool:
    """Without the payer's agreement: nobody else is known to pay, and the numbers say more than a figure does."""
    customers = {named.item.customer_id for named in (*designation.named, *chosen)}
    if case.contradicts(customers) or len(customers) > 1:
        return False
    return len(chosen) + len(designation.named) > 1 or min(named.strength for named in chosen) >= WEAK


# -- less or more ---------------------------------------------------------------------------------------------------


def _not_exactly(case: Case, designation: Designation) -> Finding | None:
    named = _certain(case, designation)
    items = [each.item for each in named if each.item.open > 0]
    if not items:
        return _settled_already(case, designation, named)
    for chosen in _with_optional(items, designation.optional):
        settlement = _slightly_less(case, chosen)
        if settlement is not None:
            exact = total_of(chosen) == case.payment.amount
            how = "loosely_designated" if exact else "designated_less"
            return _judged(case, designation, named, settlement, how)
    return _much_less_or_more(case, designation, named, items)


def _certain(case: Case, designation: Designation) -> list[Named]:
    """What is named without doubt, and what is once only the payer's items (or those customers') can be meant."""
    certain = {named.item.item_id: named for named in designation.named}
    if not designation.loose:
        return list(certain.values())
    customers = case.who.family_ids or frozenset(named.item.customer_id for named in designation.named)
    among = case.meant_among(customers).mentioned if customers else designation.loose
    for mentioned in among:
        only = mentioned.only
        if only is not None and mentioned.strength >= (WEAK if customers else LIKELY) and only.item.open > 0:
            certain.setdefault(only.item.item_id, only)
    return list(certain.values())


def _slightly_less(case: Case, items: Sequence[Item]) -> Settlement | None:
    amount, rules = case.payment.amount, case.rules
    exact = (
        exactly(items, amount)
        or less_discount(items, amount, case.payment.day, rules)
        or less_disputed(items, amount)
    )
    if exact is not None:
        return exact
    missing = total_of(items) - amount
    if missing <= 0:
        return within_rounding(items, amount, rules)
    notes = [] if case.says_part else _notes(case, items)
    credit = less_credit_notes(items, amount, notes, several=case.says_credit)
    short = credit or within_rounding(items, amount, rules)
    if short is not None or case.says_part:
        return short
    return less_fees(items, amount, rules) or less_discount_and_fees(items, amount, case.payment.day, rules)


def _notes(case: Case, items: Sequence[Item]) -> list[Item]:
    """Open credit notes of the same customers that are not named themselves."""
    named = {item.item_id for item in items}
    open_items = case.open_of({item.customer_id for item in items})
    return [item for item in open_items if item.kind == "credit_note" and item.item_id not in named]


def _much_less_or_more(
    case: Case, designation: Designation, named: Sequence[Named], items: Sequence[Item]
) -> Finding | None:
    amount = case.payment.amount
    if total_of(items) < amount:
        return _more(case, designation, named, items)
    if len(items) == 1:
        part = in_part(items[0], amount)
        return _judged(case, designation, named, part, "designated_part") if part is not None else None
    oldest_first = sorted(items, key=lambda item: (item.due_date, item.issue_date, item.item_id))
    settlement = as_far_as_it_goes(oldest_first, amount)
    if settlement is None:
        return None
    words = f"{amount} is less than the {total_of(items)} open of what the text names"
    return Finding(
        designation.rule, settlement, False, "weak", (*_words(named), words), 2, blocks=_says_it_all(named)
    )


def _more(
    case: Case, designation: Designation, named: Sequence[Named], items: Sequence[Item]
) -> Finding | None:
    """More than what is named: one further item makes it exact, or the rest stays on account."""
    rest = case.payment.amount - total_of(items)
    known = {item.item_id for item in items}
    others = [
        item
        for item in case.open_of({item.customer_id for item in items})
        if item.item_id not in known
        and item.kind == "invoice"
        and item.open == rest
        and case.was_issued(item)
    ]
    if len(others) == 1:
        settlement = exactly([*items, others[0]], case.payment.amount)
        if settlement is not None:
            return _judged(case, designation, named, settlement, "designated_and_one")
    settlement = and_more(items, case.payment.amount)
    return (
        _judged(case, designation, named, settlement, "designated_more") if settlement is not None else None
    )


def _judged(
    case: Case, designation: Designation, named: Sequence[Named], settlement: Settlement, confidence: str
) -> Finding:
    """An amount that is not exact confirms nothing: so nothing may contradict, and nothing may be unread."""
    doubts = list(_doubts(case, named, settlement, confidence))
    if confidence == "designated_more" and designation.optional:
        doubts.append("but the range holds more than that")
    found = "weak" if doubts else confidence
    evidence = (*_words(named), settlement.how, *doubts)
    return Finding(designation.rule, settlement, not doubts, found, evidence, blocks=_says_it_all(named))


def _doubts(case: Case, named: Sequence[Named], settlement: Settlement, confidence: str) -> Iterator[str]:
    """Why a person should look at an amount that is not what is named."""
    customers = sorted({each.item.customer_id for each in named if each.item.open > 0})
    if case.contradicts(customers):
        yield f"but {case.who.evidence}, and these items are another customer's"
    elif confidence != "loosely_designated" and not _is_theirs(case, named, customers, confidence):
        yield "but the amount is not theirs, and nothing says that this customer pays"
    foreign = notes_of_others(settlement.lines, {each.item.item_id for each in named})
    if foreign:
        yield f"but {', '.join(foreign[:SHOWN_MAX])} is another customer's credit, and nobody names it"
    if case.says_refund is not None:
        yield f"but the text says {case.says_refund!r}"
    if confidence in ("designated_part", "designated_more"):
        unknown = case.unknown_documents([each.item for each in named])
        if unknown:
            yield f"but the text names what is not known: {', '.join(unknown[:SHOWN_MAX])}"
        unsure = [m.written for m in _left_out(designated=named, mentioned=case.meant.mentioned)]
        if unsure:
            yield f"but it is not clear what the text means with {', '.join(unsure[:SHOWN_MAX])}"
    if confidence == "designated_less" and _fee_or_note(case, named, settlement):
        yield "but what is missing may be bank fees as well as a credit note"
    if confidence == "designated_and_one":
        yield from _doubts_of_one_more(case, named, settlement)
    if confidence == "designated_more":
        yield from _doubts_of_more(named, settlement)
    if confidence == "designated_part" and (case.says_credit or _notes_explain(case, settlement)):
        yield "but a credit note seems to be deducted, and it is not clear which"
    if case.is_cut:
        yield "but the text is longer than what is read of it"


def _is_theirs(case: Case, named: Sequence[Named], customers: Sequence[str], confidence: str) -> bool:
    """Whether these customers pay. A whole number is enough where the bank says nothing of who pays, or where the
    amount is nearly that of the items.
    """
    nearly = case.is_anonymous or confidence == "designated_less"
    return all(map(case.agrees, customers)) or (_says_it_all(named) and nearly)


def _doubts_of_one_more(case: Case, named: Sequence[Named], settlement: Settlement) -> Iterator[str]:
    """A further item of the amount that is too much may be chance; a list that was cut, or that is not all read, is
    what speaks for it.
    """
    several = sum(each.item.open > 0 for each in named) > 1
    if not (several or case.is_cut or case.unknown_documents([line.item for line in settlement.lines])):
        yield "but nothing says that a further document is meant"
    elif _is_indemnity(case, named):
        yield "but it may be the indemnity of 40 EUR for what is late (D441-5), and no document"


def _is_indemnity(case: Case, named: Sequence[Named]) -> bool:
    """Whether what is more than what is named is what the law lets a creditor ask for each invoice that is late."""
    items = [each.item for each in named if each.item.open > 0]
    rest = case.payment.amount - total_of(items)
    late = sum(item.kind == "invoice" and item.due_date < case.payment.day for item in items)
    return case.payment.currency == "EUR" and rest in {INDEMNITY, INDEMNITY * late}


def _doubts_of_more(named: Sequence[Named], settlement: Settlement) -> Iterator[str]:
    """Why more than what is named was perhaps paid for something else that the text names, too."""
    if any(each.item.open <= 0 for each in named):
        yield "but a part of what the text names is settled already"
    if any(each.strength < (STRONG if len(named) == 1 else FULL) for each in named):
        yield "but not all numbers are written in full"
    smallest = min(line.settled for line in settlement.lines)
    if settlement.rest > smallest:
        yield "but the rest is more than one of the items that are named: perhaps further ones are meant"


def _left_out(designated: Sequence[Named], mentioned: Sequence[Mentioned]) -> Iterator[Mentioned]:
    """Numbers of the text that say more than a figure does, and of which none of the items is taken."""
    known = {each.item.item_id for each in designated}
    for each in mentioned:
        if each.strength >= WEAK and known.isdisjoint(n.item.item_id for n in each.candidates):
            yield each


def _fee_or_note(case: Case, named: Sequence[Named], settlement: Settlement) -> bool:
    """Whether a credit note was found that nobody speaks of, and that is as small as a fee; or fees were, and another
    company of who pays has a credit note of that amount. A text that names credit notes speaks of those.
    """
    if any(line.write_off_type == "bank_fees" for line in settlement.lines) and _sister_note(
        case, settlement
    ):
        return True
    known = {each.item.item_id for each in named}
    notes = [n for n in settlement.lines if n.item.kind == "credit_note" and n.item.item_id not in known]
    deducted = sum((note.settled for note in notes), ZERO)
    speaks_of_it = case.says_credit and not any(each.item.kind == "credit_note" for each in named)
    return 0 < deducted <= case.rules.fee_tolerance and not speaks_of_it


def _notes_explain(case: Case, settlement: Settlement) -> bool:
    """Whether open credit notes, of another company of who pays as well, are as much as what is missing."""
    if _sister_note(case, settlement):
        return True
    items = [line.item for line in settlement.lines]
    missing = total_of(items) - case.payment.amount
    notes = _notes(case, items)
    if not notes or len(notes) > CREDIT_NOTES_MAX:
        return any(note.open == missing for note in notes)
    return sums_to([note.open for note in notes], missing).count > 0


def _sister_note(case: Case, settlement: Settlement) -> bool:
    items = [line.item for line in settlement.lines]
    missing = total_of(items) - case.payment.amount
    sisters = case.who.family_ids - {item.customer_id for item in items}
    return any(note.kind == "credit_note" and note.open == missing for note in case.open_of(sisters))


def _says_it_all(named: Sequence[Named]) -> bool:
    return bool(named) and all(each.strength >= FULL for each in named)


def _settled_already(case: Case, designation: Designation, named: Sequence[Named]) -> Finding | None:
    settled = [each for each in named if each.item.open <= 0 and each.strength >= STRONG]
    customers = tuple(sorted({each.item.customer_id for each in settled}))
    if not settled or case.contradicts(customers):
        return None
    numbers = ", ".join(each.item.document_number for each in settled[:SHOWN_MAX])
    evidence = (*_words(settled), f"{numbers} is settled already: perhaps it was paid twice")
    return Finding(designation.rule, None, False, "settled", evidence, 0, blocks=True, customers=customers)


def _words(named: Sequence[Named]) -> tuple[str, ...]:
    words = [
        f"the text names {each.item.document_number}"
        + ("" if each.written == each.item.document_number else f" (written {each.written!r})")
        for each in named[:SHOWN_MAX]
    ]
    if len(named) > SHOWN_MAX:
        words.append(f"and {len(named) - SHOWN_MAX} more")
    return tuple(words)
