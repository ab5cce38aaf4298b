"""Templates as files: a subject, paragraphs with the places of the list and of the means to pay, and a short message.

    Subject: Factures impayées : {{ total }}

    Bonjour,

    [items]

    [payment]

    --- sms ---
    {{ sender }} : ...

Each paragraph is a template of its own, so that the marks of one cannot be made by the values of another.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from lettra_notifications.domain.values import LANGUAGES, STEPS, TONES, Language, Step, Tone
from lettra_notifications.templates.sandbox import SOURCE_MAX, BadTemplate

ITEMS, PAYMENT = "[items]", "[payment]"
PARAGRAPHS_MAX = 40
_SUBJECT, _SMS = "Subject: ", "--- sms ---"


@dataclass(frozen=True)
class Source:
    """A template: `paragraphs` holds texts and the two marks; `sms` is None where the step has no short message."""

    subject: str
    paragraphs: tuple[str, ...]
    sms: str | None = None


Key = tuple[Language, Step, Tone]


def keys() -> tuple[Key, ...]:
    """Every template that there must be."""
    return tuple((language, step, tone) for language in LANGUAGES for step in STEPS for tone in TONES[step])


def parse(text: str) -> Source:
    """A template from its file's text. BadTemplate names what is wrong with its shape."""
    if len(text) > SOURCE_MAX:
        raise BadTemplate(f"a template has {len(text)} characters, {SOURCE_MAX} at most")
    body, mark, sms = text.replace("\r\n", "\n").partition(f"\n{_SMS}\n")
    first, _, rest = body.lstrip("\n").partition("\n")
    if not first.startswith(_SUBJECT) or not first.removeprefix(_SUBJECT).strip():
        raise BadTemplate(f"the first line does not begin with {_SUBJECT!r} and say the subject")
    paragraphs = tuple(
        part for part in (" ".join(each.split("\n")).strip() for each in rest.split("\n\n")) if part
    )
    if not 0 < len(paragraphs) <= PARAGRAPHS_MAX:
        raise BadTemplate(f"a template has 1 to {PARAGRAPHS_MAX} paragraphs, this one {len(paragraphs)}")
    if mark and not sms.strip():
        raise BadTemplate("the short message is empty")
    return Source(first.removeprefix(_SUBJECT).strip(), paragraphs, " ".join(sms.split()) if mark else None)


@lru_cache(maxsize=200)
def shipped(key: Key) -> Source:
    """The template that comes with the service."""
    language, step, tone = key
    name = f"{step}.txt" if tone == "neutral" else f"{step}_{tone}.txt"
    file = resources.files(__package__).joinpath(language).joinpath(name)
    return parse(file.read_text(encoding="utf-8"))
