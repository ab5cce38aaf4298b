"""What ten banks make of a payment's texts before anybody reads them: letters, signs, lengths, line ends, padding."""

from __future__ import annotations

import re
from dataclasses import dataclass
from textwrap import wrap

from lettra_tools.matchbench.payers import plain
from lettra_tools.matchbench.world import Draft

_NOT_SEPA = re.compile(r"[^A-Za-z0-9/?:().,'+ -]")
_NOT_LETTERS = re.compile(r"[^A-Za-z0-9.,]+")
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "AE", "Ö": "OE", "Ü": "UE", "ß": "ss"})


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank's habits. `capacity` letters of a text come through, `name_length` of a name; a text is cut into lines of
    `line` letters, which stand apart (`lines_apart`) or in one text with a blank where a line ended.
    """

    name: str
    format: str
    letters: str = "as_written"
    capacity: int = 140
    name_length: int = 70
    line: int | None = None
    lines_apart: bool = False
    around: str = "{text}"
    shows_account: bool = True
    padded: bool = False
    batches: str = ""

    def lettered(self, text: str) -> str:
        """The text in the letters that this bank has."""
        match self.letters:
            case "sepa_capitals":
                return _NOT_SEPA.sub(" ", plain(text)).upper()
            case "sepa":
                return _NOT_SEPA.sub(" ", plain(text.translate(_GERMAN)))
            case "no_signs":
                return _NOT_LETTERS.sub(" ", plain(text)).upper()
        return text

    def fits(self, text: str) -> bool:
        """Whether all of a text comes through."""
        return len(self.lettered(text)) <= self.capacity

    def shown_name(self, name: str) -> str:
        return self.lettered(name)[: self.name_length].strip()

    def shown(self, draft: Draft) -> list[str]:
        """The lines in which the text arrives; none where there is nothing."""
        text = self.lettered(draft.text)[: self.capacity].rstrip()
        if self.line is not None:
            text = ("\n" if self.lines_apart else " ").join(_lines(text, self.line))
        if self.around != "{text}":
            end_to_end = draft.end_to_end or "NOTPROVIDED"
            text = self.around.format(text=text, name=self.shown_name(draft.name), end_to_end=end_to_end)
        if self.padded:
            text = "  ".join(line.ljust(30) for line in wrap(text, 30))
        return [line for line in text.split("\n") if line.strip()]


def _lines(text: str, length: int) -> list[str]:
    return [text[at : at + length] for at in range(0, len(text), length)]


BANKS = {
    bank.name: bank
    for bank in (
        Bank("capitals", "camt.053.001.02", "sepa_capitals"),
        Bank("as written", "camt.053.001.08", batches="own references"),
        Bank("four columns", "cfonb", "sepa_capitals", name_length=35),
        Bank("no account", "cfonb", "sepa_capitals", name_length=27, shows_account=False),
        Bank("thirty-five", "camt.053.001.02", "sepa_capitals", line=35, lines_apart=True, name_length=35),
        Bank("flattened", "camt.053.001.08", "sepa", line=27, batches="entry's reference"),
        Bank("in words", "camt.053.001.08", "sepa_capitals", around="VIREMENT RECU DE {name} MOTIF: {text}"),
        Bank("subfields", "mt940 subfields", "sepa", name_length=54),
        Bank("code words", "mt940 code words", "sepa", line=65),
        Bank("no signs", "camt.053.001.02", "no_signs", name_length=40, padded=True),
    )
}
