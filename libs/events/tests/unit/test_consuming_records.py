"""Reading a record quickly and reading it carefully are the same: only the message needs the careful way."""

from __future__ import annotations

from collections.abc import Iterator

import clerk
import pytest
from hypothesis import given
from hypothesis import strategies as st
from publishing import History
from toys import Deposited

from lettra_events.envelope import Delivery, MalformedRecord, _read_carefully, from_record


@pytest.fixture(autouse=True)
def _contracts() -> Iterator[None]:
    with clerk.registered():
        yield


Read = Delivery | str


def outcome(read: object, *arguments: object) -> Read:
    try:
        return read(*arguments)  # type: ignore[operator,no-any-return]
    except MalformedRecord as error:
        return str(error)


def headers() -> dict[str, bytes | None]:
    with clerk.registered():
        return dict(History().write(Deposited(account="a", amount=1))[0].headers)


NAMES = sorted(headers())
values = st.one_of(
    st.none(),
    st.sampled_from([b"", b"1", b"-7", b"1" * 19, b"9" * 19, b"a\0", b"x", b"\xff", b"00" * 32]),
    st.binary(max_size=9),
)


@given(
    changed=st.dictionaries(st.sampled_from(NAMES), values, max_size=3),
    dropped=st.sets(st.sampled_from(NAMES), max_size=2),
    key=st.sampled_from([b"a", b"\xff", None]),
    value=st.sampled_from([b"{}", b"", None]),
)
def test_both_ways_of_reading_give_the_same_delivery_or_the_same_reason(
    changed: dict[str, bytes | None], dropped: set[str], key: bytes | None, value: bytes | None
) -> None:
    """Guard: every fault that makes envelope._read fail is caught in from_record."""
    found = {name: was for name, was in {**headers(), **changed}.items() if name not in dropped}
    quick = outcome(from_record, "topic", 0, 7, key, value, list(found.items()))
    assert quick == outcome(_read_carefully, "topic", 0, 7, key, value, found)


def test_a_sound_record_is_read_the_quick_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guard: from_record tries envelope._read first."""
    monkeypatch.setattr("lettra_events.envelope._read_carefully", None)
    read = from_record("topic", 0, 7, b"a", b"{}", list(headers().items()))
    assert (read.offset, read.previous, read.entry.sequence) == (7, 0, 1)
