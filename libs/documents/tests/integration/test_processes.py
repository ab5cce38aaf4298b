"""Two processes set the same document: a document made again is the one that was sent."""

from __future__ import annotations

import hashlib
import subprocess
import sys

from lettra_documents.typesetting import typeset

_TEMPLATE = b"#sys.inputs.text"
_ELSEWHERE = """
import hashlib
from lettra_documents.typesetting import typeset
pdf = typeset(b"#sys.inputs.text", {"text": "Statement"}, what="A statement", standards=("a-3b",))
print(hashlib.sha256(pdf).hexdigest())
"""


def test_another_process_sets_the_same_bytes() -> None:
    """Guard: `timestamp=0` in `typeset`."""
    done = subprocess.run([sys.executable, "-c", _ELSEWHERE], capture_output=True, text=True, check=True)
    here = typeset(_TEMPLATE, {"text": "Statement"}, what="A statement", standards=("a-3b",))
    assert done.stdout.strip() == hashlib.sha256(here).hexdigest()
