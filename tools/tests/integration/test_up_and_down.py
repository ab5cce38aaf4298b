"""`lettra up`, `down` and `status` with a small service in place of the real ones."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from observe import processes_of, until

from lettra_tools.stack import Servers, StackError
from lettra_tools.stack.control import bring_down, bring_up
from lettra_tools.stack.model import silent
from lettra_tools.stack.process import identity
from lettra_tools.stack.services import Service
from lettra_tools.stack.state import read_state, write_state
from lettra_tools.stack.status import ask_status

DUMMY = Service("dummy", "dummy_service")


@pytest.fixture(autouse=True)
def dummy_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.delenv("LETTRA_KAFKA", raising=False)
    monkeypatch.delenv("LETTRA_POSTGRES", raising=False)


@pytest.fixture
def with_servers(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Servers:
    """The servers of the test run are named, so that only services are started."""
    monkeypatch.setenv("LETTRA_KAFKA", servers.kafka)
    monkeypatch.setenv("LETTRA_POSTGRES", servers.postgres)
    return servers


def lettra(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lettra_tools.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def ask(url: str, method: str = "GET") -> object:
    with urlopen(Request(url, method=method), timeout=5) as answer:
        return json.loads(answer.read())


def test_up_status_down_each_twice(folder: Path) -> None:
    first = bring_up(folder, [DUMMY])
    assert bring_up(folder, [DUMMY]) == first
    assert ask(f"{first.services[0].url}/roles") == ["api", "worker", "relay"]
    found = lettra("status", "--folder", str(folder), "--json")
    assert found.returncode == 0, found.stderr
    lines = json.loads(found.stdout)
    assert [line["name"] for line in lines["servers"] + lines["services"]] == ["postgres", "kafka", "dummy"]
    assert all(line["ready"] and line["pid"] for line in lines["servers"] + lines["services"])
    assert "dummy" in lettra("status", "--folder", str(folder)).stdout
    stopped = lettra("down", "--folder", str(folder))
    assert (stopped.returncode, stopped.stdout) == (0, "Stopped.\n"), stopped.stderr
    assert processes_of(folder) == []
    again = lettra("down", "--folder", str(folder))
    assert (again.returncode, again.stdout) == (0, "Nothing was running.\n")
    assert lettra("status", "--folder", str(folder)).returncode == 3


def test_ports_stay_the_same_for_a_folder(folder: Path, with_servers: Servers) -> None:
    first = bring_up(folder, [DUMMY])
    bring_down(folder)
    assert bring_up(folder, [DUMMY]).services[0].url == first.services[0].url
    bring_down(folder)
    port = first.services[0].processes[0].port
    with socket.create_server(("127.0.0.1", port)):
        assert bring_up(folder, [DUMMY]).services[0].url != first.services[0].url


def test_named_servers_are_used_and_none_is_started(folder: Path, with_servers: Servers) -> None:
    state = bring_up(folder, [DUMMY])
    assert state.postgres is not None
    assert state.kafka is not None
    assert (state.postgres.pid, state.kafka.pid) == (None, None)
    told = ask(f"{state.services[0].url}/environment")
    assert isinstance(told, dict)
    assert (told["LETTRA_POSTGRES"], told["LETTRA_KAFKA"]) == (with_servers.postgres, with_servers.kafka)
    assert not (folder / "postgres").exists()
    assert not (folder / "kafka").exists()


def test_each_server_is_named_by_itself(
    folder: Path, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LETTRA_KAFKA", servers.kafka)
    state = bring_up(folder, [])
    assert state.postgres is not None
    assert state.postgres.pid is not None
    assert state.kafka is not None
    assert (state.kafka.address, state.kafka.pid) == (servers.kafka, None)


def test_a_named_server_that_does_not_answer_is_said(
    folder: Path, with_servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LETTRA_POSTGRES", "postgresql://somebody:secret@127.0.0.1:9/postgres")
    done = lettra("up", "--servers-only", "--folder", str(folder))
    assert done.returncode == 1
    assert "lettra: LETTRA_POSTGRES is set, but no PostgreSQL answers" in done.stderr
    assert "secret" not in done.stderr + done.stdout
    assert "LETTRA_POSTGRES" in lettra("status", "--folder", str(folder)).stdout


def test_roles_can_be_spread_over_processes(folder: Path, with_servers: Servers) -> None:
    state = bring_up(folder, [Service("dummy", "dummy_service", (("worker", "relay"), ("api",)))])
    processes = state.services[0].processes
    assert [process.roles for process in processes] == [["worker", "relay"], ["api"]]
    assert ask(f"{state.services[0].url}/roles") == ["api"]
    assert len({process.port for process in processes}) == 2


def test_a_service_that_ends_is_started_again_and_counted(folder: Path, with_servers: Servers) -> None:
    state = bring_up(folder, [DUMMY])
    before = state.services[0].processes[0].pid
    ask(f"{state.services[0].url}/exit", "POST")
    until(lambda: ask_status(folder).services[0].restarts == 1, "the end was seen")
    until(lambda: ask_status(folder).services[0].ready, "it is ready again")
    line = ask_status(folder).services[0]
    assert line.pid not in (None, before)
    assert line.restarts == 1


def test_a_service_that_is_not_ready_says_why(folder: Path, with_servers: Servers) -> None:
    state = bring_up(folder, [DUMMY])
    ask(f"{state.services[0].url}/unready", "POST")
    line = ask_status(folder).services[0]
    assert (line.ready, line.pid) == (False, state.services[0].processes[0].pid)
    assert line.problem == 'answers 503 {"checks": {"database": "away"}}'


def test_services_that_do_not_run_are_prepared_for_those_that_read_from_them(
    folder: Path, with_servers: Servers
) -> None:
    state = bring_up(folder, [DUMMY], prepare=[DUMMY, Service("other", "dummy_service")])
    assert [service.name for service in state.services] == ["dummy"]
    assert (folder / "logs" / "other-migrate.log").read_text() == "I migrate\n"


def test_a_server_that_dies_is_started_again(
    folder: Path, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LETTRA_KAFKA", servers.kafka)
    state = bring_up(folder, [])
    assert state.postgres is not None
    assert state.postgres.pid is not None
    os.kill(state.postgres.pid, signal.SIGQUIT)
    before = state.postgres.pid
    until(lambda: ask_status(folder).servers[0].pid not in (None, before), "it runs again")
    assert ask_status(folder).servers[0].ready


def test_a_service_that_does_not_stay_up_fails_the_start(
    folder: Path, with_servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUMMY_SERVE", "7")
    with pytest.raises(StackError, match="does not stay up: it ended with exit code 7") as told:
        bring_up(folder, [DUMMY])
    assert "I cannot serve" in str(told.value)
    assert ask_status(folder).phase == "down"
    assert processes_of(folder) == []


def test_a_migration_that_fails_fails_the_start(
    folder: Path, with_servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUMMY_MIGRATE", "4")
    with pytest.raises(StackError, match="the migration of dummy failed with exit code 4") as told:
        bring_up(folder, [DUMMY])
    assert "I migrate" in str(told.value)


def test_another_choice_of_services_is_refused_while_it_runs(folder: Path, with_servers: Servers) -> None:
    bring_up(folder, [DUMMY])
    with pytest.raises(StackError, match="already runs, with dummy"):
        bring_up(folder, [])


def test_a_stale_state_with_the_number_of_another_process_is_recognised(
    folder: Path, with_servers: Servers
) -> None:
    bring_up(folder, [DUMMY])
    bring_down(folder)
    state = read_state(folder)
    assert state is not None
    state.phase, state.supervisor_pid = "up", os.getpid()  # as if our number had been the supervisor's
    write_state(folder, state)
    assert ask_status(folder).phase == "down"
    assert bring_down(folder) is False
    assert bring_up(folder, [DUMMY]).supervisor_pid != os.getpid()


def test_nothing_outlives_a_supervisor_that_is_killed(folder: Path) -> None:
    state = bring_up(folder, [DUMMY])
    service = state.services[0].processes[0].pid
    assert service is not None
    os.kill(state.supervisor_pid, signal.SIGKILL)
    until(lambda: not processes_of(folder), "servers and supervisor are gone")
    until(lambda: identity(service) is None, "the service is gone")
    assert bring_up(folder, [DUMMY]).phase == "up"


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_nothing_outlives_an_up_that_is_interrupted(folder: Path, end: signal.Signals) -> None:
    command = [sys.executable, "-m", "lettra_tools.cli", "up", "--servers-only", "--folder", str(folder)]
    up = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert up.stderr is not None
    while (line := up.stderr.readline()) and "waiting for Kafka" not in line:
        pass
    assert processes_of(folder)
    up.send_signal(end)
    up.communicate(timeout=60)
    assert up.returncode != 0
    until(lambda: not processes_of(folder), "everything is gone")
    assert bring_up(folder, [], silent).phase == "up"
