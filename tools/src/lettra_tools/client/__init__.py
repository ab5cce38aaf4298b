"""Talking to running services over HTTP, and showing that something takes its time: for commands and the demo."""

from lettra_tools.client.bars import Advance, bar
from lettra_tools.client.http import Refused, Service, ServiceAway, service_at, service_of

__all__ = ["Advance", "Refused", "Service", "ServiceAway", "bar", "service_at", "service_of"]
