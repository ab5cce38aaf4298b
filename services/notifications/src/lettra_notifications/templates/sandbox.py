"""The only template language that is allowed: variables, conditions, four filters. No loops, calls or inheritance.

So a template's work is bounded by its size: every place in it is evaluated once. What it may not say is refused when
it is read, by its syntax tree; the immutable sandbox of Jinja stands behind that.
"""

from __future__ import annotations

from functools import lru_cache

from jinja2 import StrictUndefined, Template, TemplateError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

SOURCE_MAX = 20_000
TEXT_MAX = 20_000
FILTERS = frozenset({"upper", "lower", "capitalize", "trim"})
_ALLOWED: tuple[type[nodes.Node], ...] = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.If, nodes.CondExpr),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Const, nodes.Filter),
)


class BadTemplate(ValueError):
    """A template that cannot be used; the message names the place and what is wrong."""


def _environment() -> ImmutableSandboxedEnvironment:
    # Texts are put into HTML, where they are escaped, only after they were filled in.
    made = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in FILTERS}
    made.tests.clear()
    return made


_ENVIRONMENT = _environment()


def variables(source: str) -> frozenset[str]:
    """The names that a text uses. BadTemplate where it says more than is allowed."""
    if len(source) > SOURCE_MAX:
        raise BadTemplate(f"a text has {len(source)} characters, {SOURCE_MAX} at most")
    try:
        tree = _ENVIRONMENT.parse(source)
    except TemplateError as error:
        raise BadTemplate(f"line {getattr(error, 'lineno', '?')}: {error}") from None
    except RecursionError:
        raise BadTemplate("conditions stand too deep in each other") from None
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED):
            raise BadTemplate(f"line {node.lineno}: {type(node).__name__} is not allowed in a template")
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            raise BadTemplate(
                f"line {node.lineno}: no filter {node.name}; there are {', '.join(sorted(FILTERS))}"
            )
    return frozenset(meta.find_undeclared_variables(tree))


@lru_cache(maxsize=2_000)
def _compiled(source: str) -> Template:
    variables(source)
    try:
        return _ENVIRONMENT.from_string(source)
    except TemplateError as error:
        raise BadTemplate(str(error)) from None


def fill_in(source: str, values: dict[str, object]) -> str:
    """The text with its variables filled in. BadTemplate where one is unknown, or the result is too long."""
    template = _compiled(source)
    try:
        pieces, length = [], 0
        for piece in template.generate(values):
            length += len(piece)
            if length > TEXT_MAX:
                raise BadTemplate(f"the text comes to more than {TEXT_MAX} characters")
            pieces.append(piece)
    except TemplateError as error:
        raise BadTemplate(str(error)) from None
    return "".join(pieces)
