"""The complements of a CFONB 120 entry (records 05): texts of 70 columns, told apart by a qualifier of three letters.

NPY and NBE name payer and payee (NPO and NBU those behind them), CPY and CBE their accounts, LCC and LC2 what the
payer wrote, LCS his structured reference, LIB the bank's text, RCN the end-to-end reference (and the purpose behind
it), REF the bank's reference, RUM the mandate, RET why a payment came back, FEE a charge. Unknown ones are left out.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from lettra_payment_ingest.bank.values import (
    Wrong,
    account_number,
    checked,
    creditor_reference,
    filled,
    is_iban,
)

WIDTH: Final = 70
HALF: Final = 35

_FEE: Final = re.compile(r"([A-Z]{3})([0-5])(\d{1,14})\s*", re.ASCII)
_ISO_REASON: Final = re.compile(r"[A-Z]{2}\d{2}|CNOR|DNOR|FOCR|DUPL|CUST", re.ASCII)


@dataclass(slots=True)
class Complements:
    """The texts of one entry by qualifier, in their order; `count` is of all, known or not."""

    raws: dict[str, list[str]] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)
    count: int = 0

    def add(self, qualifier: str, raw: str, text: str) -> None:
        """Take the text of a record: its columns as they are, and readable."""
        self.raws.setdefault(qualifier, []).append(raw)
        self.texts.setdefault(qualifier, []).append(text)
        self.count += 1

    def _first(self, qualifier: str, last: int = WIDTH) -> str | None:
        """The first text of a qualifier, up to a column: behind it stands another value."""
        found = self.raws.get(qualifier)
        if not found:
            return None
        return filled(found[0][:last] if last < WIDTH else self.texts[qualifier][0])

    @property
    def end_to_end_id(self) -> str | None:
        return self._first("RCN", HALF)

    @property
    def reference(self) -> str | None:
        return self._first("REF")

    @property
    def mandate_id(self) -> str | None:
        return self._first("RUM", HALF)

    @property
    def structured_reference(self) -> str | None:
        structured = self._first("LCS")
        return creditor_reference(structured) or structured or creditor_reference(self._written())

    @property
    def return_reason(self) -> str | None:
        """ISO's reason of a return; where the bank gives another one, ISO's for none."""
        text = self._first("RET")
        if text is None:
            return None
        found = _ISO_REASON.match(text)
        return found[0] if found else "MS03"

    def name(self, *qualifiers: str) -> str | None:
        """The first name there is of these parties."""
        return next((name for each in qualifiers if (name := self._first(each))), None)

    def account(self, qualifier: str) -> str | None:
        """A party's account; behind an IBAN may stand more."""
        text = self._first(qualifier)
        if text is None:
            return None
        head = text.split(" ")[0]
        return head if is_iban(head) else account_number(text)

    def remittance(self, label: str | None) -> str | None:
        """What the payer wrote, then the bank's texts; `label`, the entry's own, where the payer wrote nothing."""
        written = self._written()
        further = [*self.texts.get("LIB", []), *self.texts.get("LEM", [])]
        words = [written or label, *further]
        return " ".join(dict.fromkeys(word for word in words if word)) or None

    def _written(self) -> str | None:
        """LCC and LC2: a word may be cut where the first is full."""
        lines = self.texts.get("LCC", []) + self.texts.get("LC2", [])
        raws = self.raws.get("LCC", []) + self.raws.get("LC2", [])
        text = ""
        for line, raw in zip(lines, raws, strict=True):
            text += line + ("" if len(raw.rstrip()) == WIDTH else " ")
        return filled(text)

    def charges(self, currency: str) -> Decimal | None:
        """The charges in this currency; they explain, so a wrong one is as good as absent."""
        found = _FEE.fullmatch((self.raws.get("FEE") or [""])[0])
        if found is None or found[1] != currency:
            return None
        try:
            return checked(Decimal(found[3]).scaleb(-int(found[2])), currency, found[3])
        except Wrong:
            return None
