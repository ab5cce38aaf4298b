"""Whether a statement can be believed: does it add up, and does it follow the one before it.

Pure judgements of what a bank sent; nothing is corrected. A statement that does not add up is to be
quarantined whole, and the reason names the numbers, because a person will have to ask the bank about them.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from lettra_payment_ingest.bank.exact import exact_sum, shown
from lettra_payment_ingest.bank.model import Balance, Statement


@dataclass(frozen=True, slots=True)
class Verdict:
    """`balanced`: it adds up. `unverified`: a balance is absent, so nobody can tell; taken, with this
    warning. `quarantined`: it contradicts itself. The reason is in words, empty only for `balanced`.
    """

    outcome: Literal["balanced", "unverified", "quarantined"]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Continuity:
    """`ok`: it opens where the one before closed. `gap`: it does not. `unknown`: there is nothing to
    compare.
    """

    outcome: Literal["ok", "gap", "unknown"]
    reason: str = ""


def check_statement(statement: Statement) -> Verdict:
    """Opening balance plus booked entries must be the closing balance, to the last digit, in one currency."""
    if statement.message != "statement":
        return Verdict(
            "unverified", f"a {statement.message} only announces: its entries are in no balance yet"
        )
    currencies = _currencies(statement)
    if len(set(currencies.values())) > 1:
        return Verdict("quarantined", "currencies are mixed: " + _named(currencies, statement))
    opening, closing = statement.opening, statement.closing
    if opening is None or closing is None:
        absent = [name for name, found in (("opening", opening), ("closing", closing)) if found is None]
        return Verdict("unverified", f"no {' and no '.join(absent)} balance: the entries cannot be verified")
    entries = booked_sum(statement)
    expected = exact_sum((opening.amount, entries))
    if expected == closing.amount:
        return Verdict("balanced")
    difference = exact_sum((closing.amount, expected.copy_negate()))
    sums = f"opening {shown(opening.amount)} + entries {shown(entries)} = {shown(expected)}"
    closes = f"closing is {shown(closing.amount)} {closing.currency}"
    return Verdict("quarantined", f"does not add up: {sums}, but {closes}: difference {shown(difference)}")


def booked_sum(statement: Statement) -> Decimal:
    """What the booked transactions change the balance by. Announced ones (PDNG, INFO) are not in any
    balance.
    """
    return exact_sum(t.signed_amount for t in statement.transactions if t.booked)


def _currencies(statement: Statement) -> dict[str, str]:
    """The currencies that count, each with what it was first seen on."""
    found: dict[str, str] = {}
    if statement.currency is not None:
        found["account"] = statement.currency
    for name, balance in (("opening", statement.opening), ("closing", statement.closing)):
        if balance is not None:
            found[name] = balance.currency
    for transaction in statement.transactions:
        if transaction.booked:
            found.setdefault(f"entries in {transaction.currency}", transaction.currency)
    return found


def _named(currencies: dict[str, str], statement: Statement) -> str:
    """The same in words, with the amounts."""
    words = [f"account {currencies['account']}"] if "account" in currencies else []
    for name, balance in (("opening", statement.opening), ("closing", statement.closing)):
        if balance is not None:
            words.append(f"{name} {shown(balance.amount)} {balance.currency}")
    for name, currency in currencies.items():
        if name.startswith("entries"):
            booked = [t for t in statement.transactions if t.booked and t.currency == currency]
            words.append(f"entries {shown(exact_sum(t.signed_amount for t in booked))} {currency}")
    return ", ".join(words)


def check_continuity(
    previous_closing: Balance | None, statement: Statement, previous_number: int | None = None
) -> Continuity:
    """Whether the statement opens with the balance that the one before it (of the same account) closed with.

    `previous_number` is that one's sequence number; where given, it lets a gap say which statements are
    missing.
    """
    opening = statement.opening
    if previous_closing is None:
        return Continuity("unknown", "no statement before this one")
    if opening is None:
        return Continuity("unknown", "no opening balance to compare")
    if (opening.currency, opening.amount) == (previous_closing.currency, previous_closing.amount):
        return Continuity("ok")
    before = f"the statement before closed with {shown(previous_closing.amount)} {previous_closing.currency}"
    here = f"this one opens with {shown(opening.amount)} {opening.currency}"
    missing = _missing(previous_number, statement)
    if opening.currency != previous_closing.currency:
        return Continuity("gap", f"{before}, {here}{missing}")
    difference = exact_sum((opening.amount, previous_closing.amount.copy_negate()))
    return Continuity("gap", f"{before}, {here}: difference {shown(difference)}{missing}")


def sequence_number(statement: Statement) -> int | None:
    """The number that counts the statements of an account: the legal one, which names whole statements, else
    the electronic one.
    """
    legal, electronic = statement.legal_sequence_number, statement.electronic_sequence_number
    return electronic if legal is None else legal


def _missing(previous_number: int | None, statement: Statement) -> str:
    number = sequence_number(statement)
    if previous_number is None or number is None or number <= previous_number + 1:
        return ""
    first, last = previous_number + 1, number - 1
    missing = f"statement {first} is" if first == last else f"statements {first} to {last} are"
    return f"; {missing} missing"
