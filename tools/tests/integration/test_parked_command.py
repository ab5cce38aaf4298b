"""`lettra parked` on the toy clerk's database: what an operator sees, does and is refused, and the exit codes."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import clerk
import pytest
from clerk_process import Settings
from consuming import actual, expected, parked
from parking_history import FIRST, WORSE, deposit, half_mended, live_through, mended
from typer.testing import CliRunner

from lettra_tools import parked as parked_keys
from lettra_tools.cli import app
from lettra_tools.commands import parked as command
from lettra_tools.commands.reaching import database

if TYPE_CHECKING:
    from clerks_terminal import Desk


def id_of(sequence: int) -> str:
    return str(UUID(int=sequence))


def test_where_nothing_is_parked_it_says_so(desk: Desk) -> None:
    found = desk.lettra("parked", "list")
    assert (found.exit_code, found.stdout) == (0, "Nothing is parked.\n")
    assert json.loads(desk.lettra("parked", "list", "--json").stdout) == []


def test_the_list_has_each_key_with_its_place_error_and_what_waits(desk: Desk) -> None:
    """Guard: commands.parked._as_json and _table; the longest parked first."""
    desk.do(live_through(desk.office))
    desk.park(deposit("late", 1, clerk.RAISES))
    (again, late) = json.loads(desk.lettra("parked", "list", "--json").stdout)
    assert (again.pop("since"), late["key"]) < (late.pop("since"), "later")
    assert again == {
        "id": id_of(11),
        "service": "clerk",
        "topic": desk.office.topic,
        "partition": 0,
        "key": "again",
        "type": "toy.Deposited",
        "sequence": 11,
        "entity_id": None,
        "behind": 1,
        "error": f"ValueError: {clerk.RAISES}",
    }
    shown = desk.lettra("parked", "list")
    assert shown.exit_code == 0
    for word in ("again", "late", clerk.RAISES, "toy.Deposited"):
        assert word in shown.stdout


def test_show_has_the_whole_event_and_what_waits_behind_it(desk: Desk) -> None:
    """Guard: parked.look_at; an id is found by how it begins."""
    desk.park(*FIRST)
    shown = desk.lettra("parked", "show", id_of(8))
    assert shown.exit_code == 0, shown.stderr
    for line in (
        "  type     toy.Deposited",
        f"  place    {desk.office.topic}, partition 0, entry 8",
        "  stream   account:again, version 8",
        f"  ValueError: {clerk.RAISES}",
        '    "amount": 1,',
        '    "correlationid": "correlation-8",',
        "Behind it: 2 records of the key",
        "           9  toy.Deposited  account:again",
        "          10  toy.Deposited  account:again",
        "Held back by it: the key alone.",
    ):
        assert line in shown.stdout.splitlines(), shown.stdout
    assert json.loads(desk.lettra("parked", "show", id_of(8), "--json").stdout)["waiting"][0]["sequence"] == 9


def test_show_says_whose_days_wait(desk: Desk) -> None:
    """Guard: parked._held_back takes the last that was said of a day, and the entities of all that waits."""

    async def say(version: int, day: str, held: list[str]) -> None:
        await desk.office.connection.execute(
            "insert into events values ($1, $2, gen_random_uuid(), 'matching.DayProcessed', 1, '*', $3, '{}', now())",
            f"day:{day}",
            version,
            json.dumps({"business_date": day, "held_back": held}).encode(),
        )

    record = desk.office.history.write_as(deposit("x"), payload=b'{"entity_id":"FR01"}')
    desk.do(desk.office.publish(*record))
    desk.park(deposit("x"))
    desk.do(say(1, "2026-01-20", ["FR01", "FR02"]))
    desk.do(say(1, "2026-01-21", ["FR01"]))
    desk.do(say(2, "2026-01-21", []))
    says_days = SimpleNamespace(service="clerk", event_type="matching.DayProcessed")
    desk.monkeypatch.setattr(parked_keys, "DayProcessed", says_days)
    shown = json.loads(desk.lettra("parked", "show", id_of(1), "--json").stdout)
    assert shown["held"] == {"entities": ["FR01"], "days": [["2026-01-20", "FR01"]]}
    assert "Days that wait: 2026-01-20 of FR01" in desk.lettra("parked", "show", id_of(1)).stdout


WRONG = [
    (("show", "ffff"), "An event ffff is not parked. Parked are:"),
    (("show", "00000000"), "Several parked events begin with 00000000"),
    (("release", "nobody"), "The key nobody is not parked"),
    (("release", "again", "--topic", "elsewhere"), "The key again is not parked"),
    (("skip", "ffff", "--why", "x"), "is not parked"),
    (("skip", id_of(8), "--why", " "), "by somebody, for a reason"),
    (("skip", id_of(8)), "--why"),
]


def test_wrong_usage_is_2_and_changes_nothing(desk: Desk) -> None:
    """Guard: EXIT_USAGE before anything is written, in commands/parked.py."""
    desk.park(*FIRST)
    before = desk.do(parked(desk.office.connection))
    for arguments, says in WRONG:
        refused = desk.lettra("parked", *arguments)
        assert (refused.exit_code, says in refused.stderr) == (2, True), (arguments, refused.stderr)
    assert desk.do(parked(desk.office.connection)) == before


def test_a_key_that_two_services_have_parked_must_be_named(desk: Desk) -> None:
    """Guard: release_key asks which; the line that it prints is the command that works."""
    desk.install("clerk", "other")
    desk.park(*FIRST)
    asked = desk.lettra("parked", "release", "twice")
    assert asked.exit_code == 2
    assert f"  lettra parked release twice --service other --topic {desk.office.topic}" in asked.stderr
    assert len({one["id"] for one in json.loads(desk.lettra("parked", "list", "--json").stdout)}) == 3


def test_an_event_that_two_services_have_parked_is_shown_and_skipped_for_one(desk: Desk) -> None:
    """Guard: --service of show and skip; the lines that are printed are the commands that work."""
    desk.install("clerk", "other")
    desk.park(*FIRST)
    skip = ("parked", "skip", id_of(3), "--why", "x")
    for verb, arguments in (("show", ("parked", "show", id_of(3))), ("skip", skip)):
        asked = desk.lettra(*arguments)
        assert asked.exit_code == 2
        assert f"  lettra parked {verb} {id_of(3)} --service other" in asked.stderr.splitlines()
    shown = desk.lettra("parked", "show", id_of(3), "--service", "other")
    assert shown.stdout.startswith("other could not apply this event:")
    done = desk.lettra(*skip, "--service", "other")
    assert (done.exit_code, done.stdout.strip().endswith("runs again in other.")) == (0, True), done.stderr


def test_what_was_changed_in_the_database_is_told_and_nothing_released(desk: Desk) -> None:
    """Guard: commands.parked._release takes NotWhole."""
    desk.park(*FIRST)
    desk.do(desk.office.connection.execute("delete from parked_records where sequence = 5"))
    refused = desk.lettra("parked", "release", "twice")
    assert refused.exit_code == 1
    assert refused.stderr.startswith(
        f"lettra: {desk.office.topic}: the key twice stands at record 5 (event {id_of(5)})"
    )
    assert "could not let the key" not in refused.stderr


def test_release_stops_again_with_1_and_runs_with_0(desk: Desk) -> None:
    """Guard: commands.parked._release."""
    desk.park(*FIRST)
    desk.install(react=half_mended)
    stopped = desk.lettra("parked", "release", "twice")
    assert stopped.exit_code == 1
    assert (
        f"Stopped again at entry 6 of {desk.office.topic}, after 1 applied:\nLookupError: {WORSE}"
        in stopped.stdout
    )
    desk.install(react=mended)
    released = desk.lettra("parked", "release", "twice")
    assert (released.exit_code, released.stderr) == (0, "")
    assert released.stdout.startswith("Released: 2 applied. The key twice of ")
    assert "twice" not in desk.do(parked(desk.office.connection))
    waiting = {3, 4, 8, 9, 10}
    applied = [(n, one) for n, one in enumerate(FIRST, 1) if n not in waiting]
    assert desk.do(actual(desk.office.connection)) == expected(applied)


@pytest.mark.parametrize(("options", "who"), [((), "olga"), (("--who", "Mme Roux"), "Mme Roux")])
def test_skip_keeps_who_and_why_and_releases_the_rest(desk: Desk, options: tuple[str, ...], who: str) -> None:
    """Guards: the login is who; the reason is kept as it was given."""
    desk.monkeypatch.setenv("LOGNAME", "olga")
    desk.park(*FIRST)
    skipped = desk.lettra("parked", "skip", id_of(3), "--why", "sent twice, é", *options)
    assert skipped.exit_code == 0, skipped.stderr
    assert skipped.stdout.startswith("Released: 1 applied, 1 skipped.")
    told = desk.do(
        desk.office.connection.fetchval("select data from events_json where type = 'clerk.EventSkipped'")
    )
    assert (json.loads(told)["who"], json.loads(told)["why"]) == (who, "sent twice, é")


@pytest.mark.parametrize(("answer", "code", "left"), [("n\n", 1, [3, 4]), ("y\n", 0, None)])
def test_on_a_terminal_it_asks_before_it_skips(
    desk: Desk, answer: str, code: int, left: list[int] | None
) -> None:
    """Guard: the question of `skip`; no answer but yes goes on."""
    desk.park(*FIRST)
    desk.monkeypatch.setattr(command, "_asks", lambda: True)
    done = CliRunner().invoke(app, ["parked", "skip", id_of(3), "--why", "x"], input=answer)
    assert done.exit_code == code
    assert "clerk will never apply toy.Deposited of the key skips" in done.stderr
    assert desk.do(parked(desk.office.connection)).get("skips") == left
    assert desk.lettra("parked", "skip", id_of(5), "--why", "x", "--yes").exit_code == 0


def test_a_skip_of_what_has_moved_on_meanwhile_is_refused(desk: Desk) -> None:
    """Guard: NotParked is told and is exit code 1; nothing is skipped."""
    desk.park(*FIRST)
    found = command._find

    def stale(*arguments: Any) -> list[parked_keys.Found]:
        return [replace(one, parked=replace(one.parked, sequence=99)) for one in found(*arguments)]

    desk.monkeypatch.setattr(command, "_find", stale)
    refused = desk.lettra("parked", "skip", id_of(3), "--why", "x")
    assert refused.exit_code == 1
    assert "the key skips stands at record 3, not at 99. Nothing was done" in refused.stderr
    assert desk.do(parked(desk.office.connection))["skips"] == [3, 4]


def test_what_the_service_cannot_decide_on_a_release_is_told_and_undone(desk: Desk) -> None:
    """Guard: _release takes an error of the service's own code."""

    def refuses(*_arguments: Any) -> None:
        raise ZeroDivisionError("the service cannot")

    desk.park(*FIRST)
    desk.install(react=mended, on_release=refuses)
    failed = desk.lettra("parked", "release", "twice")
    assert failed.exit_code == 1
    assert "clerk could not let the key twice run (ZeroDivisionError: the service cannot)" in failed.stderr
    assert desk.do(parked(desk.office.connection))["twice"] == [5, 6, 7]


