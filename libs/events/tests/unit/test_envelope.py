"""The envelope: what is hashed, stored and published is the same, and what is wrong with a record is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from itertools import pairwise
from uuid import UUID

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lettra_events.envelope import (
    GENESIS,
    Delivery,
    LogEntry,
    MalformedRecord,
    RecordedEvent,
    derived_id,
    first_break,
    from_record,
    link,
    make_attributes,
    schema_name,
    to_headers,
    to_record,
)

ID = UUID("c9a2c1de-1c0f-4f3a-8b6e-2d7f50a94e11")
AT = datetime(2026, 3, 16, 9, 30, 0, 123456, tzinfo=UTC)


def attributes(**changed: object) -> bytes:
    values: dict[str, object] = {
        "event_id": ID,
        "service": "payments",
        "event_type": "payments.PaymentReceived",
        "schema_version": 1,
        "recorded_at": AT,
        "correlation_id": "import-7",
        "causation_id": "statement-3",
    }
    return make_attributes(**(values | changed))  # type: ignore[arg-type]


def event(**changed: object) -> RecordedEvent:
    made = RecordedEvent(
        stream_id="payment:p1",
        version=1,
        event_id=ID,
        type="payments.PaymentReceived",
        schema_version=1,
        key="payment:p1",
        payload=b'{"amount":"12.30"}',
        attributes=attributes(),
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def chained(events: list[RecordedEvent], head: bytes = GENESIS, start: int = 1) -> list[LogEntry]:
    entries = []
    for sequence, each in enumerate(events, start):
        head = link(head, sequence, each)
        entries.append(LogEntry(sequence, head, each))
    return entries


ENTRY = chained([event()], start=41)[0]


def read(headers: list[tuple[str, bytes]], key: bytes | None = b"k", value: bytes | None = b"{}") -> Delivery:
    return from_record("ar.payments.events", 3, 90, key, value, headers)


# ---- Headers ----

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
keys = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


@given(
    stream=texts,
    key=keys,
    correlation=texts,
    causation=texts,
    version=st.integers(1, 10**9),
    schema_version=st.integers(1, 99),
    sequence=st.integers(1, 10**15),
    previous=st.integers(0, 10**15),
    event_id=st.uuids(),
    payload=st.binary(max_size=200),
)
def test_a_record_comes_back_as_the_entry_that_it_was(  # type: ignore[no-untyped-def]
    stream, key, correlation, causation, version, schema_version, sequence, previous, event_id, payload
) -> None:
    recorded = RecordedEvent(
        stream,
        version,
        event_id,
        "payments.PaymentReceived",
        schema_version,
        key,
        payload,
        attributes(
            event_id=event_id,
            schema_version=schema_version,
            correlation_id=correlation,
            causation_id=causation,
        ),
    )
    entry = LogEntry(sequence, link(GENESIS, sequence, recorded), recorded)
    headers = to_headers(entry, previous)
    delivery = from_record("t", 2, 7, key.encode(), payload, headers)
    assert delivery == Delivery("t", 2, 7, previous, entry)
    assert to_headers(delivery.entry, delivery.previous) == headers
    assert link(GENESIS, sequence, delivery.entry.event) == entry.chain
    assert delivery.entry.event.correlation_id == correlation


def test_the_headers_are_the_ones_that_people_read() -> None:
    assert dict(to_headers(ENTRY, previous=40)) == {
        "content-type": b"application/json",
        "ce_specversion": b"1.0",
        "ce_id": b"c9a2c1de-1c0f-4f3a-8b6e-2d7f50a94e11",
        "ce_source": b"/lettra/payments",
        "ce_type": b"payments.PaymentReceived",
        "ce_subject": b"payment:p1",
        "ce_streamversion": b"1",
        "ce_time": b"2026-03-16T09:30:00.123456+00:00",
        "ce_dataschema": b"urn:lettra:payments.PaymentReceived:1",
        "ce_sequence": b"41",
        "ce_previoussequence": b"40",
        "ce_chain": ENTRY.chain.hex().encode(),
        "ce_correlationid": b"import-7",
        "ce_causationid": b"statement-3",
    }


def test_the_same_entry_gives_identical_bytes_wherever_its_time_zone_was() -> None:
    paris = AT.astimezone(timezone(timedelta(hours=1)))
    again = chained([event(attributes=attributes(recorded_at=paris))], start=41)[0]
    assert again == ENTRY
    assert to_headers(again, 40) == to_headers(ENTRY, 40)


def test_attributes_are_canonical_json() -> None:
    written = attributes()
    assert written == orjson.dumps(orjson.loads(written), option=orjson.OPT_SORT_KEYS)


def test_the_timestamp_is_when_it_was_appended() -> None:
    assert to_record(ENTRY, 0)[0] == 1_773_653_400_123


def _headers_without(name: str) -> list[tuple[str, bytes]]:
    return [(each, value) for each, value in to_headers(ENTRY, 40) if each != name]


NEEDED = [
    "ce_id",
    "ce_source",
    "ce_type",
    "ce_subject",
    "ce_streamversion",
    "ce_time",
    "ce_dataschema",
    "ce_sequence",
    "ce_previoussequence",
    "ce_chain",
    "ce_correlationid",
    "ce_causationid",
]


@pytest.mark.parametrize("name", NEEDED)
def test_a_missing_or_null_header_is_named(name: str) -> None:
    expected = rf"^ar\.payments\.events\[3\]@90: header {name} is missing or null$"
    with pytest.raises(MalformedRecord, match=expected):
        read(_headers_without(name))
    with pytest.raises(MalformedRecord, match=expected):
        read([*_headers_without(name), (name, None)])  # type: ignore[list-item]


@pytest.mark.parametrize("name", NEEDED)
def test_a_header_that_is_not_text_is_named(name: str) -> None:
    with pytest.raises(MalformedRecord, match=rf"^ar\.payments\.events\[3\]@90: header {name} is wrong: "):
        read([*_headers_without(name), (name, b"\xff")])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ce_id", b"7"),
        ("ce_id", b""),
        ("ce_streamversion", b"first"),
        ("ce_streamversion", b""),
        ("ce_streamversion", b"9223372036854775808"),
        ("ce_type", b"payments.Pay\0ment"),
        ("ce_sequence", b"1.5"),
        ("ce_sequence", b"-1"),
        ("ce_sequence", b"9223372036854775808"),
        ("ce_sequence", b"9" * 5_000),
        ("ce_previoussequence", b"none"),
        ("ce_previoussequence", b"9223372036854775808"),
        ("ce_dataschema", b"urn:lettra:payments.PaymentReceived"),
        ("ce_dataschema", b"urn:lettra:payments.PaymentReceived:latest"),
        ("ce_chain", b"not hexadecimal"),
        ("ce_chain", b"00ff"),
        ("ce_chain", b"00" * 33),
        ("ce_chain", b""),
    ],
)
def test_a_wrong_header_is_named(name: str, value: bytes) -> None:
    with pytest.raises(MalformedRecord, match=rf"^ar\.payments\.events\[3\]@90: header {name} is wrong: "):
        read([*_headers_without(name), (name, value)])


@pytest.mark.parametrize(("key", "value"), [(None, b"{}"), (b"k", None), (None, None)])
def test_a_record_without_key_or_value_is_no_event(key: bytes | None, value: bytes | None) -> None:
    with pytest.raises(MalformedRecord, match=r"\[3\]@90: a record without key or value"):
        read(to_headers(ENTRY, 40), key, value)


@pytest.mark.parametrize("key", [b"\xff", b"C-\0"])
def test_a_key_that_is_not_text_is_named(key: bytes) -> None:
    with pytest.raises(MalformedRecord, match=r"\[3\]@90: the key is wrong: "):
        read(to_headers(ENTRY, 40), key)


# ---- The chain ----


def test_the_hash_of_a_known_entry() -> None:
    """Written out from the definition, so that nobody's verifier stops working by a refactoring."""
    framed = (
        b"10:payment:p1"
        b"1:1"
        b"10:payment:p1"
        b"24:payments.PaymentReceived"
        + b"%d:%b" % (len(attributes()), attributes())
        + b'18:{"amount":"12.30"}'
    )
    assert link(GENESIS, 41, event()) == sha256(bytes(32) + b"41|" + framed).digest()


