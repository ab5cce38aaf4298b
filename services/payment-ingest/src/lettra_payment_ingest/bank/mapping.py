"""How a bank's CSV file is to be read: a mapping that a person writes once for it, as TOML.

```toml
delimiter = ";"                # default ","
encoding = "auto"              # default: UTF-8, CP1252 or ISO 8859-15, told line by line; else a name such as "utf-16"
skip_lines = 2                 # before the row of column names; default 0
header = true                  # false: there is no such row, and columns are numbers from 1
date_format = "%d/%m/%Y"       # default "%Y-%m-%d"
decimal = ","                  # default "."
thousands = " "                # default none; a blank stands for every kind of blank
newest_first = true            # whether the last movement stands first; without it the days tell
account = "FR76..."            # where no column says it
currency = "EUR"               # the same

[columns]                      # names, compared without regard to case and blanks around
booking_date = "Date"          # needed
amount = "Montant"             # signed; or `credit` and `debit`; or unsigned with `sign`
remittance = ["Libellé", "Détail"]
# value_date, reference (the bank's), end_to_end_id, structured_reference, counterparty_name, counterparty_iban,
# account, currency, charges, balance (the account's behind the movement)

# [sign]                       # with columns.sign: what stands there
# credit = ["C"]
# debit = ["D"]
```
"""

import codecs
import tomllib
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lettra_payment_ingest.bank.errors import UnreadableFile

SKIP_LINES_MAX: Final = 1_000
MAPPING_CHARS_MAX: Final = 100_000

Column = Annotated[str, Field(min_length=1, max_length=200)] | Annotated[int, Field(ge=1, le=1_000)]
OneChar = Annotated[str, Field(min_length=1, max_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Columns(_Strict):
    """Where the values stand: names of columns, or numbers from 1."""

    booking_date: Column
    value_date: Column | None = None
    amount: Column | None = None
    credit: Column | None = None
    debit: Column | None = None
    sign: Column | None = None
    remittance: Column | list[Column] = Field(default_factory=list)
    reference: Column | None = None
    end_to_end_id: Column | None = None
    structured_reference: Column | None = None
    counterparty_name: Column | None = None
    counterparty_iban: Column | None = None
    account: Column | None = None
    currency: Column | None = None
    charges: Column | None = None
    balance: Column | None = None

    @model_validator(mode="after")
    def _one_way_to_say_an_amount(self) -> Self:
        apart = self.credit is not None and self.debit is not None
        if (self.credit is None) != (self.debit is None):
            raise ValueError("credit and debit are named together, or neither")
        if (self.amount is not None) == apart:
            raise ValueError("name either amount, or credit and debit")
        if self.sign is not None and apart:
            raise ValueError("sign goes with amount, not with credit and debit")
        return self


class Sign(_Strict):
    """What stands in the column `sign`, compared without regard to case."""

    credit: list[str] = Field(min_length=1)
    debit: list[str] = Field(min_length=1)


class Mapping(_Strict):
    """A mapping, checked in itself."""

    delimiter: OneChar = ","
    encoding: str = "auto"
    skip_lines: int = Field(default=0, ge=0, le=SKIP_LINES_MAX)
    header: bool = True
    date_format: str = Field(default="%Y-%m-%d", min_length=2, max_length=40)
    decimal: Literal[",", "."] = "."
    thousands: Literal[",", ".", " ", "'", ""] = ""
    newest_first: bool | None = None
    account: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    columns: Columns
    sign: Sign | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for name in ("account", "currency"):
            if getattr(self, name) is None and getattr(self.columns, name) is None:
                raise ValueError(f"{name} is neither given nor a column")
        if (self.sign is None) != (self.columns.sign is None):
            raise ValueError("the table sign and the column sign go together")
        if self.thousands and self.thousands == self.decimal:
            raise ValueError("decimal and thousands are the same sign")
        if self.delimiter in ('"', "\r", "\n"):
            raise ValueError("delimiter cannot be a quote or a line end")
        if not self.header and any(isinstance(each, str) for each in named(self.columns)):
            raise ValueError("without a header, columns are numbers from 1")
        if self.encoding != "auto":
            _known_encoding(self.encoding)
        return self


def named(columns: Columns) -> list[Column]:
    """All columns that a mapping names."""
    found: list[Column] = []
    for name in Columns.model_fields:
        value = getattr(columns, name)
        found += value if isinstance(value, list) else [value] if value is not None else []
    return found


def _known_encoding(name: str) -> None:
    try:
        known = codecs.lookup(name)
    except (LookupError, ValueError):
        raise ValueError(f"unknown encoding {name!r}") from None
    if not known._is_text_encoding:
        raise ValueError(f"{name!r} is no encoding of text")


def read_mapping(text: str, name: str) -> Mapping:
    """The mapping of this TOML; `UnreadableFile` with the key and the reason where it is none."""
    if len(text) > MAPPING_CHARS_MAX:
        raise UnreadableFile(name, "end", f"is longer than {MAPPING_CHARS_MAX} characters")
    try:
        content: dict[str, Any] = tomllib.loads(text)
    except ValueError as error:  # that of TOML, or a number of more digits than Python reads
        raise UnreadableFile(name, "TOML", str(error)) from None
    except RecursionError:
        raise UnreadableFile(name, "TOML", "is nested too deeply") from None
    try:
        return Mapping.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "mapping"
        raise UnreadableFile(name, place, first["msg"].removeprefix("Value error, ")) from None
