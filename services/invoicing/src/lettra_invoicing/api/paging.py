"""How lists are paged."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

PAGE_MAX = 500
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX)]
