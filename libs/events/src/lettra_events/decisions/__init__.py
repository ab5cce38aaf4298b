"""Deciding, pure: rows in memory, and decisions as functions over them."""
