"""Logs: a JSON object a line on standard error, whoever writes it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from lettra_events.service import logs


@pytest.fixture
def configured(capsys: pytest.CaptureFixture[str]) -> Iterator:
    """Configures logging as a service's; gives a function that reads the lines written since it was last asked.

    Called in the test, for pytest adds handlers of its own behind the fixtures.
    """
    root = logging.getLogger()
    handlers, level = root.handlers, root.level

    def configure():
        logs.configure_logs("invoicing", "INFO")
        return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    yield configure
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def test_a_line_says_who_what_and_when(configured):
    lines = configured()
    structlog.get_logger("one").warning("relay.failed", reason="away", at=1)
    (line,) = lines()
    assert {k: line[k] for k in ("event", "level", "service", "reason", "at")} == {
        "event": "relay.failed",
        "level": "warning",
        "service": "invoicing",
        "reason": "away",
        "at": 1,
    }
    assert line["timestamp"].endswith("Z")


def test_the_correlation_id_is_in_every_line_also_of_libraries(configured):
    """Guard: merge_contextvars is in both chains (service/logs.py)."""
    lines = configured()
    with structlog.contextvars.bound_contextvars(correlation_id="c-1"):
        structlog.get_logger("two").info("ours")
        logging.getLogger("a.library").info("theirs %s", "too")
    structlog.get_logger("three").info("after")
    assert [(line["event"], line.get("correlation_id")) for line in lines()] == [
        ("ours", "c-1"),
        ("theirs too", "c-1"),
        ("after", None),
    ]


def test_a_library_with_a_handler_of_its_own_writes_json_too(configured):
    """Guard: FastStream's handler is taken away (service/logs.py)."""
    import faststream.kafka  # noqa: F401

    lines = configured()
    logging.getLogger("faststream").warning("Topic creation is skipped")
    assert [(line["event"], line["service"]) for line in lines()] == [
        ("Topic creation is skipped", "invoicing")
    ]


def test_an_error_is_one_line_with_its_trace(configured):
    """Guard: format_exc_info (service/logs.py)."""
    lines = configured()
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("a.library").exception("failed")
        structlog.get_logger("four").exception("failed")
    theirs, ours = lines()
    assert theirs["exception"].splitlines()[-1] == ours["exception"].splitlines()[-1] == "ValueError: broken"


def test_what_cannot_be_written_as_json_is_written_somehow(configured):
    lines = configured()
    structlog.get_logger("five").info("odd", value={1, 2}, text="\0\n")
    (line,) = lines()
    assert (line["value"], line["text"]) == ("{1, 2}", "\0\n")


def test_what_is_below_the_level_is_not_written(configured):
    lines = configured()
    structlog.get_logger("six").debug("quiet")
    logging.getLogger("aiokafka.consumer.consumer").info("quiet")
    assert lines() == []


def test_a_library_that_shouts_is_held_to_two_lines_a_second(configured, monkeypatch):
    """Guard: _Throttle (service/logs.py): aiokafka writes 90 lines a second while a broker is away."""
    lines = configured()
    now = 100.0
    monkeypatch.setattr(logs.time, "monotonic", lambda: now)
    shouting = logging.getLogger("aiokafka.conn")
    for _ in range(50):
        shouting.error("away")
    assert len(lines()) == logs.LIBRARY_LINES_PER_SECOND
    now = 101.0
    shouting.error("still away")
    assert [line["event"] for line in lines()] == ["still away"]
