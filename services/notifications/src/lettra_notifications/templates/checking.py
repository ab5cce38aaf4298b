"""What is wrong with a template: what it lacks, what it must not say, and to whom. Pure.

It is filled in with examples for each class of debtor, of one item and of several, with and without interest; what a
message must say is looked for in the text that comes out.
"""

from __future__ import annotations

from collections.abc import Iterator

from lettra_notifications.domain.requests import Request
from lettra_notifications.domain.values import DEBTOR_CLASSES, Step
from lettra_notifications.templates.examples import example
from lettra_notifications.templates.filling import VARIABLES, Filled, fill, values
from lettra_notifications.templates.sandbox import BadTemplate, variables
from lettra_notifications.templates.sources import ITEMS, PAYMENT, Key, Source, keys, shipped
from lettra_notifications.templates.wording import (
    FORBIDDEN_FOR,
    NAMES_ITSELF,
    NEVER_SAID,
    NOTICE_SAYS,
    THANKS,
)

_NOTHING_DUE: frozenset[Step] = frozenset({"credit_note", "thanks"})
_LISTS_NOTHING: frozenset[Step] = frozenset({"thanks"})


def preview(key: Key, source: Source | None = None) -> Filled:
    """A template, filled in with an example; the one that comes with the service where none is given."""
    return fill(example(*key), source or shipped(key))


def problems(key: Key, source: Source) -> list[str]:
    """What is wrong, as sentences, each once; empty for a template that may be used."""
    found = list(_in_the_source(source))
    if not found:
        for request in _examples(key):
            found += _in_the_text(request, source)
    return list(dict.fromkeys(found))


def all_problems() -> dict[Key, list[str]]:
    """Of every template that comes with the service."""
    return {key: found for key in keys() if (found := problems(key, shipped(key)))}


def _examples(key: Key) -> Iterator[Request]:
    for debtor_class in DEBTOR_CLASSES:
        for several in (False, True):
            for claims in (False, True):
                yield example(*key, debtor_class, several=several, claims=claims)


def _in_the_source(source: Source) -> Iterator[str]:
    texts = {"subject": source.subject, "short message": source.sms or ""}
    texts |= {
        f"paragraph {number}": text
        for number, text in enumerate(source.paragraphs, start=1)
        if text not in {ITEMS, PAYMENT}
    }
    for place, text in texts.items():
        try:
            unknown = variables(text) - VARIABLES
        except BadTemplate as error:
            yield f"{place}: {error}"
            continue
        for name in sorted(unknown):
            yield f"{place}: the variable {name} is unknown; known are {', '.join(sorted(VARIABLES))}"
        for what, pattern in NEVER_SAID.items():
            if match := pattern.search(text):
                yield f"{place}: says {what} ({match.group()!r})"


def _in_the_text(request: Request, source: Source) -> Iterator[str]:
    try:
        filled = fill(request, source)
    except BadTemplate as error:
        yield str(error)
        return
    said = values(request)
    body = "\n".join(filled.paragraphs)
    yield from _lacks("the message", body, request.step, said)
    yield from _places(filled, request.step)
    if filled.sms is not None:
        yield from _lacks("the short message", filled.sms, request.step, said, short=True)
    for text in (filled.subject, body, filled.sms or ""):
        yield from _must_not_say(text, request)
    if request.step == "formal_notice":
        if not NAMES_ITSELF.search(body):
            yield "the message does not call itself a formal notice (mise en demeure)"
        if not NOTICE_SAYS[request.debtor_class].search(body):
            yield f"the message names no rule of law that holds for a debtor of class {request.debtor_class}"


def _lacks(
    where: str, text: str, step: Step, said: dict[str, object], *, short: bool = False
) -> Iterator[str]:
    wanted = {"amount": "total"}
    if step not in _NOTHING_DUE:
        wanted["due date"] = "due_date"
    if short:
        wanted |= {"reference": "reference", "account": "iban", "link": "link"}
    else:
        wanted["sentence of what follows"] = "what_follows"
    for what, name in wanted.items():
        if str(said[name]) not in text:
            yield f"{where} lacks the {what}: {{{{ {name} }}}}"
    if not THANKS.search(text):
        yield f"{where} lacks a word of thanks"


def _places(filled: Filled, step: Step) -> Iterator[str]:
    for mark, what in ((PAYMENT, "means to pay"), (ITEMS, "list of items")):
        if mark == ITEMS and step in _LISTS_NOTHING:
            continue
        if filled.paragraphs.count(mark) != 1:
            yield f"the message does not have the {what} once: {mark}"


def _must_not_say(text: str, request: Request) -> Iterator[str]:
    for what, pattern in NEVER_SAID.items():
        if match := pattern.search(text):
            yield f"says {what} ({match.group()!r})"
    for pattern in FORBIDDEN_FOR[request.debtor_class]:
        if match := pattern.search(text):
            yield f"says {match.group()!r} to a debtor of class {request.debtor_class}"
