"""The account that PostgreSQL runs under. It refuses root, so root lends it an unprivileged one.

Root often works below folders that nobody else may enter (a home of mode 0700, a test's temporary folder).
What the other account needs is then placed where it can reach it, and a symbolic link in the data folder
shows where.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from lettra_tools.stack.model import StackError

CANDIDATES = ("lettra", "postgres", "nobody")
SHARED_PLACE = Path("/var/tmp")  # noqa: S108 - names below are checked for their owner; survives a reboot, unlike /tmp


class PopenAccount(TypedDict, total=False):
    """The arguments of `subprocess.Popen` that change the account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """An account other than the current one."""

    name: str
    uid: int
    gid: int

    def popen_arguments(self) -> PopenAccount:
        """How to start a process under it, without root's groups."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_reach(self, path: Path) -> bool:
        """Whether it may enter every folder above `path` and read `path`, by the mode for others."""
        path = path.resolve()
        if not all(folder.stat().st_mode & stat.S_IXOTH for folder in path.parents):
            return False
        needed = stat.S_IROTH | (stat.S_IXOTH if path.is_dir() else 0)
        return path.stat().st_mode & needed == needed


def unprivileged() -> Account | None:
    """Whom PostgreSQL runs as: None (ourselves) for a plain user, a lent account for root."""
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise StackError(
        f"PostgreSQL does not run as root and none of the accounts {', '.join(CANDIDATES)} exists. "
        "Create one of them (useradd --system lettra), or start as a plain user."
    )


def home_for(account: Account | None, wanted: Path) -> Path:
    """A private folder that the account owns and can reach: `wanted`, or one that `wanted` then links to."""
    if account is None:
        wanted.mkdir(parents=True, exist_ok=True, mode=0o700)
        return wanted
    wanted.parent.mkdir(parents=True, exist_ok=True)
    stays = wanted.is_dir() and not wanted.is_symlink()
    home = wanted if stays or account.can_reach(wanted.parent) else _place_elsewhere(wanted)
    home.mkdir(exist_ok=True, mode=0o700)
    found = home.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (0, account.uid):
        raise StackError(f"{home} belongs to somebody else. Remove it, or choose another folder.")
    os.chown(home, account.uid, account.gid)
    home.chmod(0o700)
    return home


def _place_elsewhere(wanted: Path) -> Path:
    """Where `wanted` links to, always the same for the same folder."""
    digest = hashlib.sha256(os.fsencode(wanted.parent.resolve() / wanted.name)).hexdigest()[:16]
    home = SHARED_PLACE / f"lettra-{digest}"
    if not wanted.is_symlink():
        wanted.symlink_to(home)
    elif Path(os.readlink(wanted)) != home:
        # The folder was moved or copied: its link leads to the data of another one.
        raise StackError(
            f"{wanted} links to {os.readlink(wanted)}, the data of a folder at another place. Remove the "
            "link to start with an empty database, or move the folder back."
        )
    return home


def remove_home(wanted: Path) -> None:
    """Delete what `home_for` made, wherever it lies."""
    if wanted.is_symlink():
        shutil.rmtree(wanted.resolve(), ignore_errors=True)
        wanted.unlink()
    else:
        shutil.rmtree(wanted, ignore_errors=True)
