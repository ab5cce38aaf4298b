"""The workspace: decisions over rows in memory, and undoing them as if they had never been."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from uuid import UUID, uuid5

import pytest
import toys
from hypothesis import given
from hypothesis import strategies as st
from toys import ACCOUNTS, HOLDINGS, Account, Closed, Deposited, Holding, Opened, Renamed

from lettra_events.decisions.needs import Missing, Needs, for_each
from lettra_events.decisions.workspace import Cause, Workspace
from lettra_events.errors import StaleVersion

NAMES = ["a", "b", "c", "d"]
Operation = Callable[[Workspace], None]

account_names = st.sampled_from(NAMES)
holders = st.sampled_from(["h1", "h2"])
aliases = st.lists(st.sampled_from(["n1", "n2", "n3"]), unique=True).map(tuple)
events = st.one_of(
    st.builds(Deposited, account=account_names, amount=st.integers(-5, 5)),
    st.builds(Opened, account=account_names, holder=holders, names=aliases),
    st.builds(Renamed, account=account_names, holder=holders, names=aliases),
    st.builds(Closed, account=account_names),
)


def appending(event: Any) -> Operation:
    return lambda workspace: workspace.append(event)


def creating(event: Any) -> Operation:
    return lambda workspace: workspace.create(event)


operations = st.lists(st.one_of(events.map(appending), events.map(creating)), max_size=8)


def attempt(workspace: Workspace, wanted: Iterable[Operation]) -> None:
    """Run the operations; one that lacks rows, or that the state refuses, leaves its beginning behind."""
    for operation in wanted:
        try:
            operation(workspace)
        except (Missing, LookupError, StaleVersion):
            continue


def partly_loaded() -> Workspace:
    """`a` is there, `b` is known not to be there, `c` is locked only, nothing is known of `d`."""
    workspace = Workspace(toys.evolve)
    workspace.locked({f"account:{name}": version for name, version in (("a", 3), ("b", 0), ("c", 2))}, GUARDS)
    workspace.loaded(ACCOUNTS, [("a",), ("b",)], [Account("a", 5)])
    workspace.loaded(HOLDINGS, [("a",), ("b",)], [Holding("a", "h1", ("n1", "n2"))])
    workspace.looked_up(HOLDINGS, "holder", ["h1"], [Holding("a", "h1", ("n1", "n2"))])
    workspace.looked_up(HOLDINGS, "names", ["n2", "n3"], [Holding("a", "h1", ("n1", "n2"))])
    return workspace


GUARDS = [f"holdings.holder:{holder}" for holder in ("h1", "h2")] + ["holdings.names:n2", "holdings.names:n3"]


def everything_loaded() -> Workspace:
    return Workspace(toys.evolve, everything_loaded=True)


def observe(workspace: Workspace) -> list[Any]:
    """All that a decision or the runner can see of it; what is missing is seen as missing."""
    looks: list[Callable[[], Any]] = []
    for name in NAMES:
        looks += [partial(workspace.get, table, name) for table in (ACCOUNTS, HOLDINGS)]
        looks.append(partial(workspace.version, f"account:{name}"))
    looks += [partial(workspace.find, HOLDINGS, "holder", holder) for holder in ("h1", "h2")]
    looks += [partial(workspace.find, HOLDINGS, "names", name) for name in ("n1", "n2", "n3")]
    return [
        *map(seen, looks),
        list(workspace.staged),
        workspace.expected_versions(),
        [change for change in workspace.changes() if change[1] or change[2]],
    ]


def seen(look: Callable[[], Any]) -> Any:
    try:
        return look()
    except Missing as missing:
        return missing.needs


@pytest.mark.parametrize("new_workspace", [partly_loaded, everything_loaded])
@given(kept=operations, undone=operations)
def test_discard_undoes_the_decision_and_nothing_before_it(
    new_workspace: Callable[[], Workspace], kept: list[Operation], undone: list[Operation]
) -> None:
    """Guard: each change, event and created stream is on the undo list (decisions/workspace.py)."""
    workspace = new_workspace()
    workspace.begin(Cause("kept", "c", "r"))
    attempt(workspace, kept)
    workspace.begin(Cause("undone", "c", "r"))
    before = observe(workspace)
    attempt(workspace, undone)
    workspace.discard()
    assert observe(workspace) == before


@pytest.mark.parametrize("new_workspace", [partly_loaded, everything_loaded])
@given(decisions=st.lists(operations, max_size=4))
def test_reset_undoes_every_decision(
    new_workspace: Callable[[], Workspace], decisions: list[list[Operation]]
) -> None:
    """Guard: reset goes back to the beginning, whatever savepoints were set (decisions/workspace.py)."""
    workspace, untouched = new_workspace(), new_workspace()
    for number, decision in enumerate(decisions):
        workspace.begin(Cause(str(number), "c", "r"))
        attempt(workspace, decision)
    workspace.reset()
    assert observe(workspace) == observe(untouched)


@given(st.lists(events, max_size=20))
def test_find_sees_what_the_same_batch_changed(history: list[Any]) -> None:
    """Guard: _reindex follows every change of a row (decisions/workspace.py)."""
    workspace, expected = everything_loaded(), {}
    for event in history:
        if isinstance(event, Renamed) and event.account not in expected:
            continue
        workspace.append(event)
        if isinstance(event, Opened | Renamed):
            expected[event.account] = Holding(event.account, event.holder, event.names)
        elif isinstance(event, Closed):
            expected.pop(event.account, None)
    rows = [expected[account] for account in sorted(expected)]
    for holder in ("h1", "h2"):
        assert workspace.find(HOLDINGS, "holder", holder) == [row for row in rows if row.holder == holder]
    for name in ("n1", "n2", "n3"):
        assert workspace.find(HOLDINGS, "names", name) == [row for row in rows if name in row.names]
    either = [row for row in rows if {"n1", "n3"} & set(row.names)]
    assert workspace.find(HOLDINGS, "names", "n1", "n3") == either


def test_rows_are_found_only_by_columns_that_are_declared() -> None:
    """Guard: find refuses a column that _reindex does not follow (decisions/workspace.py)."""
    with pytest.raises(LookupError, match="accounts: rows are not found by balance, it is not in `finds`"):
        everything_loaded().find(ACCOUNTS, "balance", 5)


def test_a_decision_says_all_that_it_lacks() -> None:
    """Guard: reading locks the stream that guards the row, looking up locks the value (decisions/workspace.py)."""
    workspace = Workspace(toys.evolve)
    with pytest.raises(Missing) as row:
        workspace.get(ACCOUNTS, "a")
    assert row.value.needs == Needs(streams={"account:a"}, rows={(ACCOUNTS, ("a",))})
    with pytest.raises(Missing) as found:
        workspace.find(HOLDINGS, "holder", "h1", "h2")
    assert found.value.needs == Needs(
        guards={"holdings.holder:h1", "holdings.holder:h2"},
        finds={(HOLDINGS, "holder", "h1"), (HOLDINGS, "holder", "h2")},
    )


def test_a_change_locks_the_values_that_it_brings() -> None:
    """Guard: _need_indexes, for whoever looks that value up and finds nothing (decisions/workspace.py).

    Whoever found the row by a value that it loses has locked its stream.
    """
    workspace = Workspace(toys.evolve)
    workspace.locked({"account:a": 1}, [])
    workspace.loaded(HOLDINGS, [("a",)], [Holding("a", "h1", ("n1", "n2"))])
    workspace.append(Renamed(account="a", holder="h2", names=("n2", "n3")))
    assert workspace.unlocked == Needs(
        guards={
            "holdings.holder:h2",
            "holdings.names:n3",
        }
    )


def test_what_all_items_lack_is_fetched_together() -> None:
    """Guard: for_each goes on past an item that lacks rows (decisions/workspace.py)."""
    workspace = Workspace(toys.evolve)
    with pytest.raises(Missing) as caught:
        for_each(NAMES, lambda name: workspace.get(ACCOUNTS, name))
    assert caught.value.needs.rows == {(ACCOUNTS, (name,)) for name in NAMES}


def test_an_error_beside_missing_rows_says_nothing() -> None:
    """Guard: for_each keeps an error back while rows are missing, and raises it when none are."""
    workspace = Workspace(toys.evolve)
    with pytest.raises(Missing):
        for_each(["a", "refused"], lambda name: workspace.get(ACCOUNTS, name) if name == "a" else 1 // 0)
    with pytest.raises(ZeroDivisionError):
        for_each(["refused"], lambda _name: 1 // 0)


def test_ids_follow_from_the_cause_also_after_a_discarded_attempt() -> None:
    """Guard: discard goes back to the first index, so an id does not depend on what was tried before it."""
    workspace = everything_loaded()
    workspace.begin(Cause("cause", "c", "reaction"))
    workspace.append(Deposited(account="a", amount=1), Deposited(account="a", amount=2))
    workspace.discard()
    workspace.append(Deposited(account="a", amount=3), Deposited(account="b", amount=4))
    namespace = UUID("6d3c3c53-8a44-5c2f-9a0c-4f6c6d9a7e11")
    assert [item.event_id for item in workspace.staged] == [
        uuid5(namespace, "cause/reaction/0"),
        uuid5(namespace, "cause/reaction/1"),
    ]


def test_a_stream_is_created_once() -> None:
    """Guard: create refuses a stream that has events, also those of this batch (decisions/workspace.py)."""
    workspace = Workspace(toys.evolve)
    workspace.create(Deposited(account="a", amount=1))
    assert workspace.expected_versions() == {"account:a": 0}
    with pytest.raises(StaleVersion, match="stream account:a is at version 1"):
        workspace.create(Deposited(account="a", amount=1))


def test_expected_versions_are_those_before_the_decisions() -> None:
    """Guard: expected_versions takes this batch's own events off (decisions/workspace.py)."""
    workspace = Workspace(toys.evolve)
    workspace.locked({"account:a": 7, "account:b": 0, "account:c": 4}, [])
    workspace.loaded(ACCOUNTS, [("a",), ("b",)], [Account("a", 1)])
    workspace.append(*(Deposited(account=name, amount=1) for name in "aaba"))
    assert workspace.expected_versions() == {"account:a": 7, "account:b": 0}


def test_a_workspace_goes_with_its_last_user() -> None:
    """Else each batch would stay in memory until the collector comes by. Guard: the undo list binds no workspace."""
    workspace = Workspace(toys.evolve, everything_loaded=True)
    workspace.begin(Cause("first", "c", "r"))
    workspace.append(Opened(account="a", holder="h", names=("n",)))
    gone = weakref.ref(workspace)
    gc.disable()
    try:
        del workspace
        assert gone() is None
    finally:
        gc.enable()
