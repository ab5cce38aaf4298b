"""Values that the callers of any service write, each with what makes it valid. Pure.

Strict where a guess would be silent: a number is no date, and whatever PostgreSQL cannot hold is refused before.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _iso(value: Any) -> Any:
    """pydantic would take a number for seconds since 1970, also one that stands in a string."""
    if isinstance(value, str) and _ISO_DATE.fullmatch(value):
        return value
    if type(value) is date:
        return value
    raise ValueError("a date is written as 2026-03-31")


Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""Of a customer, a legal entity, a group: without the signs that join ids in the names of streams and items."""
IsoDate = Annotated[date, BeforeValidator(_iso, json_schema_input_type=date)]
SearchedText = Annotated[str, Field(pattern=r"^[^\x00]*$", max_length=500)]
"""An id that is looked for, or a cursor: anything that PostgreSQL can hold."""
