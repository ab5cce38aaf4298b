"""Lettra's invoicing service."""
