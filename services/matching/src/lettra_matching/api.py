"""Matching's HTTP API. What it reads is in `queries` and `ledgers`."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from lettra_events.service.http import Command
from lettra_events.service.rejection import Rejected
from lettra_events.values import Identifier, IsoDate, SearchedText
from lettra_matching import ledgers, queries
from lettra_matching.decider.acting import Done, RulesNow
from lettra_matching.domain.commands import Act, Allocate, ChangeRules, Refund, Transfer
from lettra_matching.handlers import acts

router = APIRouter()

PAGE_MAX = 500
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX)]
CustomersLimit = Annotated[int, Query(ge=0, le=PAGE_MAX)]


# -- ledgers ----------------------------------------------------------------------------------------------------


@router.get("/customers/{customer_id}/ledger", response_model=ledgers.Ledger, tags=["ledgers"])
async def read_ledger(
    request: Request,
    customer_id: SearchedText,
    as_of: IsoDate | None = None,
    after: SearchedText = "",
    limit: Limit = 100,
    settled: bool = False,
) -> ledgers.Ledger:
    """A customer's ledger (compte client), as of a business date or now: open items, settled ones too where asked.

    `on_account` lists the money of now, at most 500 payments; the balance counts all, as of the date.
    """
    found = await ledgers.read_ledger(request.app.state.pool, customer_id, as_of, after, limit, settled)
    if found is None:
        raise Rejected("unknown-customer", f"matching knows no customer {customer_id}", status=404)
    return found


@router.get("/aged-balance", response_model=ledgers.AgedBalance, tags=["ledgers"])
async def read_aged_balance(
    request: Request,
    as_of: IsoDate,
    entity_id: SearchedText | None = None,
    customer_id: SearchedText | None = None,
    after: SearchedText = "",
    limit: CustomersLimit = 0,
) -> ledgers.AgedBalance:
    """The aged balance (balance âgée) as of a business date; with `limit` also a page of customers."""
    return await ledgers.read_aged_balance(
        request.app.state.pool, as_of, entity_id, customer_id, after, limit
    )


@router.get("/customers/{customer_id}/holds", response_model=queries.HoldPage, tags=["ledgers"])
async def list_holds(
    request: Request, customer_id: SearchedText, after: SearchedText = "", limit: Limit = 100
) -> queries.HoldPage:
    """Which money may be the customer's and is not matched yet: why it is not reminded."""
    return await queries.list_holds(request.app.state.pool, customer_id, after, limit)


# -- payments ---------------------------------------------------------------------------------------------------


@router.get("/payments", response_model=queries.PaymentPage, tags=["payments"])
async def list_payments(
    request: Request,
    status: Literal["all", "unapplied", "announced"] = "all",
    after: SearchedText = "",
    limit: Limit = 100,
) -> queries.PaymentPage:
    """Payments by id; `status=unapplied`: those of which something is nobody's."""
    return await queries.list_payments(request.app.state.pool, after, limit, status)


@router.get("/payments/{payment_id}", response_model=queries.PaymentDetail, tags=["payments"])
async def read_payment(request: Request, payment_id: SearchedText) -> queries.PaymentDetail:
    """One payment, and what it settles."""
    found = await queries.read_payment(request.app.state.pool, payment_id)
    if found is None:
        raise Rejected("unknown-payment", f"matching knows no payment {payment_id}", status=404)
    return found


@router.post("/payments/{payment_id}/undo", response_model=Done, tags=["payments"])
async def undo(payment_id: SearchedText, body: Act, command: Command) -> Response:
    """Undo all that a payment settles (délettrage)."""
    return await command.run(lambda w: acts.undo_match(w, payment_id, body))


@router.post("/payments/{payment_id}/allocate", response_model=Done, tags=["payments"])
async def allocate(payment_id: SearchedText, body: Allocate, command: Command) -> Response:
    """Settle items by hand."""
    return await command.run(lambda w: acts.allocate(w, payment_id, body))


@router.post("/payments/{payment_id}/refund", response_model=Done, tags=["payments"])
async def refund(payment_id: SearchedText, body: Refund, command: Command) -> Response:
    """Pay a customer's unapplied cash back."""
    return await command.run(lambda w: acts.refund(w, payment_id, body))


@router.post("/payments/{payment_id}/transfer", response_model=Done, tags=["payments"])
async def transfer(payment_id: SearchedText, body: Transfer, command: Command) -> Response:
    """Give unapplied money to another customer's account, or to another legal entity."""
    return await command.run(lambda w: acts.transfer(w, payment_id, body))


@router.get("/lettrage/{code}", response_model=queries.Lettrage, tags=["ledgers"])
async def read_lettrage(request: Request, code: SearchedText) -> queries.Lettrage:
    """What was settled together under a lettrage code, and by which payments."""
    found = await queries.read_lettrage(request.app.state.pool, code)
    if found is None:
        raise Rejected("unknown-lettrage", f"nothing bears the code {code}", status=404)
    return found


# -- proposals --------------------------------------------------------------------------------------------------


@router.get("/proposals", response_model=queries.ProposalPage, tags=["proposals"])
async def list_proposals(
    request: Request, entity_id: SearchedText | None = None, after: SearchedText = "", limit: Limit = 100
) -> queries.ProposalPage:
    """What waits for a person: what each payment may settle, and why."""
    return await queries.list_proposals(request.app.state.pool, entity_id, after, limit)


@router.post("/proposals/{payment_id}/confirm", response_model=Done, tags=["proposals"])
async def confirm(payment_id: SearchedText, body: Act, command: Command) -> Response:
    """Settle what is proposed for a payment."""
    return await command.run(lambda w: acts.confirm(w, payment_id, body))


@router.post("/proposals/{payment_id}/refuse", response_model=Done, tags=["proposals"])
async def refuse(payment_id: SearchedText, body: Act, command: Command) -> Response:
    """Say that the payment does not belong to these items: the rules never put it to them again."""
    return await command.run(lambda w: acts.refuse(w, payment_id, body))


# -- rules and days ---------------------------------------------------------------------------------------------


@router.put("/entities/{entity_id}/rules", response_model=RulesNow, tags=["rules"])
async def change_rules(entity_id: Identifier, body: ChangeRules, command: Command) -> Response:
    """Change the matching rules of a legal entity from here on; each decision names the version in force."""
    return await command.run(lambda w: acts.change_rules(w, entity_id, body))


@router.get("/days/{business_date}", response_model=queries.DayView, tags=["days"])
async def read_day(request: Request, business_date: IsoDate) -> queries.DayView:
    """Whether every decision about what was received by a date is taken, and for which entities."""
    found = await queries.read_day(request.app.state.pool, business_date)
    if found is None:
        raise Rejected("day-not-processed", f"{business_date} is not processed yet", status=404)
    return found
