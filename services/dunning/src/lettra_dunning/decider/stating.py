"""The monthly statement of account (relevé de compte): all that is open, due or not. Pure."""

from __future__ import annotations

from decimal import Decimal

from lettra_dunning.decider.decisions import Credit, Line, MessageRequested
from lettra_dunning.decider.looking import Look, Looking
from lettra_dunning.decider.stepping import has_further_step, is_below_cap, is_spaced
from lettra_dunning.domain.calendar import day_of_month
from lettra_dunning.domain.policy import Rules, Statement

ZERO = Decimal(0)


def state_account(
    run: Looking, currency: str, looks: list[Look], credits: tuple[Credit, ...]
) -> MessageRequested | None:
    """Once a month and currency, from its day on, where nothing else goes out.

    A statement without some items would be wrong: while one is held for more than a dispute, it waits. Whoever is
    late and will be reminded gets none, which would only put the next step off.
    """
    rules = run.rules(None)
    statement = rules.statement
    if statement is None or not looks or not _is_time(run, currency, statement):
        return None
    if any(look.late and has_further_step(look.item, look.rules) for look in looks):
        return None
    if not _may(run, currency, rules, statement) or any(_is_held(run, look) for look in looks):
        return None
    return _statement(run, currency, statement, rules, looks, credits)


def _is_time(run: Looking, currency: str, statement: Statement) -> bool:
    day = run.on
    if day < day_of_month(day.year, day.month, statement.day_of_month):
        return False
    month = (day.year, day.month)
    return not any(
        touch.kind == "statement"
        and touch.currency == currency
        and (touch.decided_on.year, touch.decided_on.month) == month
        for touch in run.customer.touches
    )


def _may(run: Looking, currency: str, rules: Rules, statement: Statement) -> bool:
    touches, goes_out_on = run.customer.touches, run.moment(rules)[1]
    return is_spaced(touches, currency, statement.minimum_interval_days, goes_out_on) and is_below_cap(
        touches, rules.frequency_cap, goes_out_on
    )


def _is_held(run: Looking, look: Look) -> bool:
    return any(hold.code != "disputed" for hold in run.guard.reasons(look.item, look.rules))


def _statement(
    run: Looking,
    currency: str,
    statement: Statement,
    rules: Rules,
    looks: list[Look],
    credits: tuple[Credit, ...],
) -> MessageRequested:
    goes_out, goes_out_on = run.moment(rules)
    lines = tuple(_line(look) for look in looks)
    claimed = sum((line.claimed for line in lines), ZERO)
    return MessageRequested(
        step_id=f"{run.customer.customer_id}:{currency}:{run.on}:statement",
        customer_id=run.customer.customer_id,
        currency=currency,
        kind="statement",
        step="statement",
        channel=statement.channel,
        template=statement.template,
        tone="courteous",
        goes_out=goes_out,
        goes_out_on=goes_out_on,
        lines=lines,
        credits=credits,
        claimed=claimed,
        net=claimed - sum((credit.open for credit in credits), ZERO),
        follows=None,
        inputs=run.inputs((line.entity_id, currency) for line in lines),
    )


def _line(look: Look) -> Line:
    item = look.item
    return Line(
        item_id=item.item_id,
        entity_id=item.entity_id,
        document_number=item.document_number,
        due_date=item.due_date,
        open=item.open,
        disputed=item.disputed,
        claimed=item.claimable,
        step=None,
        level=item.level,
    )