@pytest.mark.parametrize(
    "changed",
    [
        event(stream_id="payment:p2"),
        event(version=2),
        event(key="payment:p2"),
        event(type="payments.DebitBooked"),
        event(payload=b'{"amount":"12.31"}'),
        event(attributes=attributes(event_id=UUID(int=1))),
        event(attributes=attributes(service="matching")),
        event(attributes=attributes(event_type="payments.DebitBooked")),
        event(attributes=attributes(schema_version=2)),
        event(attributes=attributes(recorded_at=AT + timedelta(microseconds=1))),
        event(attributes=attributes(correlation_id="import-8")),
        event(attributes=attributes(causation_id="statement-4")),
    ],
    ids=lambda changed: next(
        name for name in RecordedEvent.__slots__ if getattr(changed, name) != getattr(event(), name)
    ),
)
def test_the_hash_covers_every_field(changed: RecordedEvent) -> None:
    assert link(GENESIS, 41, changed) != link(GENESIS, 41, event())


def test_the_hash_covers_the_sequence_and_the_entry_before() -> None:
    hashes = {
        link(head, sequence, event()) for head in (GENESIS, bytes(31) + b"\x01") for sequence in (41, 42)
    }
    assert len(hashes) == 4


COVERED = ["stream_id", "version", "key", "type", "attributes", "payload"]


