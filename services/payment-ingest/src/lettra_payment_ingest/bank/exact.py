"""Sums of money that never round. The default decimal context keeps 28 digits; amounts of 18 digits can need
more.
"""

from collections.abc import Iterable
from decimal import Context, Decimal, Inexact, InvalidOperation, localcontext
from typing import Final

# 18 digits before the point, 18 behind, and room for a billion terms. Should that ever not do, it raises.
_EXACT: Final = Context(prec=80, traps=[Inexact, InvalidOperation])


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """The sum, exactly."""
    with localcontext(_EXACT):
        return sum(amounts, Decimal(0))


def plain(amount: Decimal) -> str:
    """The amount without exponent or needless zeros: equal amounts have equal texts, however a bank writes
    them.
    """
    with localcontext(_EXACT):
        return f"{amount.normalize() + 0:f}"


def shown(amount: Decimal) -> str:
    """The amount for a reader: at least two decimals, more only where they matter."""
    text = plain(amount)
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction:0<2}"
