"""Matching's settings: those of every service."""

from __future__ import annotations

from lettra_events.service.settings import ServiceSettings


class MatchingSettings(ServiceSettings):
    """See `ServiceSettings`."""
