"""Specifications of decisions that read as sentences: given these events, when this command, then these events.

No database: the given events are folded by the service's own `evolve`, the command runs over a workspace in which
whatever is absent does not exist.

    given(evolve, CustomerRegistered(...)).when(lambda w: handlers.issue_invoice(w, command)).then(InvoiceIssued(...))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from lettra_events.contracts import Event
from lettra_events.decisions.tables import Row, Table
from lettra_events.decisions.workspace import Cause, Evolve, Workspace
from lettra_events.service.rejection import Rejected

R = TypeVar("R", bound=Row)


class Outcome:
    """What a command did: the events that it decided, or why it was refused."""

    def __init__(
        self, workspace: Workspace, events: list[Event], result: Any, error: Exception | None
    ) -> None:
        self.workspace = workspace
        self.events = events
        self.result = result
        self.error = error

    def then(self, *expected: Event) -> Outcome:
        """Exactly these events, in this order."""
        if self.error is not None:
            raise self.error
        assert self.events == list(expected)
        return self

    def then_nothing(self) -> Outcome:
        """No event and no refusal."""
        return self.then()

    def then_refused(self, kind: str, field: str | None = None) -> Outcome:
        """Refused with this kind, at this field, and nothing decided."""
        assert isinstance(self.error, Rejected), f"not refused: {self.error or self.events}"
        assert (self.error.kind, self.error.field) == (kind, field)
        assert self.events == []
        return self

    def row(self, table: Table[R], *key: Any) -> R | None:
        """The state row of this key after the decision."""
        return self.workspace.get(table, *key)


class Given:
    """A history, and the state that it folds into."""

    def __init__(self, evolve: Evolve, events: Iterable[Event]) -> None:
        self.workspace = Workspace(evolve, everything_loaded=True)
        self.workspace.begin(Cause("given", "given", "given"))
        self.workspace.append(*events)
        self._before = len(self.workspace.staged)

    def when(self, decide: Callable[[Workspace], Any]) -> Outcome:
        """Run a command or a reaction; a refusal leaves nothing behind."""
        self.workspace.begin(Cause("when", "when", "when"))
        result, error = None, None
        try:
            result = decide(self.workspace)
        except Exception as caught:
            self.workspace.discard()
            error = caught
        events = [item.event for item in self.workspace.staged[self._before :]]
        return Outcome(self.workspace, events, result, error)


def given(evolve: Evolve, *events: Event) -> Given:
    """Start from a history, oldest first."""
    return Given(evolve, events)
