"""Deciding on a batch, pure: what its records lack is asked for together, and an error stops its key alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import clerk
import pytest
from clerk import BOOKS, RAISES, SEEN, Book, Seen
from publishing import History
from toys import Broadcasted, Deposited

from lettra_events.decisions.needs import Missing
from lettra_events.decisions.tables import Table
from lettra_events.decisions.workspace import Workspace
from lettra_events.envelope import Delivery
from lettra_events.errors import Unstorable
from lettra_events.kafka.deciding import decide_all, read_incoming
from lettra_events.kafka.parking import PARKED_KEYS, PARKED_RECORDS, freeze, thaw
from lettra_events.kafka.reading import Reading, StopPartition

TOPIC = "topic"
READING = clerk.reading(TOPIC)


@pytest.fixture(autouse=True)
def _contracts() -> Iterator[None]:
    with clerk.registered():
        yield


def decide(workspace: Workspace, deliveries: list[Delivery], reading: Reading = READING) -> set[str]:
    return decide_all(reading, [read_incoming(reading, {TOPIC: 1}, one) for one in deliveries], workspace)


def deposits(*written: tuple[str, int, str]) -> list[Delivery]:
    return History().deliver(*(Deposited(account=a, amount=n, note=note) for a, n, note in written))


def everything() -> Workspace:
    return Workspace(READING.evolve, everything_loaded=True)


def decided(workspace: Workspace) -> list[tuple[str, int]]:
    """Accounts and balances that were booked, in order."""
    return [
        (one.event.account, one.event.balance)
        for one in workspace.staged
        if one.event.event_type == "clerk.Booked"
    ]


def test_what_all_records_lack_is_asked_for_together() -> None:
    """Guards: decide_all goes on behind a Missing, and asks for projections and reactions at once."""
    workspace = Workspace(READING.evolve)
    with pytest.raises(Missing) as missing:
        decide(workspace, deposits(("a", 1, ""), ("b", 1, ""), ("c", 1, "")))
    needs = missing.value.needs
    assert needs.streams == {"book:a", "book:b", "book:c"}
    assert needs.rows == {
        *((PARKED_KEYS, (TOPIC, account)) for account in "abc"),
        *((SEEN, (account,)) for account in "abc"),
        *((BOOKS, (account,)) for account in "abc"),
    }
    assert workspace.staged == []


def loaded(*accounts: str) -> Workspace:
    """A workspace that knows these accounts, and of the others that they are not parked."""
    workspace = Workspace(READING.evolve)
    workspace.loaded(PARKED_KEYS, [(TOPIC, account) for account in "abcdef"], [])
    workspace.locked({f"book:{account}": 0 for account in accounts}, [])
    workspace.loaded(SEEN, [(account,) for account in accounts], [Seen(a, 1, 10, 1, "") for a in accounts])
    workspace.loaded(BOOKS, [(account,) for account in accounts], [Book(a, 1, 10) for a in accounts])
    return workspace


def test_an_error_beside_what_is_missing_says_nothing() -> None:
    """Guard: `if not self.needs` in _Batch.decide. The record may fail because another was not applied yet."""
    workspace = loaded("b")
    with pytest.raises(Missing) as missing:
        decide(workspace, deposits(("a", 1, ""), ("b", 1, RAISES)))
    assert missing.value.needs.streams == {"book:a"}
    assert workspace.staged == []


def test_an_error_before_what_is_missing_is_decided_again_with_it() -> None:
    """Guard: what _stop_key lacks is asked for together with what the records behind it lack."""
    workspace = loaded("b")
    workspace.loaded(SEEN, [("a",)], [])
    with pytest.raises(Missing) as missing:
        decide(workspace, deposits(("b", 1, RAISES), ("a", 1, "")))
    assert missing.value.needs.streams == {"book:a", f"parked:{TOPIC}:b"}


def test_an_error_of_a_reaction_beside_a_missing_projection_says_nothing() -> None:
    """Guard: `if not self.needs`: the reaction may have read what the projection did not show yet."""
    workspace = Workspace(READING.evolve)
    workspace.loaded(PARKED_KEYS, [(TOPIC, "a")], [])
    workspace.locked({"book:a": 0}, [])
    workspace.loaded(BOOKS, [("a",)], [])
    with pytest.raises(Missing) as missing:
        decide(workspace, deposits(("a", 1, RAISES)))
    assert missing.value.needs.rows == {(SEEN, ("a",))}
    assert missing.value.needs.streams == set()


def test_records_are_folded_and_decided_in_their_order() -> None:
    """Guard: one workspace for the batch, in decide_all: each decides on what those before it left."""
    workspace = loaded("a", "b")
    assert decide(workspace, deposits(("a", 1, ""), ("b", 2, ""), ("a", 3, ""))) == set()
    assert decided(workspace) == [("a", 11), ("b", 12), ("a", 14)]
    assert workspace.get(SEEN, "a") == Seen("a", 3, 14, (1 * 31 + 1) * 31 + 3, "")


def test_an_error_leaves_nothing_but_the_stopped_key_and_what_waits_behind_it() -> None:
    """Guards: discard, park, and is_parked for the records that follow."""
    workspace = everything()
    written = deposits(("a", 1, ""), ("bad", 500, RAISES), ("b", 2, ""), ("bad", 3, ""), ("a", 4, ""))
    assert decide(workspace, written) == {"bad"}
    assert decided(workspace) == [("a", 1), ("b", 2), ("a", 5)]
    assert workspace.get(SEEN, "bad") is None
    kinds = [one.event.event_type for one in workspace.staged]
    assert kinds == ["clerk.Booked", "clerk.KeyParked", "clerk.Booked", "clerk.Booked"]
    waiting = workspace.find(PARKED_RECORDS, "key", "bad")
    assert [thaw(row.record) for row in waiting] == [written[1], written[3]]


def test_more_than_a_few_failing_keys_stop_the_partition_whatever_comes_behind() -> None:
    """Guard: check_failed, at the bound that the reading says."""
    written = deposits(*((key, 1, RAISES) for key in ("k1", "k2", "k1", "k3", "k4")), ("a", 1, ""))
    with pytest.raises(StopPartition, match="4 keys fail in one batch"):
        decide(everything(), written)
    assert decide(everything(), written[:4]) == {"k1", "k2", "k3"}
    assert decide(everything(), written, clerk.reading(TOPIC, keys_parked_max=4)) == {"k1", "k2", "k3", "k4"}


def test_a_failing_broadcast_stops_the_partition() -> None:
    """Guard: park refuses it."""
    written = History().deliver(Broadcasted(text="news"), Broadcasted(text=RAISES))
    with pytest.raises(
        StopPartition, match=r"entry 2 \(toy.Broadcasted\): a broadcast failed: the clerk cannot"
    ):
        decide(everything(), written)


def test_a_record_that_waits_comes_back_as_it_was() -> None:
    """Guard: freeze and thaw keep every part."""
    written = deposits(("a", 1, "é\0"), ("b", 2, ""))
    assert [thaw(freeze(one)) for one in written] == written


# ---- What PostgreSQL would refuse ----


@dataclass(frozen=True)
class Thing:
    name: str
    size: int
    tags: tuple[str, ...] = ()
    nickname: str | None = None


THINGS: Table[Thing] = Table("things", Thing, key=("name",))


@pytest.mark.parametrize(
    "thing",
    [
        Thing("a\0b", 1),
        Thing("\ud800", 1),
        Thing("a", 2**63),
        Thing("a", -(2**63) - 1),
        Thing("a", 1, ("fine", "a\0b")),
        Thing("a", 1, (), "a\0b"),
    ],
)
def test_a_row_that_postgresql_would_refuse_is_refused_where_it_is_made(thing: Thing) -> None:
    """Guards: Table.check, called by Workspace.apply. The write would see only the last state of the row."""
    with pytest.raises(Unstorable, match=r"things\.\w+: PostgreSQL does not take"):
        THINGS.check(thing)


@pytest.mark.parametrize(
    "thing", [Thing("é€😀", 2**63 - 1), Thing("", -(2**63), ("", "x"), None), Thing("a", 0, (), "b")]
)
def test_a_row_that_postgresql_takes_passes(thing: Thing) -> None:
    """Guard: the bounds of Table.check are PostgreSQL's."""
    THINGS.check(thing)


def test_a_state_that_the_same_batch_replaces_is_refused_all_the_same() -> None:
    """Guard: Table.check in Workspace.apply. Else the key parks in small batches and not in large ones."""
    workspace = everything()
    written = deposits(("bad", 1, "a\0b"), ("bad", 2, "fine"), ("a", 3, ""))
    assert decide(workspace, written) == {"bad"}
    assert decided(workspace) == [("a", 3)]
