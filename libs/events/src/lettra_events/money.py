"""Exact money: a Decimal amount in one ISO 4217 currency.

Promises: amounts are never floats, never NaN or infinite, and are written as decimal strings in JSON; two
currencies are never added; `allocate` splits without losing or inventing a cent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, Any, Self

from iso4217 import Currency as _Iso4217
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

AMOUNT_DIGITS_MAX = 18
AMOUNT_DECIMALS_MAX = 5


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies met in one operation."""


def _plain(value: Any) -> Any:
    """Refuse floats, and write the rest as others read amounts: never "1E+2", "-0" or "1.000000"."""
    if isinstance(value, float):
        raise ValueError("an amount is a decimal string such as '12.30', not a float")
    if isinstance(value, str | Decimal) and not _is_plain(str(value)):
        return _written_out(value)
    return value


def _is_plain(text: str) -> bool:
    """Whether nothing can be wrong with the way it is written; quick, for this is asked of every amount read."""
    point = text.find(".")
    few_decimals = point < 0 or len(text) - point - 1 <= AMOUNT_DECIMALS_MAX
    return few_decimals and "E" not in text and "e" not in text and "-" not in text


def _written_out(value: str | Decimal) -> str | Decimal:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    # What is no amount is left as it is, to be refused; written out, it could take a gigabyte.
    if not number.is_finite() or (number and number.adjusted() >= AMOUNT_DIGITS_MAX):
        return value
    exponent = max(-AMOUNT_DECIMALS_MAX, min(0, int(number.as_tuple().exponent)))
    plain = number.quantize(Decimal(1).scaleb(exponent))
    if plain != number:
        return value
    return plain if plain else plain.copy_abs()


def _known_currency(code: str) -> str:
    exponent_of(code)
    return code


@lru_cache(maxsize=512)
def exponent_of(currency: str) -> int:
    """Number of decimals of the currency's minor unit (ISO 4217: EUR 2, JPY 0); ValueError if unknown."""
    try:
        exponent = _Iso4217(currency).exponent
    except ValueError:
        raise ValueError(f"{currency!r} is not an ISO 4217 currency code such as 'EUR'") from None
    return 0 if exponent is None else int(exponent)


def is_whole(amount: Decimal, currency: str) -> bool:
    """Whether the amount has no more decimals than the currency's minor unit."""
    return amount == round(amount, exponent_of(currency))


Amount = Annotated[
    Decimal,
    # The limits come first: behind a validator pydantic checks them in Python, and reads half as fast.
    Field(max_digits=AMOUNT_DIGITS_MAX, decimal_places=AMOUNT_DECIMALS_MAX, allow_inf_nan=False),
    BeforeValidator(_plain),
]
"""A Decimal of at most 18 digits, 5 of them decimals; in JSON a string without exponent."""

CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$"), AfterValidator(_known_currency)]
"""An ISO 4217 alphabetic code in capitals."""


class Money(BaseModel):
    """An amount in a currency; immutable, hashable, comparable within its currency."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: Amount
    currency: CurrencyCode

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: str) -> Self:
        """`Money.of("12.30", "EUR")`."""
        return cls.model_validate({"amount": amount, "currency": currency})

    @classmethod
    def zero(cls, currency: str) -> Self:
        return cls.of(0, currency)

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self} and {other} are in different currencies")
        return other.amount

    def _with(self, amount: Decimal) -> Money:
        # Not of the own class: the difference of two positive amounts need not be positive.
        return Money.model_construct(amount=amount, currency=self.currency)

    def __add__(self, other: Money) -> Money:
        return self._with(self.amount + self._same(other))

    def __sub__(self, other: Money) -> Money:
        return self._with(self.amount - self._same(other))

    def __neg__(self) -> Money:
        return self._with(-self.amount)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self._same(other)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    @property
    def is_whole(self) -> bool:
        """Whether the amount has no more decimals than the currency's minor unit."""
        return is_whole(self.amount, self.currency)

    def allocate(self, weights: Sequence[Decimal | int]) -> list[Money]:
        """Split in proportion to the weights, in minor units; the parts sum to the whole exactly.

        What rounding leaves over goes one minor unit at a time to the parts that lost most by it, the
        earlier first. ValueError: no weight, a negative one, or all zero.
        """
        total = sum((Decimal(weight) for weight in weights), Decimal(0))
        if not weights or total <= 0 or any(weight < 0 for weight in weights):
            raise ValueError("allocate needs weights that are not negative and not all zero")
        unit = Decimal(1).scaleb(-exponent_of(self.currency))
        exact = [self.amount * Decimal(weight) / total for weight in weights]
        # Adding zero makes a zero of what was rounded to -0.
        parts = [part.quantize(unit, ROUND_HALF_EVEN) + 0 for part in exact]
        rest = self.amount - sum(parts, Decimal(0))
        step = unit.copy_sign(rest)
        by_loss = sorted(range(len(parts)), key=lambda i: (exact[i] - parts[i]) * -step)
        for i in range(int(abs(rest) / unit)):
            parts[by_loss[i % len(parts)]] += step
        remainder = self.amount - sum(parts, Decimal(0))
        parts[by_loss[0]] += remainder
        return [self._with(part) for part in parts]


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The exact sum; zero of the currency for none."""
    result = Money.zero(currency)
    for amount in amounts:
        result += amount
    return result
