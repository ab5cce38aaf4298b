"""How much a bank file may ask of us. A file beyond a limit is refused with the limit's number, before it
costs memory.
"""

from dataclasses import dataclass
from typing import Final

# Set in libxml2 itself (without its "huge" mode, which stays off): deeper documents do not parse.
DEPTH_MAX: Final = 256


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds for one file. The depth is bounded too, by `DEPTH_MAX`.

    `gap_bytes_max` is what may lie between the ends of two entries or transactions: everything read between
    them is held in memory, so it bounds the memory that a file of anything but entries can take.
    """

    bytes_max: int = 200 * 2**20
    transactions_max: int = 500_000
    text_chars_max: int = 20_000
    gap_bytes_max: int = 4 * 2**20


DEFAULT: Final = Limits()
