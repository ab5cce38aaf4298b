"""What a command says where a server is away or refuses: one sentence, and a code that scripts can tell apart."""

from __future__ import annotations

import asyncpg
import pytest
import typer

from lettra_tools.commands.reaching import reach


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
