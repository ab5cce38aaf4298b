"""Lettra's event backbone: see docs/architecture.md for the invariants that it keeps."""
