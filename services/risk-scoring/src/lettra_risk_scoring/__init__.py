"""Lettra's risk-scoring service."""
