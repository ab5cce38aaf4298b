"""Verifying a service's history: store against log against Kafka, positions, state and projections.

Everything here only reads. The first difference ends it, as an `Unsound` that says where, what, and what it means.
"""
