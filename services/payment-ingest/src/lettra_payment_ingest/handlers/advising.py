"""Commands on remittance advices: to take one, and to link it to the payment that it means."""

from __future__ import annotations

from pydantic import BaseModel

from lettra_events.decisions.workspace import Workspace
from lettra_payment_ingest.decider import advices
from lettra_payment_ingest.domain import ADVICES, PAYMENTS, AdviseRemittance


class Advised(BaseModel):
    """The advice; `created` is false where it came before."""

    advice_id: str
    total: str
    documents: int
    created: bool


def advise(workspace: Workspace, command: AdviseRemittance) -> Advised:
    """Take an advice, once."""
    event = advices.received(command)
    created = workspace.get(ADVICES, event.advice_id) is None
    if created:
        workspace.append(event)
    return Advised(
        advice_id=event.advice_id, total=str(event.total), documents=len(event.lines), created=created
    )


def link_advice(workspace: Workspace, pair: advices.Pair) -> bool:
    """Link an advice to its payment; False where either was linked meanwhile, or is no longer what it was."""
    workspace.expect((ADVICES, (pair.advice_id,)), (PAYMENTS, (pair.payment_id,)))
    advice = workspace.get(ADVICES, pair.advice_id)
    payment = workspace.get(PAYMENTS, pair.payment_id)
    if advice is None or payment is None or not advices.may_be_paid_by(advice, payment):
        return False
    workspace.append(advices.link(advice, payment, pair.named))
    return True
