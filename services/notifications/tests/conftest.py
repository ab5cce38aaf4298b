"""Tests share what they say of messages and servers as `messages_world`, `smtp_servers` and `http_servers`."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

# How long an example takes says more about the machine than about the code.
settings.register_profile("lettra", deadline=None)
settings.load_profile("lettra")
