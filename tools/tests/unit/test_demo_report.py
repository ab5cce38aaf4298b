"""The demo's verdict is what it printed, and its progress is plain where nobody watches."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console

from lettra_tools.client import Refused, Service, bar
from lettra_tools.commands import imports
from lettra_tools.demo.report import show_checks, show_held, show_rules
from lettra_tools.demo.screen import Screen
from lettra_tools.demo.tally import Money
from lettra_tools.demo.truth import Check
from lettra_tools.demo.verifying import Verdict

WHOLE = [Verdict("invoicing", sound=True, sentence="3 entries alike")]
BROKEN = [*WHOLE, Verdict("matching", sound=False, sentence="the hash chain breaks at sequence 2")]


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def screen(output: io.StringIO) -> Screen:
    return Screen(Console(file=output, width=200))


@pytest.mark.parametrize(
    ("checks", "verdicts", "holds"),
    [
        ([Check("it adds up", 1, 1), Check("each", 7, 7)], WHOLE, True),
        ([Check("it adds up", 1, 1), Check("each", 6, 7, ("the third",))], WHOLE, False),
        ([Check("none of none", 0, 0)], BROKEN, False),
    ],
)
def test_one_broken_promise_is_enough(
    screen: Screen, output: io.StringIO, checks: list[Check], verdicts: list[Verdict], holds: bool
) -> None:
    assert show_checks(screen, checks, verdicts) is holds
    printed = output.getvalue()
    assert ("FAIL" in printed) is not holds
    for check in checks:
        assert check.what in printed
        assert all(broken in printed for broken in check.broken)
    assert all(verdict.sentence in printed for verdict in verdicts)


def money(amount: str, rule: str | None = None, **other: Any) -> Money:
    made = Money("ORVELLE", "EUR", Decimal(amount), **other)
    if rule is not None:
        made.applied["i"], made.rules["i"] = Decimal(amount), rule
    return made


def rows_of(output: io.StringIO) -> list[str]:
    return [" ".join(line.split()) for line in output.getvalue().splitlines()]


def test_matches_are_counted_by_rule(screen: Screen, output: io.StringIO) -> None:
    fee = money("88.00", "document_number")
    fee.less["bank_fees"] = Decimal("12.00")
    found = [money("100.00", "document_number"), fee, money("60.00", "exact_amount"), money("2.00")]
    show_rules(screen, found)
    rows = rows_of(output)
    assert "3 document number 2 50.0% 188.00" in rows
    assert "4 who pays (asked by 5 to 7) 1 25.0% 60.00" in rows
    assert "8 less (1 bank fees 12.00) 1 25.0% 88.00" in rows
    assert "in all (4 and 8 are among the others) 3 75.0% 248.00" in rows
    assert "75.0% of the payments, 99.2% of the money" in rows[-1]


def test_what_is_held_is_told_by_reasons_of_which_names_and_figures_are_left_out(
    screen: Screen, output: io.StringIO
) -> None:
    one, two = (
        f"the IBAN FR{n}99999002000007700001466 is known of Gal SAS (S-{n}), but nothing is open there"
        for n in (76, 77)
    )
    kept = {"on_account": Decimal("10.00")}
    sent_back = money("5.00", reason="x", gone=Decimal("5.00"))
    show_held(screen, [money("10.00", reason=one, **kept), money("10.00", reason=two, **kept), sent_back])
    words = "2 20.00 its payer's the IBAN … is known of a customer, but nothing is open there"
    assert rows_of(output)[1:] == [words]


def test_plain_progress_says_where_it_is_now_and_then(output: io.StringIO) -> None:
    with bar(Console(file=output), "weeks", 100) as advance:
        for done in range(100):
            advance(done, "[brackets] are text")
    assert output.getvalue() == "weeks: 0 of 100\n"


def test_what_is_over_soon_shows_nothing(output: io.StringIO) -> None:
    for console in (Console(file=output), Console(file=output, force_terminal=True)):
        with bar(console, "file", 3, after_seconds=60) as advance:
            advance(1, "taking")
    assert output.getvalue() == ""


class Answering(Service):
    """Invoicing, as far as the progress of an import is asked."""

    def __init__(self, answer: dict[str, Any] | None) -> None:
        self.answer = answer

    def get(self, path: str, **parameters: object) -> Any:
        assert path == "/imports/d1"
        if self.answer is None:
            raise Refused(404, "unknown-import", "no such file", [])
        return self.answer


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (None, (0, "reading")),
        ({"done": 9, "phase": "finished", "finished_at": "2024-01-02T00:00:00Z"}, (0, "reading")),
        ({"done": 7, "phase": "checking", "finished_at": None}, (7, "checking")),
        ({"done": 5, "phase": "taking", "finished_at": None}, (5, "taking")),
    ],
)
def test_progress_of_an_import_is_what_the_service_tells(
    answer: dict[str, Any] | None, shown: tuple[int, str]
) -> None:
    seen: list[tuple[int, str]] = []
    imports._show_progress(Answering(answer), "d1", lambda done, what: seen.append((done, what)))
    assert seen == [shown]


def test_a_file_that_is_being_imported_is_sent_again_until_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guard: `_upload` waits where the service is still at work for a client that went away; other refusals go on."""
    monkeypatch.setattr(imports, "SEND_AGAIN_SECONDS", 0.0)
    answers: list[Any] = ["import-running", "import-running", {"rows": 1, "created": 0}]

    class Busy(Answering):
        def upload(self, path: str, name: str, data: bytes) -> Any:
            answer = answers.pop(0)
            if isinstance(answer, str):
                raise Refused(409, answer, "later", [])
            return answer

    content = imports.Content("i.csv", b"")
    assert imports._upload(Busy(None), "/imports/invoices", content, 60.0) == {"rows": 1, "created": 0}
    answers.append("bad-rows")
    with pytest.raises(Refused, match="later"):
        imports._upload(Busy(None), "/imports/invoices", content, 60.0)


def test_work_beside_gives_its_answer_or_its_error() -> None:
    assert imports._beside(lambda: {"rows": 1}, lambda: None) == {"rows": 1}

    def refuse() -> Any:
        raise Refused(422, "bad-rows", "nothing was taken", [])

    with pytest.raises(Refused, match="nothing was taken"):
        imports._beside(refuse, lambda: None)
