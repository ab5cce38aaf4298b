"""Whether promises and plans were kept, by what matching says is still open. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

from lettra_dunning.decider.decisions import AgreementJudged
from lettra_dunning.decider.looking import Looking
from lettra_dunning.domain.agreements import Agreement

Verdict = Literal["kept", "broken", "open"]


def judge(run: Looking) -> Iterator[AgreementJudged]:
    """What is to be said of each agreement at the close of the day.

    Nothing is called broken while it is not sure that the money is not there: a day that is not processed, a feed that
    is behind, money that settles nothing yet. What kept an agreement and was undone opens it again.
    """
    open_now = {item.item_id: item.open for item in run.customer.items}
    for agreement in run.customer.agreements:
        if agreement.state not in ("open", "kept"):
            continue
        settled = agreement.settled_of(open_now)
        verdict = _verdict(run, agreement, settled)
        if verdict != agreement.state:
            yield _judged(run, agreement, verdict, settled)


def _verdict(run: Looking, agreement: Agreement, settled: Decimal) -> Verdict:
    if settled >= agreement.amount:
        return "kept"
    grace = run.rules(None).promising.grace_days
    is_late = settled < agreement.due_by(run.on, grace)
    return "broken" if is_late and not _may_be_there(run, agreement) else "open"


def _may_be_there(run: Looking, agreement: Agreement) -> bool:
    covered = {one.item_id for one in agreement.covered}
    items = [item for item in run.customer.items if item.item_id in covered and item.open > 0]
    return any(run.guard.of_money(item, run.rules(item)) for item in items)


def _judged(run: Looking, agreement: Agreement, verdict: Verdict, settled: Decimal) -> AgreementJudged:
    what = "promise to pay" if agreement.kind == "promise" else "payment plan"
    came = f"{settled} of {agreement.amount} {agreement.currency} came"
    return AgreementJudged(
        customer_id=run.customer.customer_id,
        agreement_id=agreement.agreement_id,
        kind=agreement.kind,
        verdict=verdict,
        business_date=run.on,
        agreed=agreement.amount,
        settled=settled,
        items=tuple(one.item_id for one in agreement.covered),
        text=f"{what} of {agreement.made_on}: {came} by {run.on}",
    )
