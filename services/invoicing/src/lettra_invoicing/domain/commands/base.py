"""What all commands have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Asked(BaseModel):
    """What a caller asks for: a field that is not known is refused, for its value would be lost."""

    model_config = ConfigDict(frozen=True, extra="forbid")
