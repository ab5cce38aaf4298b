"""Writers of bank files: CAMT.053.001.02 and .08, MT940 in two dialects, CFONB 120."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lettra_tools.matchbench.days import Statement
from lettra_tools.matchbench.formats.camt import write_camt
from lettra_tools.matchbench.formats.cfonb import write_cfonb
from lettra_tools.matchbench.formats.mt940 import write_mt940

WRITERS: dict[str, tuple[str, Callable[[Sequence[Statement]], bytes]]] = {
    "camt.053.001.02": ("xml", write_camt),
    "camt.053.001.08": ("xml", write_camt),
    "mt940 subfields": ("sta", write_mt940),
    "mt940 code words": ("sta", write_mt940),
    "cfonb": ("cfo", write_cfonb),
}
"""By a bank's format: the ending of its files, and what writes the statements of one account."""
