"""The facts of one `TxDtls`, taken before its entry is complete, so that its XML can be freed at once.

What only the entry decides (direction, currency, which side is the counterparty) is left open here: both
sides and every amount are kept, and `entries` chooses.
"""

from decimal import Decimal
from typing import Final

from lettra_payment_ingest.bank._camt_values import (
    account_number,
    direction,
    money,
    money_of,
    reference,
    text,
)
from lettra_payment_ingest.bank._xml import Element, Flaw, children, find
from lettra_payment_ingest.bank.entries import NOBODY, Detail, Side
from lettra_payment_ingest.bank.limits import Limits

# Where a detail may say its part of the entry, the booked amount first. `Amt` exists since version 03.
_AMOUNT_PATHS: Final = (("AmtDtls", "TxAmt"), ("AmtDtls", "CntrValAmt"), ("AmtDtls", "InstdAmt"))


def read_detail(limits: Limits, element: Element) -> Detail:
    """The facts of a `TxDtls` element."""
    refs, parties = find(element, "Refs"), find(element, "RltdPties")
    structured, remittance = read_remittance(limits, element)
    return Detail(
        bank_ref=_bank_ref(limits, refs),
        end_to_end_id=reference(limits, refs, "EndToEndId") if refs is not None else None,
        mandate_id=reference(limits, refs, "MndtId") if refs is not None else None,
        amounts=_amounts(element),
        booked=_booked(element),
        direction=direction(element) if find(element, "CdtDbtInd") is not None else None,
        charges=read_charges(element),
        debtor=_side(limits, parties, "Dbtr"),
        creditor=_side(limits, parties, "Cdtr"),
        structured_reference=structured,
        remittance=remittance,
        additional=text(limits, element, "AddtlTxInf"),
        return_reason=_return_reason(limits, element),
        bank_transaction_code=read_code(limits, element),
        original=read_original(element),
        exchange_rate=read_rate(limits, element),
    )


def _bank_ref(limits: Limits, refs: Element | None) -> str | None:
    """The bank's own reference. (`TxId`, `InstrId` and the like are other parties'.)"""
    if refs is None:
        return None
    return reference(limits, refs, "AcctSvcrRef") or reference(limits, refs, "AcctSvcrTxId")


def _amounts(element: Element) -> dict[str, Decimal] | None:
    """The first amount found in each currency.

    `Amt` is money and read strictly. The others explain it, and many banks fill them carelessly: an
    unreadable one is as good as absent, because parts are only believed when they sum to the entry.
    """
    found: dict[str, Decimal] = {}
    if find(element, "Amt") is not None:
        amount, currency = money(element)
        found[currency] = amount
    for path in _AMOUNT_PATHS:
        inner = find(element, *path, "Amt")
        if inner is None:
            continue
        try:
            amount, currency = money_of(inner)
        except Flaw:
            continue
        found.setdefault(currency, amount)
    return found or None


def _booked(element: Element) -> dict[str, Decimal] | None:
    """The amount of the transaction beside that of the detail itself; as good as absent where it is unreadable."""
    inner = find(element, "AmtDtls", "TxAmt", "Amt")
    if inner is None or find(element, "Amt") is None:
        return None
    try:
        amount, currency = money_of(inner)
    except Flaw:
        return None
    return {currency: amount}


def read_original(element: Element) -> tuple[Decimal, str] | None:
    """What was sent, of an entry or a detail (`AmtDtls/InstdAmt`); it explains, so an unreadable one is as good as
    absent.
    """
    inner = find(element, "AmtDtls", "InstdAmt", "Amt")
    if inner is None:
        return None
    try:
        return money_of(inner)
    except Flaw:
        return None


def read_rate(limits: Limits, element: Element) -> str | None:
    """The exchange rate of an entry or a detail, as the bank writes it."""
    for amount in ("TxAmt", "InstdAmt", "CntrValAmt"):
        rate = find(element, "AmtDtls", amount, "CcyXchg", "XchgRate")
        if rate is not None:
            return text(limits, rate)
    return None


