"""What invoicing publishes on the compacted topic `ar.invoicing.contacts`: persons, outside the hash chain.

The record's key is the contact's id, which events carry as `contact_id`; its value is a `ContactRecord` as JSON, the
contact as it is now. A null value is a tombstone: the person was erased, and whoever keeps a copy deletes it. Read
it with isolation level `read_committed`.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

TOPIC = "ar.invoicing.contacts"


class ContactRecord(BaseModel):
    """A person to write to or to call. What is not known is left out; unknown fields are ignored on read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    contact_id: str
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None

    def encode(self) -> bytes:
        """The record's value."""
        return self.model_dump_json(exclude_none=True).encode()
