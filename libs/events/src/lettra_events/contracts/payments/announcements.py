"""Money on its way: announced, then booked or withdrawn."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from lettra_events.contracts._registry import Event, contract
from lettra_events.contracts.payments.transactions import Method
from lettra_events.money import Amount, CurrencyCode


@contract("payments.PaymentAnnounced")
class PaymentAnnounced(Event):
    """Money on its way to an account of ours, not booked yet: it holds reminders, and is never allocated.

    `AnnouncementReplaced` follows once it is booked, `AnnouncementWithdrawn` if that never happens. `source`: a pending
    entry of a statement, an intraday report (CAMT.052, MT942), a notification (CAMT.054), or a provider's payout.
    """

    announcement_id: str
    entity_id: str
    account: str
    source: Literal["statement", "report", "notification", "payout"]
    entry_ref: str
    announced_on: date = Field(description="the day that its message tells of")
    booking_date: date | None = None
    value_date: date | None = None
    amount: Amount = Field(gt=0)
    currency: CurrencyCode
    end_to_end_id: str | None = None
    structured_reference: str | None = None
    remittance: str | None = None
    counterparty_name: str | None = None
    counterparty_iban: str | None = None
    mandate_id: str | None = None
    batch_ref: str | None = Field(
        default=None, description="the bank's reference of the entry that it is a part of"
    )
    method: Method | None = None
    payout_id: str | None = None

    def stream_id(self) -> str:
        return f"payment:{self.announcement_id}"

    def key(self) -> str:
        return f"payment:{self.announcement_id}"


class _OnAnnouncement(Event):
    announcement_id: str
    entity_id: str

    def stream_id(self) -> str:
        return f"payment:{self.announcement_id}"

    def key(self) -> str:
        return f"payment:{self.announcement_id}"


@contract("payments.AnnouncementReplaced")
class AnnouncementReplaced(_OnAnnouncement):
    """The announced money is booked, as this payment: from now on that one counts."""

    payment_id: str
    evidence: str


@contract("payments.AnnouncementWithdrawn")
class AnnouncementWithdrawn(_OnAnnouncement):
    """The announced money was not booked in its time: it holds nothing any longer."""

    reason: str
