"""Reading events: old versions are upcast, and what cannot be read says which type, version and field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lettra_events.contracts import (
    ContractError,
    Event,
    UnknownEventType,
    UnknownEventVersion,
    decode_data,
    golden,
    upcaster,
)
from lettra_events.money import Amount, CurrencyCode

if TYPE_CHECKING:
    from conftest import Toys

NAME = "payments.Noted"


class _Noted(Event):
    def stream_id(self) -> str:
        return "notes"

    def key(self) -> str:
        return "entity:FR01"


class NotedInEuro(_Noted):
    """Version 1: the amount is in euro."""

    amount: Amount


class Noted(_Noted):
    """Version 2: the amount has a currency."""

    amount: Amount
    currency: CurrencyCode


class NotedByWhom(_Noted):
    """Version 3: somebody is named."""

    amount: Amount
    currency: CurrencyCode
    by: str


def in_euro(data: dict[str, Any]) -> dict[str, Any]:
    return data | {"currency": "EUR"}


def by_nobody(data: dict[str, Any]) -> dict[str, Any]:
    return data | {"by": "unknown"}


def test_version_1_decodes_as_version_2(toys: Toys) -> None:
    toys.register(Noted, name=NAME, version=2)
    upcaster(NAME, 1)(in_euro)
    assert decode_data(NAME, 1, b'{"amount":"12.30"}') == Noted(amount="12.30", currency="EUR")
    assert decode_data(NAME, 2, b'{"amount":"12.30","currency":"USD"}') == Noted(
        amount="12.30", currency="USD"
    )


def test_version_1_decodes_as_version_3_by_way_of_2(toys: Toys) -> None:
    toys.register(NotedByWhom, name=NAME, version=3)
    upcaster(NAME, 1)(in_euro)
    upcaster(NAME, 2)(by_nobody)
    expected = NotedByWhom(amount="1", currency="EUR", by="unknown")
    assert decode_data(NAME, 1, b'{"amount":"1"}') == expected


def test_a_new_version_keeps_the_golden_file_of_the_old_one(toys: Toys) -> None:
    toys.register(NotedInEuro, NotedInEuro(amount="12.30"), name=NAME)
    toys.publish()
    toys.register(Noted, Noted(amount="12.30", currency="EUR"), name=NAME, version=2)
    (problem,) = toys.broken()
    assert problem.startswith(f"{NAME} v1: no upcaster leads to v2")
    upcaster(NAME, 1)(in_euro)
    assert toys.broken() == []
    assert toys.publish() == ["payments.Noted.v2.json", "payments.Noted.v2.schema.json"]
    assert len(toys.files()) == 4


def test_a_golden_file_that_its_upcaster_does_not_mend_is_found(toys: Toys) -> None:
    toys.register(NotedInEuro, NotedInEuro(amount="12.30"), name=NAME)
    toys.publish()
    toys.register(Noted, name=NAME, version=2)
    upcaster(NAME, 1)(lambda data: data)
    (problem,) = toys.broken()
    assert problem.startswith(f"{NAME} v1: currency: Field required")


def test_a_version_that_was_never_published_is_found(toys: Toys) -> None:
    toys.register(Noted, Noted(amount="12.30", currency="EUR"), name=NAME, version=2)
    toys.publish()
    (problem,) = golden.unrecorded(toys.folder)
    assert problem.startswith(f"{NAME} v1: v2 is registered, but no golden file of v1")


def test_a_version_taken_back_is_found(toys: Toys) -> None:
    toys.register(Noted, Noted(amount="12.30", currency="EUR"), name=NAME, version=2)
    toys.publish()
    toys.register(NotedInEuro, name=NAME)
    assert toys.broken() == [f"{NAME} v2: it was published, but the contract is v1 again. Restore it"]


def test_an_unknown_type_is_named() -> None:
    with pytest.raises(UnknownEventType, match=r"payments\.NeverHeardOf v4"):
        decode_data("payments.NeverHeardOf", 4, b"{}")


def test_an_unknown_version_is_named_with_what_this_release_reads(toys: Toys) -> None:
    toys.register(Noted, name=NAME, version=2)
    with pytest.raises(UnknownEventVersion, match=r"payments\.Noted v3: this release reads up to v2"):
        decode_data(NAME, 3, b"{}")
    with pytest.raises(UnknownEventVersion, match=r"payments\.Noted v1"):
        decode_data(NAME, 1, b"{}")


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (b'{"amount":"1"}', "currency"),
        (b'{"amount":"1","currency":"EUX"}', "currency"),
        (b'{"amount":"1","currency":"eur"}', "currency"),
        (b'{"amount":12.3,"currency":"EUR"}', "amount"),
        (b'{"amount":"NaN","currency":"EUR"}', "amount"),
        (b'{"amount":null,"currency":"EUR"}', "amount"),
        (b'{"amount":"1.000001","currency":"EUR"}', "amount"),
        (b'{"amount":', "the data"),
        (b"[]", "the data"),
        (b"", "the data"),
        (b"\xff", "the data"),
    ],
)
def test_what_is_wrong_is_named_by_type_version_and_field(toys: Toys, payload: bytes, field: str) -> None:
    toys.register(Noted, name=NAME, version=2)
    with pytest.raises(ContractError) as caught:
        decode_data(NAME, 2, payload)
    assert str(caught.value).startswith(f"{NAME} v2: {field}: ")


def test_what_is_wrong_in_an_old_version_names_that_version(toys: Toys) -> None:
    toys.register(Noted, name=NAME, version=2)
    upcaster(NAME, 1)(in_euro)
    with pytest.raises(ContractError, match=rf"^{NAME} v1: amount: "):
        decode_data(NAME, 1, b"{}")
    with pytest.raises(ContractError, match=rf"^{NAME} v1: the data: "):
        decode_data(NAME, 1, b'{"amount":')


def test_a_reader_ignores_what_a_newer_publisher_adds(toys: Toys) -> None:
    toys.register(Noted, name=NAME, version=2)
    payload = b'{"amount":"1","currency":"EUR","added_later":{"x":1}}'
    assert decode_data(NAME, 2, payload) == Noted(amount="1", currency="EUR")


def test_a_name_is_registered_once(toys: Toys) -> None:
    toys.register(Noted, name=NAME)
    from lettra_events.contracts import contract

    with pytest.raises(ValueError, match=r"payments\.Noted is registered twice"):
        contract(NAME)(NotedInEuro)