def read_charges(element: Element) -> dict[str, Decimal] | None:
    """The charges of an entry or a detail, by currency: the total where the bank gives one, else the sum of
    the records.

    Up to version 03 every `Chrgs` is one record; since 04 one `Chrgs` holds `Rcrd`s. A refunded charge
    (CRDT) is deducted.
    """
    total: dict[str, Decimal] = {}
    sums: dict[str, Decimal] = {}
    for charges in children(element, "Chrgs"):
        whole = find(charges, "TtlChrgsAndTaxAmt")
        if whole is not None:
            amount, currency = money_of(whole)
            total[currency] = amount
        records = list(children(charges, "Rcrd")) or ([charges] if find(charges, "Amt") is not None else [])
        for record in records:
            amount, currency = money(record)
            refund = find(record, "CdtDbtInd") is not None and direction(record) == "credit"
            sums[currency] = sums.get(currency, Decimal(0)) + (-amount if refund else amount)
    return (sums | total) or None


def _side(limits: Limits, parties: Element | None, role: str) -> Side:
    """The debtor's or creditor's side: its name, else the ultimate party's, else that of the account."""
    if parties is None:
        return NOBODY
    account = find(parties, role + "Acct")
    name = (
        _party_name(limits, find(parties, role))
        or _party_name(limits, find(parties, "Ultmt" + role))
        or (reference(limits, account, "Nm") if account is not None else None)
    )
    number = account_number(limits, account)
    return Side(name, number) if name or number else NOBODY


def _party_name(limits: Limits, party: Element | None) -> str | None:
    """A party's name: directly (to version 07), under `Pty` (since 08), or that of a bank acting for
    itself.
    """
    if party is None:
        return None
    return (
        reference(limits, party, "Nm")
        or reference(limits, party, "Pty", "Nm")
        or reference(limits, party, "Agt", "FinInstnId", "Nm")
    )


def read_remittance(limits: Limits, element: Element) -> tuple[str | None, str | None]:
    """The structured reference, and the text of the payment.

    The reference is the first creditor reference. The text is what the payer wrote, all occurrences joined
    by a blank: the unstructured lines, then what else designates documents (their numbers, further
    references, additional text).
    """
    information = find(element, "RmtInf")
    if information is None:
        return None, None
    words = [word for line in children(information, "Ustrd") if (word := text(limits, line))]
    structured: str | None = None
    for strd in children(information, "Strd"):
        ref = reference(limits, strd, "CdtrRefInf", "Ref") or reference(limits, strd, "CdtrRefInf", "CdtrRef")
        structured, further = (structured or ref), (ref if structured and ref != structured else None)
        numbers = (text(limits, d, "Nb") for d in children(strd, "RfrdDocInf"))
        notes = (text(limits, note) for note in children(strd, "AddtlRmtInf"))
        words += [word for word in (*numbers, further, *notes) if word]
    joined = " ".join(words)
    if len(joined) > limits.text_chars_max:
        raise Flaw(information, f"text of {len(joined)} characters, more than {limits.text_chars_max}")
    empty = not joined or joined.upper() in ("NOTPROVIDED", "NOT PROVIDED")
    return structured, None if empty else joined


def _return_reason(limits: Limits, element: Element) -> str | None:
    information = find(element, "RtrInf")
    if information is None:
        return None
    for path in (("Rsn", "Cd"), ("Rsn", "Prtry"), ("RtrRsn", "Cd"), ("RtrRsn", "Prtry")):
        code = text(limits, information, *path)
        if code:
            return code
    # It says that this is a return, which decides who the counterparty is; ISO has a code for "reason not
    # specified".
    return "MS03"


def read_code(limits: Limits, element: Element) -> str | None:
    """The bank transaction code: domain-family-subfamily of ISO (PMNT-RCDT-ESCT), else the bank's own."""
    code = find(element, "BkTxCd")
    if code is None:
        return None
    domain = find(code, "Domn")
    if domain is None:
        return text(limits, code, "Prtry", "Cd")
    parts = (("Cd",), ("Fmly", "Cd"), ("Fmly", "SubFmlyCd"))
    return "-".join(part for path in parts if (part := text(limits, domain, *path))) or None
