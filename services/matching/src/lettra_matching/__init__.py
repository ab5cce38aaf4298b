"""Lettra's matching service."""
