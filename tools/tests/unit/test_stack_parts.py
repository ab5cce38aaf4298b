"""The parts of the local stack that need no server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from lettra_tools.stack import StackError, jars
from lettra_tools.stack.account import Account, home_for, remove_home
from lettra_tools.stack.files import FileLock, write_atomically
from lettra_tools.stack.ports import PortTaken, choose_ports, demand_free, read_ports
from lettra_tools.stack.probe import postgres_answers
from lettra_tools.stack.process import Child, identity, last_lines
from lettra_tools.stack.services import SERVICES, Plan, Service, choose, read_plan, write_plan
from lettra_tools.stack.state import ProcessState, ServerState, ServiceState, State, read_state, write_state
from lettra_tools.stack.status import without_password
from lettra_tools.stack.worker import Backoff

NOBODY = Account("nobody", 65534, 65534)


def python(program: str, log: Path, **options: object) -> Child:
    return Child(name="program", command=[sys.executable, "-c", program], log=log, **options)  # type: ignore[arg-type]


# ---- Processes ----


def test_a_process_is_known_by_more_than_its_number() -> None:
    mine = identity(os.getpid())
    assert mine is not None
    assert mine == identity(os.getpid())
    assert mine != identity(os.getppid())


def test_a_process_that_ended_has_no_identity_even_before_it_is_waited_for() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.read()
    while identity(process.pid) is not None:
        assert process.returncode is None
    process.wait()


def test_a_child_that_ignores_the_polite_signal_is_killed(tmp_path: Path) -> None:
    program = (
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); input()"
    )
    child = python(f"import os, sys; r, w = os.pipe(); sys.stdin = open(r); {program}", tmp_path / "log")
    child.stop_seconds_max = 0.2
    child.start()
    while "ready" not in child.last_lines():
        assert child.pid is not None
    child.stop()
    assert child.exit_code == -9


def test_a_child_that_cannot_be_started_is_said(tmp_path: Path) -> None:
    child = Child(name="Kafka", command=[str(tmp_path / "absent")], log=tmp_path / "log")
    with pytest.raises(StackError, match="Kafka could not be started from"):
        child.start()
    child.stop()


def test_the_end_of_a_log_is_shown(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert last_lines(log) == "  (it wrote nothing)"
    log.write_text("".join(f"{number}\n" for number in range(100)))
    assert last_lines(log, 2) == "  98\n  99"


# ---- Files, locks, ports ----


def test_a_write_that_fails_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "\ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_lock_has_one_holder(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.acquire(wait=False)
    assert not second.acquire(wait=False)
    first.release()
    assert second.acquire(wait=False)
    second.release()


def test_ports_are_remembered_while_they_are_free(tmp_path: Path) -> None:
    remembered = tmp_path / "ports.json"
    first = choose_ports(remembered, ("one", "two"))
    assert len(set(first.values())) == 2
    assert choose_ports(remembered, ("two", "three"))["two"] == first["two"]
    with socket.create_server(("127.0.0.1", first["one"])):
        assert choose_ports(remembered, ("one",))["one"] != first["one"]
        with pytest.raises(PortTaken, match=f"Port {first['one']} on 127.0.0.1, which Kafka listens on"):
            demand_free("Kafka", first["one"])


def test_ports_lie_where_systems_do_not_pick_them_for_outgoing_connections(tmp_path: Path) -> None:
    (port,) = choose_ports(tmp_path / "ports.json", ("one",)).values()
    assert 20_000 <= port < 32_000


@pytest.mark.parametrize("content", ["", "[]", '{"one": "x"}', "{"])
def test_damaged_ports_are_chosen_anew(tmp_path: Path, content: str) -> None:
    (tmp_path / "ports.json").write_text(content)
    assert read_ports(tmp_path / "ports.json") == {}
    assert choose_ports(tmp_path / "ports.json", ("one",))["one"] > 0


# ---- The account that root lends ----


def test_a_folder_below_a_private_one_is_out_of_reach(tmp_path: Path) -> None:
    (tmp_path / "private").mkdir(mode=0o700)
    (tmp_path / "private" / "inside").mkdir()
    assert not NOBODY.can_reach(tmp_path / "private" / "inside")
    assert NOBODY.can_reach(Path("/usr/bin"))


def test_a_plain_user_owns_its_data_where_it_was_wanted(tmp_path: Path) -> None:
    home = home_for(None, tmp_path / "postgres")
    assert home == tmp_path / "postgres"
    assert home.stat().st_mode & 0o777 == 0o700
    remove_home(home)
    assert not home.exists()


# ---- Kafka's jars ----


def test_the_lock_names_kafka_first_and_no_address() -> None:
    found = jars.read_lock()
    assert (found[0].group, found[0].version) == ("org.apache.kafka", jars.KAFKA_VERSION)
    assert len({jar.file_name for jar in found}) == len(found)
    assert all(len(jar.sha256) == 64 for jar in found)
    assert "://" not in jars.LOCK.read_text()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"LETTRA_CACHE": "/there", "XDG_CACHE_HOME": "/xdg", "HOME": "/home"}, "/there"),
        ({"XDG_CACHE_HOME": "/xdg", "HOME": "/home"}, "/xdg/lettra"),
        ({"HOME": "/home"}, "/home/.cache/lettra"),
    ],
)
def test_the_cache_lies_outside_the_clone(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], expected: str
) -> None:
    for name in ("LETTRA_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert jars.cache_folder() == Path(expected)


# ---- Services and state ----


def test_services_are_chosen_by_name_in_the_order_of_starting() -> None:
    assert choose(None) == list(SERVICES)
    assert [each.name for each in choose("matching, invoicing")] == ["invoicing", "matching"]
    assert choose("payment-ingest")[0].module == "lettra_payment_ingest.main"
    assert choose("matching", "api,worker+relay")[0].groups == (("api",), ("worker", "relay"))


@pytest.mark.parametrize(
    ("names", "roles", "message"),
    [
        ("invocing", None, "no service 'invocing'. Choose among invoicing"),
        ("matching", ",", "No role is named"),
    ],
)
def test_a_wrong_choice_is_said(names: str, roles: str | None, message: str) -> None:
    with pytest.raises(StackError, match=message):
        choose(names, roles)


def test_the_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    one = Service("one", "one.main", (("api",), ("worker", "relay")))
    plan = Plan([one], [one, Service("two", "two.main")])
    write_plan(tmp_path / "plan.json", plan)
    assert read_plan(tmp_path / "plan.json") == plan


def test_the_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    services = [ServiceState("one", "http://127.0.0.1:1", [ProcessState(["api"], 1, "log", 7, 2, "ended")])]
    state = State("up", 1, "x", postgres=ServerState("dsn", 3), services=services)
    write_state(tmp_path, state)
    assert read_state(tmp_path) == state


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"services": 1}'])
def test_a_damaged_state_counts_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "state.json").write_text(content)
    assert read_state(tmp_path) is None


def test_a_state_whose_process_number_was_reused_is_not_alive() -> None:
    assert State("up", os.getpid(), identity(os.getpid())).is_alive
    assert not State("up", os.getpid(), "another boot:1").is_alive
    assert not State("up", os.getpid(), None).is_alive


def test_pauses_double_up_to_a_limit_and_are_short_again_after_a_long_life() -> None:
    backoff = Backoff()
    assert [backoff.after_life_of(1) for _ in range(7)] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert backoff.after_life_of(31) == 0.2


def test_a_password_is_not_shown() -> None:
    assert without_password("postgresql://me:secret@host:1/db") == "postgresql://me:***@host:1/db"
    assert without_password("postgresql://me@host:1/db") == "postgresql://me@host:1/db"


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        ("postgresql://me@127.0.0.1:9/db", False),
        ("postgresql:///db?host=/run/postgresql", True),
        ("postgresql://one:1,two:2/db", True),
    ],
)
def test_only_a_dsn_of_one_address_can_be_found_silent(dsn: str, expected: bool) -> None:
    assert postgres_answers(dsn) is expected
