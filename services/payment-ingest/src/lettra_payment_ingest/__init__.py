"""Lettra's payment-ingest service."""
