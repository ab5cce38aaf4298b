"""Why a command was refused, in a form that people and programs can act on (RFC 9457 problem details)."""

from __future__ import annotations

from typing import Any


class Rejected(Exception):
    """A command that the rules do not allow; nothing was written.

    `kind` is the stable last part of the problem's `type`; `field` names the place in the request, if there is one.
    """

    def __init__(self, kind: str, detail: str, *, status: int = 422, field: str | None = None) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.status = status
        self.field = field


class ManyErrors(Exception):
    """An upload with errors in it: `errors` say each place and reason; `detail` says how much was taken."""

    def __init__(self, kind: str, detail: str, errors: list[dict[str, Any]], *, status: int = 422) -> None:
        super().__init__(detail)
        self.kind = kind
        self.status = status
        self.detail = detail
        self.errors = errors
