"""Matching's decider: what it decides, and what its events do to the state. Pure."""

from lettra_matching.decider.evolving import evolve

__all__ = ["evolve"]