def _part(of: RecordedEvent, name: str) -> bytes:
    value = getattr(of, name)
    return value if isinstance(value, bytes) else str(value).encode()


def _with_part(of: RecordedEvent, name: str, part: bytes) -> RecordedEvent:
    kind = type(getattr(of, name))
    value: object = part if kind is bytes else int(part) if kind is int else part.decode()
    return replace(of, **{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(("left", "right"), list(pairwise(COVERED)))
def test_a_byte_moved_to_the_next_field_changes_the_hash(left: str, right: str) -> None:
    # Digits everywhere, so that a moved byte leaves a valid stream version.
    before = RecordedEvent("12", 34, ID, "56", 1, "78", payload=b"12", attributes=b"34")
    first, second = _part(before, left), _part(before, right)
    after = _with_part(_with_part(before, left, first[:-1]), right, first[-1:] + second)
    assert b"".join(_part(after, name) for name in COVERED) == b"".join(
        _part(before, name) for name in COVERED
    )
    assert link(GENESIS, 1, after) != link(GENESIS, 1, before)


digits = st.text("0123456789:|", min_size=0, max_size=6)
looking_alike = st.builds(
    RecordedEvent,
    stream_id=digits,
    version=st.integers(1, 111),
    event_id=st.just(ID),
    type=digits,
    schema_version=st.just(1),
    key=digits,
    payload=digits.map(str.encode),
    attributes=digits.map(str.encode),
)


@given(one=looking_alike, other=looking_alike, sequences=st.tuples(st.integers(1, 111), st.integers(1, 111)))
def test_no_two_entries_share_a_hash_whatever_looks_like_a_length(
    one: RecordedEvent, other: RecordedEvent, sequences: tuple[int, int]
) -> None:
    assume((one, sequences[0]) != (other, sequences[1]))
    assert link(GENESIS, sequences[0], one) != link(GENESIS, sequences[1], other)


def _history() -> list[LogEntry]:
    return chained([event(version=number, payload=b'{"amount":"%d.00"}' % number) for number in range(1, 8)])


def test_an_untouched_history_has_no_break() -> None:
    assert first_break(GENESIS, _history()) is None
    assert first_break(GENESIS, []) is None


def test_a_history_continues_from_a_head_that_was_kept() -> None:
    entries = _history()
    assert first_break(entries[2].chain, entries[3:]) is None
    assert first_break(entries[1].chain, entries[3:]) is entries[3]


@given(place=st.integers(0, 6), offset=st.integers(0, 14), bit=st.integers(0, 7))
def test_one_changed_bit_of_a_payload_is_found_where_it_is(place: int, offset: int, bit: int) -> None:
    entries = _history()
    payload = bytearray(entries[place].event.payload)
    payload[offset] ^= 1 << bit
    changed = replace(entries[place], event=replace(entries[place].event, payload=bytes(payload)))
    tampered = [*entries[:place], changed, *entries[place + 1 :]]
    assert first_break(GENESIS, tampered) is changed


def test_a_forged_hash_is_found_at_the_entry_that_follows() -> None:
    entries = _history()
    forged = replace(entries[3].event, payload=b'{"amount":"9.00"}')
    entries[3] = LogEntry(4, link(entries[2].chain, 4, forged), forged)
    assert first_break(GENESIS, entries) is entries[4]


def test_a_missing_or_moved_entry_is_found() -> None:
    entries = _history()
    assert first_break(GENESIS, [*entries[:2], *entries[3:]]) is entries[3]
    assert first_break(GENESIS, [entries[1], entries[0], *entries[2:]]) is entries[1]


# ---- Names and ids ----


def test_the_schema_is_named_by_type_and_version() -> None:
    assert schema_name("payments.PaymentReceived", 2) == "urn:lettra:payments.PaymentReceived:2"


def test_the_same_cause_gives_the_same_id_on_every_run() -> None:
    """The value is part of the contract: a consumer that runs a batch again must make the same ids."""
    assert derived_id(ID, "match", 0) == UUID("89adbf85-a54c-5803-9741-d93757ab94be")
    assert derived_id(str(ID), "match", 0) == derived_id(ID, "match", 0)
    others = {derived_id(ID, "match", 0), derived_id(ID, "match", 1), derived_id(ID, "hold", 0)}
    others.add(derived_id(UUID(int=1), "match", 0))
    assert len(others) == 4
