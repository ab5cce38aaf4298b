"""The demo's bank: statements that balance, follow each other, and are read back as they were meant."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest

from lettra_payment_ingest.bank.camt import read_camt, read_messages
from lettra_payment_ingest.bank.checks import check_continuity, check_statement
from lettra_payment_ingest.bank.model import Statement
from lettra_tools.demo.account import AccountLine, DayStatement
from lettra_tools.demo.camt import write_camt, write_report
from lettra_tools.demo.codes import rf_reference
from lettra_tools.demo.company import build_company
from lettra_tools.demo.days import business_days, fridays
from lettra_tools.demo.model import Company
from lettra_tools.demo.remittance import Document, write_remittance
from lettra_tools.demo.samples import accounts_in
from lettra_tools.demo.sources import SIZES, invent_sales, of_size

SEED = 3


@pytest.fixture(scope="module")
def company() -> Company:
    return build_company(of_size(invent_sales(SEED), SIZES["small"]), SEED)


@pytest.fixture(scope="module")
def papers(company: Company) -> dict[str, Document]:
    return {
        each.key: Document(_number(each.key), rf_reference(_number(each.key))) for each in company.invoices
    }


def _number(key: str) -> str:
    return key.replace("fee:", "FA2024-0000").replace("scene:", "FA2024-0100")


@pytest.fixture(scope="module")
def days(company: Company, papers: dict[str, Document]) -> list[DayStatement]:
    line = AccountLine(company, SEED)
    return line.write(
        [d for f in fridays(company.first_day, company.last_day) for d in business_days(f)], papers
    )


@pytest.fixture(scope="module")
def statements(days: list[DayStatement]) -> list[Statement]:
    return list(read_camt(write_camt("ALL", days), "all.xml"))


def test_every_statement_balances_and_continues_the_one_before(statements: list[Statement]) -> None:
    assert {check_statement(each).outcome for each in statements} == {"balanced"}
    for before, after in pairwise(statements):
        assert check_continuity(before.closing, after).outcome == "ok"
        assert after.electronic_sequence_number == (before.electronic_sequence_number or 0) + 1


def test_the_last_balance_is_what_came_in_less_what_went_out(
    company: Company, statements: list[Statement]
) -> None:
    received = sum((payment.amount for payment in company.payments), Decimal(0))
    spent = sum((debit.amount for debit in company.debits), Decimal(0))
    closing = statements[-1].closing
    assert closing is not None
    assert closing.amount == company.opening_balance + received - spent


def test_what_the_payer_wrote_is_read_back(
    company: Company, papers: dict[str, Document], statements: list[Statement]
) -> None:
    read = {t.entry_ref: t for each in statements for t in each.transactions if t.direction == "credit"}
    assert len(read) == len(company.payments)
    for payment in company.payments:
        found, written = read[payment.ref], write_remittance(payment, papers, SEED)
        text = None if written.text == "NOTPROVIDED" else written.text
        assert (found.amount, found.booking_date) == (payment.amount, payment.booking_date)
        assert (found.structured_reference, found.remittance) == (written.structured, text)
        assert (found.counterparty_name, found.counterparty_iban) == (payment.payer_name, payment.payer_iban)
        assert found.booked


def test_the_bank_books_some_transfers_as_a_batch(
    days: list[DayStatement], statements: list[Statement]
) -> None:
    batches = [entry for day in days for entry in day.entries if len(entry) > 1]
    assert batches
    assert sum(t.batch_size is not None for each in statements for t in each.transactions) == sum(
        map(len, batches)
    )


def test_the_same_days_give_the_same_bytes(company: Company, papers: dict[str, Document]) -> None:
    week = business_days(fridays(company.first_day, company.last_day)[3])
    once, again = (write_camt("W", AccountLine(company, SEED).write(week, papers)) for _ in range(2))
    assert once == again


def test_what_goes_back_is_read_as_a_return_of_its_payment(
    company: Company, statements: list[Statement]
) -> None:
    read = [t for each in statements for t in each.transactions]
    back = [t for t in read if t.return_reason is not None]
    assert back
    for debit in back:
        (original,) = [t for t in read if t.end_to_end_id == debit.end_to_end_id and t.direction == "credit"]
        assert (debit.direction, debit.amount, debit.return_reason) == ("debit", original.amount, "FOCR")


def test_what_is_announced_is_told_in_an_intraday_report_and_booked_later(
    company: Company, papers: dict[str, Document]
) -> None:
    (payment,) = [each for each in company.payments if each.announced_on is not None]
    assert payment.announced_on is not None
    line = AccountLine(company, SEED)
    told = line.announced([payment.announced_on], papers)
    assert line.announced([payment.booking_date], papers) == []
    file = write_report("COMING", company.account, "EUR", payment.announced_on, told)
    (report,) = read_messages(io.BytesIO(file), "coming.xml")
    assert report.message == "report"
    (coming,) = report.transactions
    assert (coming.entry_ref, coming.amount, coming.booked) == (payment.ref, payment.amount, False)


def test_texts_are_escaped(company: Company, papers: dict[str, Document]) -> None:
    (day,) = AccountLine(company, SEED).write([date(2024, 1, 2)], papers)
    hostile = DayStatement(7, "<&>", "EUR", day.day, Decimal(0), Decimal(0), ())
    (read,) = read_camt(write_camt('"<&', [hostile]), "hostile.xml")
    assert read.account == "<&>"


def test_accounts_of_files_of_others_are_found_by_name_alone(
    company: Company, days: list[DayStatement]
) -> None:
    assert set(accounts_in(write_camt("ALL", days[:2]))) == {(company.account, "EUR")}
    account = b"<Acct><Id><Othr><Id>12 34</Id></Othr></Id></Acct>"
    bare = b"<Document><Stmt>%b<Bal><Amt Ccy='CHF'>1</Amt></Bal></Stmt></Document>" % account
    assert list(accounts_in(bare)) == [("12 34", "CHF")]
    assert list(accounts_in(b"not XML")) == []
    assert list(accounts_in(b"<Document><Rpt/></Document>")) == []
