"""The examples of documents are those of the unit tests; the validator lies beside this."""

from __future__ import annotations

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parents[1] / "unit" / "documents")]
