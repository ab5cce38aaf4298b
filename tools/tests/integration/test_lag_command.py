"""`lettra lag` on the toy clerk's database: what waits, what is missing, what is no lag, and the exit codes."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import clerk
from parking_history import FIRST, deposit
from publishing import History, foreign, publish
from typer.testing import CliRunner

from lettra_events.kafka.topics import ensure_topic
from lettra_tools import lag
from lettra_tools.cli import app

if TYPE_CHECKING:
    from clerks_terminal import Desk


def asked(desk: Desk, code: int) -> dict[str, Any]:
    found = desk.lettra("lag", "--json")
    assert found.exit_code == code, (found.stdout, found.stderr)
    return dict(json.loads(found.stdout))


def reading(desk: Desk, code: int) -> dict[str, Any]:
    (one,) = asked(desk, code)["reading"]
    return dict(one)


def test_what_was_not_read_is_behind_and_no_fault(desk: Desk) -> None:
    """Guard: lag._read_to also knows partitions that were never read; _compared counts from the stored offset."""
    desk.lead()
    assert reading(desk, 0) == {
        "service": "clerk",
        "topic": desk.office.topic,
        "partition": 0,
        "sequence": 0,
        "next_offset": 0,
        "applied_at": None,
        "parked": 0,
        "lag": 0,
        "missing": None,
    }
    desk.do(desk.office.write(*(deposit("a", n) for n in range(5))))
    assert reading(desk, 0)["lag"] == 5
    desk.read()
    one = reading(desk, 0)
    assert (one["lag"], one["sequence"]) == (0, 5)
    assert one["applied_at"] is not None
    assert "Read to the end: 1 partitions." in desk.lettra("lag").stdout


def test_what_is_no_news_is_no_lag(desk: Desk) -> None:
    """Guard: lag._compared looks at the records: repeats and what is no event leave the stored offset behind."""
    desk.lead()
    records = desk.office.history.write(deposit("a"), deposit("a"))
    desk.do(desk.office.publish(*records))
    desk.read()
    desk.do(desk.office.publish(*records, foreign()))
    assert reading(desk, 0)["lag"] == 0
    desk.do(desk.office.write(deposit("a")))
    assert reading(desk, 0)["lag"] == 1


def test_a_missing_record_is_named_and_is_1(desk: Desk) -> None:
    """Guard: lag._compared finds the hole by itself."""
    desk.lead()
    records = desk.office.history.write(*(deposit("a", n) for n in range(5)))
    desk.do(desk.office.publish(*records[:2], *records[3:]))
    assert reading(desk, 0)["missing"] is None  # it comes first to what is there
    desk.read()
    found = reading(desk, 1)
    assert (found["missing"], found["lag"]) == (3, 2)
    assert "entry 3 is missing" in desk.lettra("lag").stdout


def test_after_a_move_parked_keys_and_what_is_behind_are_those_of_the_new_partitions(desk: Desk) -> None:
    """Guards: lag._parked asks where a key's records come now; _with_offsets begins behind what is known."""
    desk.lead()
    desk.monkeypatch.setattr(lag, "LOOKED_AT_RECORDS_MAX", 3)
    written = [deposit("a", n) for n in range(5)]
    desk.park(*written, deposit("bad", 1, clerk.RAISES))
    topic = desk.office.topic

    async def move() -> None:
        await ensure_topic(desk.office.kafka, f"{topic}.g2", 3)
        history = History(partitions=3)
        records = history.write(*written, deposit("bad", 1, clerk.RAISES), deposit("bad", 2))
        await publish(desk.office.kafka, f"{topic}.g2", records)
        await desk.office.connection.execute("delete from consumer_offsets")
        await desk.office.connection.execute(
            "insert into consumer_offsets (topic, partition, sequence, next_offset)"
            " select $1, n, 6, 0 from generate_series(0, 2) n",
            topic,
        )
        await desk.office.connection.execute("insert into consumer_generations values ($1, 2, 3)", topic)

    desk.do(move())
    found = {one["partition"]: one for one in asked(desk, 1)["reading"]}
    assert {number: one["parked"] for number, one in found.items()} == {0: 0, 1: 1, 2: 0}
    assert {number: one["lag"] for number, one in found.items()} == {0: 0, 1: 1, 2: 0}


def test_a_parked_key_and_a_topic_that_nobody_publishes_are_1(desk: Desk) -> None:
    """Guard: Lag.is_wrong; what was decided about parking waits in the outbox, and the clerk has no relay."""
    desk.park(*FIRST)
    found = asked(desk, 1)
    assert found["reading"][0]["parked"] == 3
    assert found["publishing"] == [
        {
            "service": "clerk",
            "topic": "clerk.events",
            "outbox": 5,
            "sequence": 0,
            "unpublished": 0,
            "relay_leads": False,
        }
    ]
    assert clerk.SERVICE in desk.lettra("lag").stdout


def test_without_kafka_it_says_what_the_database_knows_and_is_3(desk: Desk) -> None:
    """Guard: ask_lag goes on where Kafka does not answer."""
    desk.park(deposit("a"))
    desk.monkeypatch.setenv("LETTRA_KAFKA", "127.0.0.1:9")
    found = desk.lettra("lag")
    assert found.exit_code == 3
    assert "Kafka does not answer" in found.stderr
    assert desk.office.topic in found.stdout


def test_a_broker_that_takes_connections_and_says_nothing_is_away(desk: Desk) -> None:
    """Guard: _why_silent; a frozen broker made the command wait for 40 s for each service."""
    desk.park(deposit("a"))
    desk.monkeypatch.setattr(lag, "ANSWER_SECONDS_MAX", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        desk.monkeypatch.setenv("LETTRA_KAFKA", address)
        found = desk.lettra("lag")
    assert found.exit_code == 3
    assert f"no answer from {address} within 1 s" in found.stderr
    assert desk.office.topic in found.stdout


def test_an_unknown_service_is_2(monkeypatch: Any) -> None:

    refused = CliRunner().invoke(app, ["lag", "nobody"])
    assert (refused.exit_code, "no service 'nobody'" in refused.stderr) == (2, True)
