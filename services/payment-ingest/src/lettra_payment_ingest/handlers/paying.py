"""Commands on single payments: money that is told by a person, and a return that a person recognises."""

from __future__ import annotations

from uuid import UUID, uuid5

from pydantic import BaseModel

from lettra_events.contracts.payments import PaymentReceived
from lettra_events.decisions.workspace import Workspace
from lettra_events.service.rejection import Rejected
from lettra_payment_ingest.decider.evolving_money import TO_REVIEW
from lettra_payment_ingest.decider.returning import return_as_told
from lettra_payment_ingest.domain import PAYMENTS, Payment, RecordPayment, SayReturned

NAMESPACE = UUID("8a0f3e7c-5f56-5f0c-9c4e-0c5f4f6f2d11")


class Recorded(BaseModel):
    """The payment; `created` is false where it was recorded before."""

    payment_id: str
    created: bool


class Returned(BaseModel):
    """The payment went back by this debit."""

    payment_id: str
    return_id: str


def payment_id(command: RecordPayment) -> str:
    """A cheque or cash is known by its legal entity, its method, its reference, its day and its currency."""
    words = (command.entity_id, command.method, command.reference, str(command.received_on), command.currency)
    return str(uuid5(NAMESPACE, "\x1f".join(words)))


def record_payment(workspace: Workspace, command: RecordPayment) -> Recorded:
    """A cheque or cash, once."""
    identity = payment_id(command)
    existing = workspace.get(PAYMENTS, identity)
    if existing is not None:
        if existing.amount != command.amount:
            raise Rejected(
                "payment-exists",
                f"{command.method} {command.reference} of {command.received_on} was recorded with {existing.amount}",
                status=409,
                field="amount",
            )
        return Recorded(payment_id=identity, created=False)
    told = command.model_dump(exclude={"received_on", "reference"})
    workspace.append(
        PaymentReceived(
            payment_id=identity, entry_ref=command.reference, booking_date=command.received_on, **told
        )
    )
    return Recorded(payment_id=identity, created=True)


def say_returned(workspace: Workspace, debit_id: str, command: SayReturned) -> Returned:
    """A debit that nothing in it ties to a payment took one back, a person says."""
    debit, original = workspace.get_many(PAYMENTS, [(debit_id,), (command.payment_id,)])
    if debit is None or debit.direction != "debit":
        raise Rejected("unknown-debit", f"there is no debit {debit_id}", status=404)
    if debit.returns is not None:
        raise Rejected("returned-before", f"by it {debit.returns} went back", status=409)
    _check_returnable(original, debit, command.payment_id)
    assert original is not None
    workspace.append(return_as_told(debit, original, command.who, command.why))
    return Returned(payment_id=original.payment_id, return_id=debit_id)


def _check_returnable(original: Payment | None, debit: Payment, payment_id: str) -> None:
    if original is None or original.direction != "credit":
        raise Rejected("unknown-payment", f"there is no payment {payment_id}", status=404, field="payment_id")
    wrong = None
    if original.detailed:
        wrong = "others stand in its place: name the one of them that went back"
    elif original.left <= 0:
        wrong = "all of it went back before"
    elif original.currency != debit.currency:
        wrong = f"it is in {original.currency}, the debit in {debit.currency}"
    elif debit.review != TO_REVIEW and debit.amount > original.left:
        wrong = f"{original.left} of it is left, and the debit is {debit.amount}"
    if wrong is not None:
        raise Rejected("not-returnable", f"payment {payment_id}: {wrong}", status=409, field="payment_id")
