"""Imports from CSV: a file is read and checked whole, and taken only if every row can be."""

from lettra_invoicing.imports.kinds import CUSTOMERS, INVOICES, OPEN_ITEMS, Kind
from lettra_invoicing.imports.reading import CELL_CHARS_MAX, ERRORS_REPORTED_MAX, BadCell, Reading, Row
from lettra_invoicing.imports.staging import Staged, digest_of, stage

__all__ = [
    "CELL_CHARS_MAX",
    "CUSTOMERS",
    "ERRORS_REPORTED_MAX",
    "INVOICES",
    "OPEN_ITEMS",
    "BadCell",
    "Kind",
    "Reading",
    "Row",
    "Staged",
    "digest_of",
    "stage",
]
