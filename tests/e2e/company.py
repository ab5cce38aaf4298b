"""A company for the end-to-end tests: running services, spoken to over HTTP and Kafka only."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from lettra_tools.stack.local import LocalServers

PATIENCE_SECONDS = 60


class Company:
    """The running services, their processes and their topics."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "state.json").read_text())
        return found

    def url(self, service: str) -> str:
        return next(s["url"] for s in self.state()["services"] if s["name"] == service)

    def pid(self, service: str, role: str) -> int:
        processes = next(s["processes"] for s in self.state()["services"] if s["name"] == service)
        return int(next(p["pid"] for p in processes if role in p["roles"]))

    def post(self, service: str, path: str, body: dict[str, Any] | None = None, **headers: str) -> Any:
        answer = self.answer(service, path, body, **headers)
        assert answer.is_success, answer.text
        return answer.json()

    def answer(
        self, service: str, path: str, body: dict[str, Any] | None = None, **headers: str
    ) -> httpx.Response:
        """What is answered to a command, also where it is refused."""
        return httpx.post(self.url(service) + path, json=body, headers=headers, timeout=30)

    def get(self, service: str, path: str) -> Any:
        answer = httpx.get(self.url(service) + path, timeout=30)
        return answer.json() if answer.is_success else None

    def send_statement(self, content: str) -> Any:
        answer = httpx.post(
            self.url("payment-ingest") + "/statements",
            files={"file": ("statement.xml", content.encode())},
            timeout=60,
        )
        assert answer.is_success, answer.text
        return answer.json()

    def environment(self) -> dict[str, str]:
        """What a further process of a service needs."""
        state = self.state()
        own = {n: v for n, v in os.environ.items() if not n.startswith("LETTRA_")}
        return own | {
            "LETTRA_POSTGRES": state["postgres"]["address"],
            "LETTRA_KAFKA": state["kafka"]["address"],
        }

    def records(self, topic: str) -> list[ConsumerRecord[Any, Any]]:
        """All records of a topic, by partition and offset."""
        return asyncio.run(_read(self.state()["kafka"]["address"], topic))


async def _read(bootstrap: str, topic: str) -> list[ConsumerRecord[Any, Any]]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        await consumer._client.add_topic(topic)
        partitions = [TopicPartition(topic, p) for p in sorted(consumer.partitions_for_topic(topic))]
        consumer.assign(partitions)
        found: list[ConsumerRecord[Any, Any]] = []
        for tp, end in (await consumer.end_offsets(partitions)).items():
            consumer.seek(tp, 0)
            while await consumer.position(tp) < end:
                for records in (await consumer.getmany(tp, timeout_ms=1_000)).values():
                    found += records
        return found
    finally:
        await consumer.stop()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: str, condition: Callable[[], Any]) -> Any:
    """The first true answer; a failure that says what did not come."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_SECONDS} s"
        time.sleep(0.1)


def lettra(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lettra")), *map(str, arguments)]
    own = {name: value for name, value in os.environ.items() if not name.startswith("LETTRA_")}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=own)


@contextmanager
def running_company(*options: str) -> Iterator[Company]:
    """`lettra up` with these options, in a folder of its own, and everything gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="lettra-e2e-"))
    folder.chmod(0o711)
    try:
        up = lettra("up", "--folder", folder, *options)
        assert up.returncode == 0, up.stderr
        yield Company(folder)
    finally:
        lettra("down", "--folder", folder)
        LocalServers(folder).remove()
