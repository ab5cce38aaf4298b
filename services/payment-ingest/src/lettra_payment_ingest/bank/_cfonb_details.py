"""The complements of a CFONB 120 entry (records 05): texts of 70 columns, told apart by a qualifier of three letters.

NPY and NBE name payer and payee (NPO and NBU those behind them), CPY and CBE their accounts, LCC and LC2 what the
payer wrote, LCS his structured reference, LIB the bank's text, RCN the end-to-end reference (and the purpose behind
it), REF the bank's reference, RUM the mandate, RET why a payment came back, FEE a charge, MMO the amount in another
currency and its rate. Unknown ones are left out.
"""

import re
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

_ORIGINAL: Final = re.compile(r"([A-Z]{3})([0-5])(\d{14})(?:([0-9]) *(\d{1,11}))?", re.ASCII)
_FEE: Final = re.compile(r"([A-Z]{3})([0-5])(\d{1,14})\s*", re.ASCII)
_ISO_REASON: Final = re.compile(r"[A-Z]{2}\d{2}|CNOR|DNOR|FOCR|DUPL|CUST", re.ASCII)


class Complements:
    """The texts of one entry: `raws` are its records in their order, each a qualifier and the columns behind it."""

    def __init__(self, raws: list[str]) -> None:
        self._raws: dict[str, list[str]] = {}
        for raw in raws:
            if raw[3:].strip():
                self._raws.setdefault(raw[:3], []).append(raw[3:])

    def _all(self, *qualifiers: str) -> list[str]:
        """The texts of these qualifiers, readable."""
        return [" ".join(raw.split()) for qualifier in qualifiers for raw in self._raws.get(qualifier, [])]

    def _first(self, qualifier: str, last: int = WIDTH) -> str | None:
        """The first text of a qualifier, up to a column: behind it stands another value."""
        found = self._raws.get(qualifier)
        return filled(found[0][:last]) if found else None

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
        words = [written or label, *self._all("LIB", "LEM")]
        return " ".join(dict.fromkeys(word for word in words if word)) or None

    def _written(self) -> str | None:
        """LCC and LC2: a word may be cut where the first is full."""
        text = ""
        for raw in [*self._raws.get("LCC", []), *self._raws.get("LC2", [])]:
            text += raw if len(raw) == WIDTH else f"{raw} "
        return filled(text)

    @property
    def original(self) -> tuple[Decimal, str] | None:
        """What was sent in another currency (MMO); it explains, so a wrong one is as good as absent."""
        found = _ORIGINAL.match((self._raws.get("MMO") or [""])[0])
        return (Decimal(found[3]).scaleb(-int(found[2])), found[1]) if found else None

    @property
    def exchange_rate(self) -> str | None:
        """The rate behind what was sent: how many decimals it has, and its digits."""
        found = _ORIGINAL.match((self._raws.get("MMO") or [""])[0])
        if found is None or found[4] is None:
            return None
        return f"{Decimal(found[5]).scaleb(-int(found[4])):f}"

    def charges(self, currency: str) -> Decimal | None:
        """The charges in this currency; they explain, so a wrong one is as good as absent."""
        found = _FEE.fullmatch((self._raws.get("FEE") or [""])[0])
        if found is None or found[1] != currency:
            return None
        try:
            return checked(Decimal(found[3]).scaleb(-int(found[2])), currency, found[3])
        except Wrong:
            return None
