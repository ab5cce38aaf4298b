"""What may change in a version that was published, and what is found when something else did."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import pytest
from pydantic import BaseModel, Field

from lettra_events.contracts import Event, golden
from lettra_events.contracts._compat import differences, two_way
from lettra_events.money import Amount

if TYPE_CHECKING:
    from conftest import Toys

NAME = "payments.Noted"


class Line(BaseModel):
    text: str


class _OfPayer(Event):
    who: str

    def stream_id(self) -> str:
        return f"note:{self.who}"

    def key(self) -> str:
        return self.who


class Noted(_OfPayer):
    """Somebody noted something."""

    amount: Amount
    how: Literal["mail", "call"] = "mail"
    lines: tuple[Line, ...] = ()


EXAMPLE = Noted(who="C-1", amount=Decimal("12.30"), how="call", lines=(Line(text="by cheque"),))


class FieldRemoved(_OfPayer):
    """As Noted, without `how`."""

    amount: Amount
    lines: tuple[Line, ...] = ()


class RequiredFieldRemoved(_OfPayer):
    """As Noted, without `amount`."""

    how: Literal["mail", "call"] = "mail"
    lines: tuple[Line, ...] = ()


class FieldRenamed(FieldRemoved):
    """As Noted, `how` called otherwise."""

    channel: Literal["mail", "call"] = "mail"


class RequiredFieldAdded(Noted):
    """As Noted, with a field that older events lack."""

    currency: str


class BecameRequired(Noted):
    """As Noted, `how` required."""

    how: Literal["mail", "call"]


class BecameOptional(Noted):
    """As Noted, `amount` optional: a reader of yesterday needs it."""

    amount: Amount = Decimal(0)


class ChoiceNarrowed(Noted):
    """As Noted, without calls."""

    how: Literal["mail"] = "mail"


class ChoiceWidened(Noted):
    """As Noted, with a choice that a reader of yesterday refuses."""

    how: Literal["mail", "call", "letter"] = "mail"


class TypeChanged(Noted):
    """As Noted, the amount in cents."""

    amount: int


class BecameNullable(Noted):
    """As Noted, but a reader of yesterday refuses null."""

    amount: Amount | None


class SignNarrowed(Noted):
    """As Noted, above zero: jsoncompat does not see this one."""

    amount: Amount = Field(gt=0)


class DefaultChanged(Noted):
    """As Noted, but events without `how` now mean a call."""

    how: Literal["mail", "call"] = "call"


class LineWithNumber(BaseModel):
    text: int


class NestedTypeChanged(Noted):
    """As Noted, numbers in its lines."""

    lines: tuple[LineWithNumber, ...] = ()


class ListNoMore(Noted):
    """As Noted, one line only."""

    lines: str = ""


class OtherKey(Noted):
    """As Noted, ordered by something else."""

    def key(self) -> str:
        return f"payment:{self.who}"


class OtherStream(Noted):
    """As Noted, on another stream."""

    def stream_id(self) -> str:
        return f"payer:{self.who}"


class OptionalFieldAdded(Noted):
    """As Noted, with a field that may be missing."""

    by: str | None = None


class OptionalFieldOfLine(BaseModel):
    """A line with more."""

    text: str
    number: int | None = None


class NestedOptionalFieldAdded(Noted):
    """As Noted, with more in its lines."""

    lines: tuple[OptionalFieldOfLine, ...] = ()


class Documented(Noted):
    """Somebody noted something, told at more length."""

    amount: Amount = Field(description="what it is about", title="Amount", examples=["1.00"])


class FieldsInOtherOrder(Event):
    """As Noted, its fields in another order."""

    lines: tuple[Line, ...] = ()
    amount: Amount
    how: Literal["mail", "call"] = "mail"
    who: str
    stream_id = Noted.stream_id
    key = Noted.key


@pytest.fixture
def published(toys: Toys) -> Toys:
    toys.register(Noted, EXAMPLE, name=NAME)
    assert toys.publish() == ["payments.Noted.v1.json", "payments.Noted.v1.schema.json"]
    return toys


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        (FieldRemoved, "how: it was removed or renamed"),
        (RequiredFieldRemoved, "amount: it was removed or renamed"),
        (FieldRenamed, "how: it was removed or renamed"),
        (RequiredFieldAdded, "currency: it was added as required"),
        (BecameRequired, "how: it became required"),
        (BecameOptional, "amount: it became optional"),
        (ChoiceNarrowed, 'how: its enum ["mail", "call"] became null'),
        (ChoiceWidened, 'how: its enum ["mail", "call"] became ["mail", "call", "letter"]'),
        (TypeChanged, 'amount: its type "string" became "integer"'),
        (BecameNullable, 'amount: "one type" became'),
        (SignNarrowed, "amount: its pattern"),
        (DefaultChanged, 'how: its default "mail" became "call"'),
        (NestedTypeChanged, 'lines[].text: its type "string" became "integer"'),
        (ListNoMore, 'lines: its type "array" became "string"'),
        (OtherKey, 'its x-key "<who>" became "payment:<who>"'),
        (OtherStream, 'its x-stream "note:<who>" became "payer:<who>"'),
    ],
)
def test_any_other_change_is_found_and_named(published: Toys, changed: type[Event], field: str) -> None:
    before = published.files()
    published.register(changed, name=NAME)
    problems = published.broken()
    found = [problem for problem in problems if f"{NAME} v1: " in problem and field in problem]
    assert len(found) == 1, problems
    assert "new version with an upcaster" in found[0]
    with pytest.raises(golden.Refused):
        published.publish()
    assert published.files() == before


def test_a_type_that_became_a_broadcast_is_found(published: Toys) -> None:
    published.register(Noted, name=NAME, broadcast=True)
    assert any("its x-broadcast false became true" in problem for problem in published.broken())


@pytest.mark.parametrize(
    "changed", [OptionalFieldAdded, NestedOptionalFieldAdded, Documented, FieldsInOtherOrder]
)
def test_added_optional_fields_and_documentation_are_compatible(
    published: Toys, changed: type[Event]
) -> None:
    published.register(changed, name=NAME)
    assert published.broken() == []


@pytest.mark.parametrize("changed", [Documented, FieldsInOtherOrder])
def test_documentation_needs_no_new_edition(published: Toys, changed: type[Event]) -> None:
    published.register(changed, name=NAME)
    assert golden.unrecorded(published.folder) == []


def test_a_removed_type_is_found(published: Toys) -> None:
    published.forget(NAME)
    (problem,) = published.broken()
    assert problem.startswith(f"{NAME} v1: the type was removed or renamed")
    assert "Keep the contract" in problem


def test_a_renamed_type_is_found(published: Toys) -> None:
    published.forget(NAME)
    published.register(Noted, EXAMPLE, name="payments.Written")
    (problem,) = published.broken()
    assert problem.startswith(f"{NAME} v1: the type was removed or renamed")


def test_an_optional_field_is_guarded_once_it_is_published(published: Toys) -> None:
    grown = OptionalFieldAdded(**EXAMPLE.model_dump(), by="C-2")
    published.register(OptionalFieldAdded, grown, name=NAME)
    assert golden.unrecorded(published.folder) != []
    assert published.publish() == ["payments.Noted.v1.e2.json", "payments.Noted.v1.e2.schema.json"]
    assert golden.unrecorded(published.folder) == []
    published.register(Noted, EXAMPLE, name=NAME)
    assert [problem for problem in published.broken() if "by: it was removed or renamed" in problem] != []


def test_adding_again_changes_nothing(published: Toys) -> None:
    before = published.files()
    assert published.publish() == []
    assert published.files() == before


def test_what_is_published_is_the_data_and_its_schema(published: Toys) -> None:
    files = published.files()
    assert files["payments.Noted.v1.json"] == (
        b'{"who":"C-1","amount":"12.30","how":"call","lines":[{"text":"by cheque"}]}'
    )
    assert json.loads(files["payments.Noted.v1.schema.json"])["$id"] == "urn:lettra:payments.Noted:1"


def test_an_example_is_asked_for(toys: Toys) -> None:
    toys.register(Noted, name=NAME)
    with pytest.raises(golden.Refused, match=r"payments\.Noted: it has no example; add one"):
        toys.publish()


def test_an_example_without_a_field_is_not_published(toys: Toys) -> None:
    toys.register(Noted, Noted(who="C-1", amount=Decimal(1)), name=NAME)
    with pytest.raises(golden.Refused, match=r"payments\.Noted: its example has no lines"):
        toys.publish()
    assert not toys.folder.exists()


def test_half_of_a_pair_and_a_strange_file_are_found(published: Toys) -> None:
    (published.folder / "payments.Noted.v1.schema.json").unlink()
    (published.folder / "payments.Noted.json").write_text("{}")
    problems = published.broken()
    assert any("payments.Noted.v1.schema.json: it is missing" in problem for problem in problems)
    assert any("payments.Noted.json: no golden file is called so" in problem for problem in problems)


def test_a_golden_event_that_no_longer_decodes_is_found(published: Toys) -> None:
    path = published.folder / "payments.Noted.v1.json"
    path.write_text('{"who":"C-1","amount":12.3}')
    (problem,) = published.broken()
    assert f"{NAME} v1: amount: " in problem
    assert "payments.Noted.v1.json" in problem


def test_the_command_tells_and_exits_1_then_adds_and_exits_0(
    toys: Toys, capsys: pytest.CaptureFixture[str]
) -> None:
    toys.register(Noted, EXAMPLE, name=NAME)
    where = ["--folder", str(toys.folder)]
    assert golden.main(where) == 1
    assert f"{NAME} v1: it is not in" in capsys.readouterr().err
    assert golden.main(["--add", *where]) == 0
    assert "payments.Noted.v1.json" in capsys.readouterr().out
    assert golden.main(where) == 0
    toys.register(FieldRemoved, name=NAME)
    assert golden.main(["--add", *where]) == 1
    assert f"{NAME} v1: how: it was removed" in capsys.readouterr().err


# ---- jsoncompat, the second judge ----


def _object(fields: dict[str, object], *required: str) -> dict[str, object]:
    return {"type": "object", "properties": fields, "required": list(required), "additionalProperties": False}


TEXT = {"type": "string"}
SOME = {"anyOf": [TEXT, {"type": "null"}], "default": None}


def test_jsoncompat_lets_an_optional_field_pass_because_readers_are_open() -> None:
    assert two_way(_object({"a": TEXT}, "a"), _object({"a": TEXT, "b": SOME}, "a")) == []


def test_jsoncompat_does_not_mind_a_removed_optional_field_but_the_own_rule_does() -> None:
    old, new = _object({"a": TEXT, "b": SOME}, "a"), _object({"a": TEXT}, "a")
    assert two_way(old, new) == []
    assert differences(old, new) == ["b: it was removed or renamed"]


@pytest.mark.parametrize(
    ("now", "what"),
    [
        (_object({"a": TEXT, "b": TEXT}, "a", "b"), "this release would not read"),
        (_object({"a": {"type": "integer"}}, "a"), "this release would not read"),
        (_object({}), "a release that knows what was published would not read"),
        (_object({"a": SOME}, "a"), "a release that knows what was published would not read"),
    ],
)
def test_jsoncompat_finds_what_one_side_cannot_read(now: dict[str, object], what: str) -> None:
    assert [reason for reason in two_way(_object({"a": TEXT}, "a"), now) if what in reason] != []


def test_what_jsoncompat_cannot_judge_is_not_let_pass() -> None:
    (reason,) = two_way(_object({"a": TEXT}, "a"), {"type": "number", "multipleOf": 0.1})
    assert "jsoncompat cannot judge it" in reason


def test_jsoncompat_is_asked_where_the_own_rule_finds_nothing(
    published: Toys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(golden, "differences", lambda published, current: [])
    published.register(TypeChanged, name=NAME)
    assert any("this release would not read what was published" in problem for problem in published.broken())


def test_a_field_called_like_a_keyword_is_a_field() -> None:
    old, new = _object({"title": TEXT, "a": TEXT}, "a"), _object({"a": TEXT}, "a")
    assert differences(old, new) == ["title: it was removed or renamed"]


def test_data_inside_a_schema_is_no_documentation() -> None:
    old = _object({"a": {"default": {"title": "M."}}})
    new = _object({"a": {"default": {"title": "Dr"}}})
    assert differences(old, new) == ['a: its default {"title": "M."} became {"title": "Dr"}']


def test_a_list_of_anything_is_another_list() -> None:
    old, new = _object({"a": {"type": "array", "items": TEXT}}), _object({"a": {"type": "array"}})
    assert differences(old, new) == ['a: its items {"type": "string"} became null']
