"""Invoices and credit notes as documents: a readable PDF with the EN 16931 data inside (Factur-X).

Pure: values in, bytes out. No clock and no chance: the same document gives the same bytes.
"""
