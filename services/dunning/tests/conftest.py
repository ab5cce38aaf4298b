"""Tests share what they say of customers, days and decisions as `dunning_stories`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
