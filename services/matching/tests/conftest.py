"""Tests share what they say of invoices and payments as `receivables`, and how it is published as `published_here`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
