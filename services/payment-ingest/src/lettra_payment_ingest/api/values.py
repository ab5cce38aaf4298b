"""What several parts of the API take."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from lettra_events.service.rejection import Rejected
from lettra_payment_ingest.domain import account_number

PAGE_MAX = 500
FILE_NAME_CHARS_MAX = 200
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX)]


def number(account: str) -> str:
    """An account's number; `Rejected` where it is none."""
    try:
        return account_number(account)
    except ValueError as error:
        raise Rejected("invalid-account", str(error), field="account") from None
