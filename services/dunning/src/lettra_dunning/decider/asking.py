"""What a customer is asked for in one currency: which step, naming which items, going out when. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from lettra_dunning.decider.decisions import (
    CallTaskOpened,
    Credit,
    FormalNoticeRequested,
    HandedOver,
    Line,
    MessageRequested,
    StepTaken,
)
from lettra_dunning.decider.looking import NAMED_ALONE, Look, Looking
from lettra_dunning.decider.stepping import following, is_below_cap, is_spaced
from lettra_dunning.domain.customers import SILENT_KINDS
from lettra_dunning.domain.policy import Step

ZERO = Decimal(0)


def ask(run: Looking, currency: str, looks: Sequence[Look], credits: tuple[Credit, ...]) -> StepTaken | None:
    """The furthest step that is due, that nothing holds, and for which the last one lies back far enough.

    What has a softer step of its own has that one with it; what is late is named beside them. None: there is nothing
    to do today.
    """
    ready = [look for look in looks if look.is_ready]
    for look in sorted(ready, key=_furthest_first):
        assert look.step is not None
        if may(run, currency, look, look.step):
            named = _named_with(look.step, looks, ready)
            lines = [_line(run, currency, one, look.step) for one in named]
            return _taken(run, currency, look, look.step, lines, credits)
    return None


def _furthest_first(look: Look) -> tuple[int, date, str]:
    assert look.step is not None
    return -look.step.level, look.item.due_date, look.item.item_id


def may(run: Looking, currency: str, look: Look, step: Step) -> bool:
    """Whether interval and frequency cap allow this step on the day."""
    touches = run.customer.touches
    if not is_spaced(touches, currency, step.minimum_interval_days, look.goes_out_on):
        return False
    return step.kind in SILENT_KINDS or is_below_cap(touches, look.rules.frequency_cap, look.goes_out_on)


def _named_with(step: Step, looks: Sequence[Look], ready: Sequence[Look]) -> list[Look]:
    if step.kind in NAMED_ALONE:
        return [look for look in ready if look.step is not None and look.step.kind == step.kind]
    return [look for look in looks if look.is_named]


def _line(run: Looking, currency: str, look: Look, leading: Step) -> Line:
    own = look.step
    if own is not None and own.level > leading.level:
        own = None
    if own is not None and not is_spaced(
        run.customer.touches, currency, own.minimum_interval_days, look.goes_out_on
    ):
        own = None
    item = look.item
    return Line(
        item_id=item.item_id,
        entity_id=item.entity_id,
        document_number=item.document_number,
        due_date=item.due_date,
        open=item.open,
        disputed=item.disputed,
        claimed=item.claimable,
        step=own.name if own is not None else None,
        level=own.level if own is not None else item.level,
    )


def _taken(
    run: Looking, currency: str, look: Look, step: Step, lines: Sequence[Line], credits: tuple[Credit, ...]
) -> StepTaken:
    claimed = sum((line.claimed for line in lines), ZERO)
    common: dict[str, Any] = {
        "step_id": f"{run.customer.customer_id}:{currency}:{run.on}:{step.name}",
        "customer_id": run.customer.customer_id,
        "currency": currency,
        "kind": step.kind,
        "step": step.name,
        "channel": step.channel,
        "template": step.template,
        "tone": step.tone,
        "goes_out": look.goes_out,
        "goes_out_on": look.goes_out_on,
        "lines": tuple(lines),
        "credits": credits,
        "claimed": claimed,
        "net": claimed - sum((credit.open for credit in credits), ZERO),
        "follows": following(look.item, look.rules, step, look.goes_out_on),
        "inputs": run.inputs((line.entity_id, currency) for line in lines),
    }
    claims = step.claims and run.customer.debtor_class != "private"
    if step.kind == "formal_notice":
        return FormalNoticeRequested(**common, claims=claims)
    if step.kind == "call_task":
        return CallTaskOpened(**common, collector=run.customer.collector)
    if step.kind == "handover":
        return HandedOver(**common, claims=claims)
    return MessageRequested(**common)
