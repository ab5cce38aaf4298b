"""Apache Kafka's jars: fetched once from the Maven repository, checked, kept in a cache outside the clone.

`kafka.lock` names every jar with its SHA-256; nothing else is fetched and nothing unchecked is run. The cache
is filled jar by jar, each checked before it is moved into place, so a download that was cut off goes on where
it stopped, and two processes may try at once. A stamp remembers size and time of each checked jar; a jar that
changed since is checked again, and fetched again if it is damaged.

`python -m lettra_tools.stack.jars` resolves the dependencies anew and prints the lock.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pwd
import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lettra_tools.stack.files import locked, write_atomically
from lettra_tools.stack.model import Report, StackError

if TYPE_CHECKING:
    from jgo.maven import MavenContext

KAFKA_VERSION = "4.3.1"
# log4j-slf4j-impl must not be added: it pulls kafka-clients back to 3.9.
ROOTS = (f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}", "org.slf4j:slf4j-simple:1.7.36")
LOCK = Path(__file__).with_name("kafka.lock")
STAMP = "checked.json"
PARALLEL_DOWNLOADS = 4
TRIES_MAX = 3
TIMEOUT_SECONDS = 15


@dataclass(frozen=True)
class Jar:
    """One line of the lock."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """What the jar is called in the cache."""
        return f"{self.artifact}-{self.version}.jar"


def cache_folder() -> Path:
    """Where downloads are kept: LETTRA_CACHE, else below XDG_CACHE_HOME, else below the home folder."""
    if chosen := os.environ.get("LETTRA_CACHE"):
        return Path(chosen).expanduser().absolute()
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base).absolute() / "lettra"
    try:
        home = os.environ.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir
        return Path(home).absolute() / ".cache" / "lettra"
    except KeyError as error:
        raise StackError("There is no home folder to keep downloads in. Set LETTRA_CACHE.") from error


def read_lock(lock: Path = LOCK) -> list[Jar]:
    """The jars that make up Kafka, in the order of the class path."""
    jars = []
    for line in lock.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            coordinate, sha256 = line.split()
            group, artifact, version = coordinate.split(":")
            jars.append(Jar(group, artifact, version, sha256))
    return jars


def provide_kafka(report: Report) -> Path:
    """The folder that holds exactly the jars of the lock, all of them checked; fetches what is missing."""
    jars = read_lock()
    folder = cache_folder() / f"kafka-{KAFKA_VERSION}-{_sha256(LOCK)[:12]}"
    if _is_stamped(folder, jars):
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(lock_of(folder)):
            _complete(folder, jars, report)
    except OSError as error:
        raise StackError(
            f"The cache {folder} cannot be written ({error.strerror}). Free space there, or set LETTRA_CACHE."
        ) from error
    return folder


def lock_of(folder: Path) -> Path:
    """What must be held to change a folder of the cache."""
    return folder.with_name(f"{folder.name}.lock")


def _is_stamped(folder: Path, jars: Sequence[Jar]) -> bool:
    """Whether every jar is as it was when it was checked. Reads no jar: this runs at every start."""
    stamp = _read_stamp(folder)
    return all(_size_and_time(folder / jar.file_name) == stamp.get(jar.file_name, []) for jar in jars)


def _read_stamp(folder: Path) -> dict[str, list[int]]:
    try:
        found: dict[str, list[int]] = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _size_and_time(path: Path) -> list[int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns]


def _complete(folder: Path, jars: Sequence[Jar], report: Report) -> None:
    """Fetch what is missing or damaged, then write the stamp. The caller holds the lock."""
    if _is_stamped(folder, jars):  # somebody else did it while we waited for the lock
        return
    missing = [jar for jar in jars if not _is_intact(folder / jar.file_name, jar)]
    if missing:
        with scratch_beside(folder) as scratch:
            _download(missing, scratch, folder, report)
    stamp = {jar.file_name: _size_and_time(folder / jar.file_name) for jar in jars}
    write_atomically(folder / STAMP, json.dumps(stamp, indent=1))


def _is_intact(path: Path, jar: Jar) -> bool:
    return path.is_file() and _sha256(path) == jar.sha256


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


@contextlib.contextmanager
def scratch_beside(folder: Path) -> Iterator[Path]:
    """A folder on the same file system. What a killed process left is removed first: hold the lock of `folder`."""
    for left in folder.parent.glob(f"{folder.name}.part-*"):
        shutil.rmtree(left, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{folder.name}.part-"))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _download(missing: Sequence[Jar], scratch: Path, folder: Path, report: Report) -> None:
    context = _repository(scratch)
    total = len(missing)
    report(f"downloading Apache Kafka {KAFKA_VERSION}: {total} jars, once")
    given_up = threading.Event()
    with ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool:
        fetched = [pool.submit(_fetch, context, jar, folder, given_up) for jar in missing]
        try:
            for done, future in enumerate(as_completed(fetched), start=1):
                future.result()
                report(f"downloading Apache Kafka {KAFKA_VERSION}: {done} of {total} jars")
        except BaseException:
            given_up.set()  # the first failure tells enough
            pool.shutdown(cancel_futures=True)
            raise


def _repository(scratch: Path) -> MavenContext:
    """jgo's way to the Maven repository, by way of the mirrors in its configuration file where there are any.

    jgo is imported only when something must be fetched: it takes a third of a second.
    """
    from jgo.config import GlobalSettings
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext

    remotes = {**GlobalSettings.load().repositories, "central": MAVEN_CENTRAL_URL}
    return MavenContext(repo_cache=scratch, local_repos=[], remote_repos=remotes, timeout=TIMEOUT_SECONDS)


def _fetch(context: MavenContext, jar: Jar, folder: Path, given_up: threading.Event) -> None:
    """Fetch one jar, check it, move it into place; try again a few times while the others do not give up."""
    for attempt in range(1, TRIES_MAX + 1):
        fetched = _fetch_once(context, jar, last=attempt == TRIES_MAX or given_up.is_set())
        if fetched is None:
            continue
        if _is_intact(fetched, jar):
            os.replace(fetched, folder / jar.file_name)
            return
        fetched.unlink()
    raise StackError(
        f"{jar.file_name} as the Maven repository serves it is not the file that kafka.lock names: its "
        "SHA-256 differs. It was thrown away. Try again; if it stays so, something on the way changes files."
    )


def _fetch_once(context: MavenContext, jar: Jar, *, last: bool) -> Path | None:
    """The fetched file, unchecked; None after a failure that is worth another try."""
    import requests  # jgo's own dependency, loaded by then

    artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()
    try:
        return artifact.resolve()
    except (requests.RequestException, RuntimeError) as error:
        if artifact.cached_path is not None:
            artifact.cached_path.unlink(missing_ok=True)  # half a file; jgo would take it for the whole one
        if not last:
            return None
        raise StackError(
            f"{jar.file_name} could not be fetched: the Maven repository does not answer or does not have it "
            f"({type(error).__name__}). Check the network and HTTPS_PROXY (a mirror goes into the section "
            "[repositories] of jgo's configuration file), then run the same again: what was fetched is kept. "
            "Or set LETTRA_KAFKA to a Kafka that runs elsewhere."
        ) from error


def resolve_lock() -> str:
    """Resolve the dependencies of ROOTS anew, fetch them, and write down what they are."""
    from dataclasses import replace

    from jgo.parse import Coordinate

    with tempfile.TemporaryDirectory() as scratch:
        context = _repository(Path(scratch))
        roots = [
            context.create_dependency(replace(Coordinate.parse(root), scope="compile")) for root in ROOTS
        ]
        inputs, transitive = context.resolver.resolve(roots)
        artifacts = [
            found.artifact for found in (*inputs, *transitive) if found.scope in ("compile", "runtime")
        ]
        lines = [f"# Apache Kafka {KAFKA_VERSION}, made by: python -m lettra_tools.stack.jars"]
        lines += [f"{it.groupId}:{it.artifactId}:{it.version} {_sha256(it.resolve())}" for it in artifacts]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(resolve_lock(), end="")
