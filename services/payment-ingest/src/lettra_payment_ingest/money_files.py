"""Cheques, cash and payouts from CSV files. Pure.

**Payments**, a row each: entity_id, currency, method (cheque, cash, card or other), amount, received_on, reference.
**Payouts**, a row a payment: account, currency, provider, payout_reference, expected_date, reference, amount; rows that
are equal in the first five (and in method) are one payout. `fee` is what the provider kept of that payment: the
payout's fees are their sum.

Optional in both: counterparty_name, counterparty_iban, structured_reference, end_to_end_id, remittance.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from lettra_events.money import Amount
from lettra_payment_ingest.csv_rows import BadCell, Checked, Row, Table, filled, read_rows
from lettra_payment_ingest.domain import RecordPayment, RegisterPayout

_TOLD = ("counterparty_name", "counterparty_iban", "structured_reference", "end_to_end_id", "remittance")
_PAYMENT = ("entity_id", "currency", "method", "amount", "received_on", "reference")
_PAYOUT = ("account", "currency", "provider", "payout_reference", "expected_date")
_PART = ("reference", "amount")
_FEE: TypeAdapter[Decimal] = TypeAdapter(Annotated[Amount, Field(ge=0)])


def _payment(rows: list[Row]) -> dict[str, Any]:
    (row,) = rows
    return {name: row[name] for name in _PAYMENT} | filled(row, (*_TOLD, "value_date"))


def _payout(rows: list[Row]) -> dict[str, Any]:
    first = rows[0]
    fees = [_fee(row.get("fee", ""), number) for number, row in enumerate(rows)]
    payments = [{name: row[name] for name in _PART} | filled(row, _TOLD) for row in rows]
    told: dict[str, Any] = {name: first[name] for name in _PAYOUT} | filled(first, ("method",))
    told["reference"] = told.pop("payout_reference")
    return told | {"fees": sum(fees, Decimal(0)), "payments": payments}


def _fee(raw: str, row: int) -> Decimal:
    try:
        return _FEE.validate_python(raw) if raw else Decimal(0)
    except ValidationError as error:
        reason = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise BadCell(row, "fee", reason) from None


PAYMENTS = Table(
    model=RecordPayment,
    needed=_PAYMENT,
    optional=(*_TOLD, "value_date"),
    grouped_by=(),
    build=_payment,
    whole="amount",
    many="payments",
)
PAYOUTS = Table(
    model=RegisterPayout,
    needed=(*_PAYOUT, *_PART),
    optional=(*_TOLD, "fee", "method"),
    grouped_by=(*_PAYOUT, "method"),
    build=_payout,
    whole="payout_reference",
    rows_in="payments",
    columns={"reference": "payout_reference", "fees": "fee", "payments": "payout_reference"},
    many="payouts",
)


def read_payments(data: bytes) -> Checked[RecordPayment]:
    """Every cheque or payment in cash of the file, or everything that is wrong with it (the first hundred)."""
    return read_rows(data, PAYMENTS)


def read_payouts(data: bytes) -> Checked[RegisterPayout]:
    """Every payout of the file, or everything that is wrong with it (the first hundred)."""
    return read_rows(data, PAYOUTS)
