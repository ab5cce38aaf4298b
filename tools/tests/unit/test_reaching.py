"""What a command says where a server is away or refuses: one sentence, and a code that scripts can tell apart."""

from __future__ import annotations

import asyncpg
import pytest
import typer

from lettra_tools.commands.reaching import SAID_CHARS_MAX, fail, reach


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (TimeoutError(), 3, "Kafka or PostgreSQL did not answer in time"),
        (ConnectionResetError("gone"), 3, "PostgreSQL broke off (ConnectionResetError: gone)"),
        (
            asyncpg.InsufficientPrivilegeError("permission denied for table log"),
            2,
            "Use a role that has the right",
        ),
        (asyncpg.ReadOnlySQLTransactionError("cannot execute UPDATE"), 2, "Name the primary"),
        (asyncpg.UndefinedTableError('relation "relay" does not exist'), 2, "not migrated to this release"),
        (asyncpg.UndefinedColumnError("column x does not exist"), 2, "not migrated to this release"),
    ],
)
def test_what_went_wrong_is_a_sentence_that_blames_no_other_server(
    error: Exception, code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Guards: each clause of reach (commands/reaching.py)."""

    async def work() -> None:
        raise error

    with pytest.raises(typer.Exit) as ended:
        reach(work())
    assert ended.value.exit_code == code
    assert sentence in capsys.readouterr().err


def test_a_huge_argument_is_not_repeated_whole_and_the_remedy_stays(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Guard: SAID_CHARS_MAX in fail (commands/reaching.py)."""
    with pytest.raises(typer.Exit):
        fail(f"There is no {'x' * 1_000_000}. See: lettra status", 2)
    said = capsys.readouterr().err
    assert len(said) < SAID_CHARS_MAX + 100
    assert said.startswith("lettra: There is no x")
    assert said.endswith("x. See: lettra status\n")
