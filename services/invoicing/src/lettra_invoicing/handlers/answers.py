"""What commands answer."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel


class Registered(BaseModel):
    """`created` is false where it was registered before with the same data."""

    id: str
    created: bool


class RegisteredCustomer(Registered):
    """`contact_erased`: the customer's first contact was erased, so mail and address that came along were not taken."""

    contact_erased: bool = False


class Changed(BaseModel):
    """`changed` names the fields that are others now; none where all was so before."""

    id: str
    changed: tuple[str, ...]


class ContactTaken(BaseModel):
    """The contact is known under this id; `changed` is false where nothing was new."""

    contact_id: str
    customer_id: str
    changed: bool


class Erased(BaseModel):
    """The contact is erased; `created` is false where it was before."""

    contact_id: str
    customer_id: str
    created: bool


class Issued(BaseModel):
    """The document's number, and the reference that its payer should give; `warnings`: what to look at, in words."""

    document_number: str
    payment_reference: str | None
    warnings: tuple[str, ...]


class Closed(BaseModel):
    """The business date is closed; `created` is false where it was before."""

    business_date: date
    created: bool


class Noted(BaseModel):
    """`created` is false where it was known before."""

    customer_id: str
    created: bool


class DisputeTaken(BaseModel):
    """Where the dispute is: open, or how it ended, and with which credit note."""

    dispute_id: str
    outcome: str
    credit_note: str | None


class RequestTaken(BaseModel):
    """Where the request is: open, approved or refused, and which credit note it led to."""

    request_id: str
    state: str
    credit_note: str | None


class StatusTaken(BaseModel):
    """`created` is false where the message came before."""

    status: int
    created: bool
