"""Rules on calls, which import rules cannot see: a pure module may use datetime, but not ask the time."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

# The modules of a service whose result may depend on nothing but their arguments.
PURE = (
    *("domain", "decider", "engine", "projections", "reactions", "bank"),
    *("templates", "messages", "intake"),
)
IMPURE_CALLS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("uuid", "uuid1"),
    ("uuid", "uuid4"),
    ("", "uuid1"),
    ("", "uuid4"),
    ("os", "urandom"),
}


def called(call: ast.Call) -> tuple[str, str]:
    """The last two names of what is called: (datetime, now) for datetime.datetime.now()."""
    function = call.func
    if isinstance(function, ast.Name):
        return "", function.id
    if isinstance(function, ast.Attribute):
        owner = function.value
        if isinstance(owner, ast.Attribute):
            return owner.attr, function.attr
        if isinstance(owner, ast.Name):
            return owner.id, function.attr
    return "", ""


def is_pure(path: Path) -> bool:
    """Whether a path is of a service's pure module, or of that module grown into a package."""
    parts = path.with_suffix("").parts
    return (
        "services" in parts
        and "src" in parts
        and any(part in PURE for part in parts[parts.index("src") + 2 :])
    )


def impure_calls(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and called(node) in IMPURE_CALLS:
            yield node.lineno, ".".join(filter(None, called(node)))


def no_clock_or_chance_in_pure_code(root: Path, files: list[Path]) -> Iterator[str]:
    for path in files:
        if path.suffix == ".py" and is_pure(path):
            for number, name in impure_calls((root / path).read_text()):
                yield f"{path}:{number}: {name}() in pure code, where clock and chance are inputs"


def sleeps(source: str) -> Iterator[int]:
    """Where a sleep stands alone; in a loop it is the pause between two looks, and sleep(0) is a yield."""

    def visit(node: ast.AST, in_loop: bool) -> Iterator[int]:
        if isinstance(node, ast.Call) and called(node)[1] == "sleep" and not in_loop:
            first = node.args[0] if node.args else None
            if not (isinstance(first, ast.Constant) and first.value == 0):
                yield node.lineno
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            in_loop = False
        for child in ast.iter_child_nodes(node):
            yield from visit(child, in_loop or isinstance(node, ast.While | ast.For | ast.AsyncFor))

    yield from visit(ast.parse(source), False)


def no_sleep_in_tests(root: Path, files: list[Path]) -> Iterator[str]:
    for path in files:
        if path.suffix == ".py" and "tests" in path.parts:
            for number in sleeps((root / path).read_text()):
                yield f"{path}:{number}: a sleep in a test is a guess; wait for the condition instead"
