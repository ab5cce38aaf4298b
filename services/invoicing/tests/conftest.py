"""Tests share small documents and files as `invoicing_examples`, and so do the processes that they start."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
