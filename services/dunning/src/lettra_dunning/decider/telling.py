"""Who else is told: the sales representative of a dispute or of silence, a collector of an insolvency. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from lettra_dunning.decider.decisions import FilingTaskOpened, SalesTold
from lettra_dunning.decider.looking import Look, Looking
from lettra_dunning.domain.calendar import months_on
from lettra_dunning.domain.customers import Item, Touch

FILING_MONTHS = 2
"""A claim is to be filed within two months of the publication of the judgment (C. com. art. L622-24, R622-24)."""
ASKING = ("reminder", "formal_notice")


def tell_of_disputes(run: Looking) -> Iterator[SalesTold]:
    """Once for as much as is in dispute."""
    news = [item for item in run.customer.items if item.disputed > item.dispute_told]
    if news:
        yield _told(run, "dispute", news, "the customer contests what it was invoiced")


def tell_of_silence(run: Looking, looks: Iterable[Look]) -> Iterator[SalesTold]:
    """Once until the customer is heard of again: so many messages went out, and it neither paid nor answered."""
    customer, enough = run.customer, run.rules(None).silence_messages
    if enough is None or _was_told(run):
        return
    unanswered = [touch for touch in customer.touches if _is_unanswered(run, touch)]
    owed = [look.item for look in looks if look.is_named]
    if len(unanswered) >= enough and owed:
        text = f"{len(unanswered)} messages since {unanswered[0].on} have no answer"
        yield _told(run, "silence", owed, text)


def _was_told(run: Looking) -> bool:
    told, heard = run.customer.silence_told_on, run.customer.heard_on
    return told is not None and (heard is None or heard <= told)


def _is_unanswered(run: Looking, touch: Touch) -> bool:
    heard = run.customer.heard_on
    return touch.kind in ASKING and touch.on <= run.on and (heard is None or touch.on > heard)


def _told(run: Looking, about: str, items: list[Item], text: str) -> SalesTold:
    is_dispute = about == "dispute"
    amounts = ((item.currency, item.disputed if is_dispute else item.claimable) for item in items)
    return SalesTold(
        customer_id=run.customer.customer_id,
        business_date=run.on,
        about="dispute" if is_dispute else "silence",
        items=tuple(item.item_id for item in items),
        amounts=_by_currency(amounts),
        text=text,
        sales_representative=run.customer.sales_representative,
    )


def tell_of_insolvency(run: Looking) -> Iterator[FilingTaskOpened]:
    """Once: what was invoiced before the judgment is to be filed, also what is not due or in dispute.

    Where the last day is not known, it is taken to be two months after the judgment, which is before two months after
    its publication.
    """
    found = run.customer.insolvency
    if found is None or found.told:
        return
    items = (item for item in run.customer.items if item.open > 0 and item.issue_date <= found.opened_on)
    amounts = ((item.currency, item.open if item.kind == "invoice" else -item.open) for item in items)
    yield FilingTaskOpened(
        customer_id=run.customer.customer_id,
        business_date=run.on,
        file_by=found.claim_until or months_on(found.opened_on, FILING_MONTHS),
        amounts=_by_currency(amounts),
        collector=run.customer.collector,
    )


def _by_currency(amounts: Iterable[tuple[str, Decimal]]) -> tuple[tuple[str, Decimal], ...]:
    sums: dict[str, Decimal] = {}
    for currency, amount in amounts:
        sums[currency] = sums.get(currency, Decimal(0)) + amount
    return tuple(sorted(sums.items()))
