"""What the service remembers of statements is all that identities need."""

from __future__ import annotations

from bank_files import Entry, Stmt, prepared
from hypothesis import given, settings
from hypothesis import strategies as st

from lettra_payment_ingest.bank.identity import KnownStatement, identify
from lettra_payment_ingest.preparing import Prepared

from .conftest import History

# A line of equal payments with others between; statements are any stretches of it.
LINE = [
    Entry("10", "a"),
    Entry("10", "a"),
    Entry("-10", "b"),
    Entry("10", "a"),
    Entry("4", "c"),
    Entry("-10", "b"),
]


def stretch(begin: int, end: int, balances: bool) -> Prepared:
    opening = str(100 + sum(int(entry.amount) for entry in LINE[:begin]))
    name = f"{begin}-{end}"
    (statement,) = prepared(Stmt(2, opening if balances else None, LINE[begin:end], name=name))
    return statement


STRETCHES = st.lists(
    st.tuples(st.integers(0, 5), st.integers(1, 6), st.booleans()).filter(lambda cut: cut[0] < cut[1]),
    min_size=1,
    max_size=6,
    unique=True,
)


@settings(deadline=None)
@given(STRETCHES)
def test_identities_from_the_stored_parts_are_those_of_the_whole_memory(cuts):
    """The service keeps payment ids and balances; `identify` gave more to remember. Nothing must depend on the rest.

    Guard: `_places` finds each ordinal again, `_known` each balance; drop either, and equal payments are mixed up.
    """
    history = History()
    memory: list[KnownStatement] = []
    for cut in cuts:
        statement = stretch(*cut)
        found = identify(statement.statement, memory)
        before = {event.payment_id for event in history.payments}
        step = history.take_prepared(statement, size=2)
        if step.outcome == "known":
            continue
        memory.append(found.known)
        new = {event.payment_id for event in history.payments} - before
        assert new == {str(i.id) for i in found.identities if i.new}
