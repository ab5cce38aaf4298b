"""Structured logs: one JSON object a line on standard error, with the correlation id of what is being done."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import MutableMapping
from typing import Any

import structlog

LIBRARY_LINES_PER_SECOND = 2


class _Throttle(logging.Filter):
    """At most a few lines a second of one library: aiokafka writes 90 errors a second while a broker is away."""

    def __init__(self) -> None:
        super().__init__()
        self._second = 0
        self._lines = 0

    def filter(self, record: logging.LogRecord) -> bool:
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._lines = second, 0
        self._lines += 1
        return self._lines <= LIBRARY_LINES_PER_SECOND


def configure_logs(service: str, level: str) -> None:
    """Route structlog and the standard library's logging to JSON lines."""

    def add_service(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["service"] = service
        return event

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        add_service,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # FastStream gives its logger, at import, a handler that writes coloured text.
    faststream = logging.getLogger("faststream")
    faststream.handlers, faststream.propagate = [], True
    for name in ("aiokafka", "faststream", "uvicorn.access"):
        logging.getLogger(name).setLevel("WARNING")
    handler_filter = _Throttle()
    for name in (
        "aiokafka.conn",
        "aiokafka.consumer.group_coordinator",
        "aiokafka.client",
        "aiokafka.cluster",
    ):
        logging.getLogger(name).addFilter(handler_filter)
    for name in ("aiokafka.producer.sender", "aiokafka.consumer.fetcher", "aiokafka"):
        logging.getLogger(name).addFilter(handler_filter)