def test_a_server_that_is_away_is_3(desk: Desk) -> None:
    """Guard: reaching.reach; the password is not told."""
    desk.park(*FIRST)
    desk.monkeypatch.setenv("LETTRA_KAFKA", "127.0.0.1:9")
    away = desk.lettra("parked", "release", "twice")
    assert (away.exit_code, "Kafka does not answer" in away.stderr) == (3, True), away.stderr
    desk.monkeypatch.setenv("LETTRA_POSTGRES", "postgresql://a:secret@127.0.0.1:9/x")
    away = desk.lettra("parked", "list")
    assert (away.exit_code, "PostgreSQL does not answer for" in away.stderr) == (3, True), away.stderr
    assert "secret" not in away.stderr
    # And nothing runs in the folder, nor is anything named.
    desk.monkeypatch.delenv("LETTRA_POSTGRES")
    nowhere = desk.lettra("parked", "list", "--folder", "no-such-folder")
    assert (nowhere.exit_code, "No stack runs in" in nowhere.stderr) == (3, True), nowhere.stderr


def test_a_database_that_was_never_made_is_3(desk: Desk) -> None:
    desk.monkeypatch.setenv("LETTRA_POSTGRES", desk.office.dsn + "x")
    away = desk.lettra("parked", "list")
    assert away.exit_code == 3
    assert "Make it: lettra-clerk migrate." in away.stderr


def test_a_lock_is_not_waited_for_without_end(desk: Desk) -> None:
    """Guard: lock_timeout in reaching.database."""

    async def settings() -> Any:
        (service,) = command.load_services(())
        made = Settings(postgres=desk.office.dsn, kafka=desk.office.kafka)
        async with database(service, made, "parked") as connection:
            return await connection.fetchval("show lock_timeout")

    assert desk.do(settings()) == "10s"
