"""Tests of the engine share their words for customers, items and payments as `engine_world`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
