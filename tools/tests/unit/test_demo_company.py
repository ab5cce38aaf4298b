"""The demo company: the same for the same seed, exact in its amounts, and nobody's."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations
from pathlib import Path

import pytest
from schwifty import IBAN
from stdnum import iso11649
from stdnum.fr import siren

from lettra_tools.demo import codes
from lettra_tools.demo.company import build_company
from lettra_tools.demo.days import business_day, business_days, friday_before, fridays
from lettra_tools.demo.erp import CUSTOMER_COLUMNS, write_customers, write_invoices
from lettra_tools.demo.model import Company, CreditNote, Habit, Invoice, Payment, with_vat
from lettra_tools.demo.remittance import Document, write_remittance
from lettra_tools.demo.sources import SIZES, DataError, invent_sales, of_size, read_late_payments

ROW = "391,0187-ERLSR,20/11/2012,7900770,26/01/2013,25/02/2013,61.7,{disputed},{settled},Paper,15,0"
HEADER = (
    "countrycode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate,"
    "PaperlessBill,DaysToSettle,DaysLate"
)


@pytest.fixture(scope="module")
def company() -> Company:
    return build_company(invent_sales(1), 1)


def documents(company: Company) -> dict[str, Document]:
    """As Lettra would number them."""
    numbered = {}
    for count, invoice in enumerate(company.invoices, 1):
        number = invoice.key if invoice.imported else f"FA2024-{count:06d}"
        reference = invoice.reference if invoice.imported else codes.rf_reference(number)
        numbered[invoice.key] = Document(number, reference)
    return numbered


def test_the_same_seed_gives_the_same_company_and_another_one_another(company: Company) -> None:
    assert build_company(invent_sales(1), 1) == company
    assert build_company(invent_sales(1), 2) != company
    assert invent_sales(1) != invent_sales(2)


@pytest.mark.parametrize("seed", range(1, 4))
def test_no_invented_number_reads_as_a_date(seed: int) -> None:
    """Guard: the range in invent_sales; matching takes such a number for a date, and the demo would not hold."""
    dates = re.compile(
        r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d\d"
    )
    numbers = [sale.number for sale in invent_sales(seed)]
    assert len(set(numbers)) == len(numbers)
    assert [number for number in numbers if dates.fullmatch(number)] == []


def test_payers_write_the_same_for_the_same_seed(company: Company) -> None:
    known = documents(company)
    written = [write_remittance(payment, known, 1) for payment in company.payments]
    assert written == [write_remittance(payment, known, 1) for payment in company.payments]
    assert written != [write_remittance(payment, known, 2) for payment in company.payments]


def test_every_amount_adds_up_to_the_cent(company: Company) -> None:
    documents_: list[Invoice | CreditNote] = [*company.invoices, *company.credit_notes]
    for document in documents_:
        assert document.net + document.vat == document.gross
        assert document.gross == document.gross.quantize(Decimal("0.01")) > 0
        assert document.vat >= 0
    for payment in company.payments:
        whole = payment.amount == sum(payment.settles.values()) + payment.on_account
        assert not payment.names or payment.is_returned or whole
        assert not payment.silently or payment.amount == sum(payment.silently.values())
        assert payment.names or not payment.settles
        assert payment.amount > 0
        assert payment.on_account >= 0


@pytest.mark.parametrize("gross", ["0.01", "0.02", "0.06", "100.00", "9999999.99"])
def test_net_and_vat_are_the_gross(gross: str) -> None:
    net, vat = with_vat(Decimal(gross))
    assert net + vat == Decimal(gross)
    assert net >= 0
    assert vat >= 0


def test_no_document_is_settled_by_more_than_its_credit_notes_leave(company: Company) -> None:
    left = {invoice.key: invoice.gross for invoice in company.invoices}
    paid_on: dict[str, date] = {}
    for payment in company.payments:
        for key, amount in payment.settles.items():
            left[key] -= amount
            paid_on[key] = payment.booking_date
    assert min(left.values()) >= 0
    for note in company.credit_notes:
        before_payment = note.corrects not in paid_on or note.issue_date <= paid_on[note.corrects]
        assert left[note.corrects] >= note.gross or not before_payment


def test_every_habit_is_there_and_says_what_it_names(company: Company) -> None:
    known = documents(company)
    assert {payment.habit for payment in company.payments} == set(Habit)
    for payment in company.payments:
        written = write_remittance(payment, known, 1)
        said = _bare(f"{written.structured or ''} {written.text or ''} {payment.advice or ''}")
        for key in payment.names:
            paper = known[key]
            assert _bare(paper.number) in said or (paper.reference or "?") in said
        if not payment.names and payment.habit is not Habit.WRONG_NUMBER:
            assert not any(_bare(paper.number) in said for paper in known.values())


def _bare(text: str) -> str:
    return "".join(c for c in text.upper() if c.isalnum())


def test_what_must_come_in_order_is_never_in_one_week(company: Company) -> None:
    """Within a week's file, payments may be decided in any order."""
    weeks: Counter[tuple[str, date]] = Counter()
    for payment in company.payments:
        friday = fridays(payment.booking_date, payment.booking_date + timedelta(days=7))[0]
        weeks.update((key, friday) for key in payment.names)
    assert max(weeks.values()) == 1


def _ways(company: Company, payment: Payment) -> int:
    """In how many ways invoices of who pays, issued by then, add up to a payment."""
    amounts = [
        each.gross
        for each in company.invoices
        if each.customer_id == payment.customer_id and each.issue_date <= payment.booking_date
    ]
    subsets = (some for count in range(1, len(amounts) + 1) for some in combinations(amounts, count))
    return sum(sum(some) == payment.amount for some in subsets)


@pytest.mark.parametrize(
    ("habit", "ways"),
    [
        (Habit.GROUP, 0),
        (Habit.ON_BEHALF, 1),
        (Habit.STATEMENT, 1),
        (Habit.UNIQUE_SUM, 1),
        (Habit.SAME_AMOUNT, 2),
        (Habit.SEVERAL_SUMS, 2),
        (Habit.ROUND_SUM, 0),
        (Habit.WRONG_NUMBER, 1),
        (Habit.SIMILAR_NAMES, 1),
        (Habit.PREPAID, 0),
    ],
)
def test_what_a_silent_payer_owes_adds_up_in_as_many_ways_as_the_scene_says(
    company: Company, habit: Habit, ways: int
) -> None:
    found = [payment for payment in company.payments if payment.habit is habit]
    assert found
    assert {_ways(company, payment) for payment in found} == {ways}


def test_items_of_a_sum_that_several_sets_give_are_of_different_days(company: Company) -> None:
    """Guard: the days of `several_sums`; two of one day are a natural group, and then it is no guess."""
    payers = {p.customer_id for p in company.payments if p.habit is Habit.SEVERAL_SUMS}
    days = [(i.customer_id, i.issue_date) for i in company.invoices if i.customer_id in payers]
    assert len(set(days)) == len(days) == 5 * len(payers)


def test_a_part_that_may_be_taken_for_fees_is_called_a_part() -> None:
    """Guard: `is_short` in PaymentPlan; the company takes up to 15 EUR less for bank fees."""
    company = build_company([replace(sale, gross=Decimal(25)) for sale in invent_sales(1)], 1)
    gross = {invoice.key: invoice.gross for invoice in company.invoices}
    parts = [p for p in company.payments if p.habit is Habit.PARTIAL]
    short = [p for p in parts if 0 < gross[p.names[0]] - p.amount <= Decimal("15.00")]
    assert short
    assert {p.words for p in short if gross[p.names[0]] == 25} >= {"ACOMPTE FACTURE {}"}


def test_nobody_overpays_an_invoice_by_more_than_it() -> None:
    """Guard: `more` in PaymentPlan; a person looks at such a payment, as matching's page says."""
    company = build_company([replace(sale, gross=Decimal(5)) for sale in invent_sales(1)], 1)
    more = [
        p.on_account for p in company.payments if p.habit is Habit.OVERPAID and p.settles.get(p.names[0]) == 5
    ]
    assert max(more) == 5


def test_it_is_a_company_of_the_size_that_was_promised(company: Company) -> None:
    assert len(company.customers) <= 300
    assert len(company.invoices) <= 3_000
    numbers = [invoice.key for invoice in company.invoices]
    assert len(set(numbers)) == len(numbers)


def test_early_payments_come_in_a_week_before_their_invoice(company: Company) -> None:
    known_on = {invoice.key: invoice.known_on for invoice in company.invoices}
    early = [payment for payment in company.payments if payment.habit is Habit.EARLY]
    assert early
    for payment in early:
        (key,) = payment.names
        assert business_days(friday_before(payment.booking_date + timedelta(days=6)))[-1] < known_on[key]
        assert known_on[key] <= company.last_day


def test_payments_are_booked_on_business_days_until_the_last_one(company: Company) -> None:
    days = [payment.booking_date for payment in company.payments]
    assert days == sorted(days)
    assert days[-1] <= company.last_day
    assert all(day == business_day(day) for day in days)
    refs = [payment.ref for payment in company.payments]
    assert len(set(refs)) == len(refs)


def test_codes_pass_every_check_and_are_nobodys(company: Company) -> None:
    for customer in company.customers:
        assert IBAN(customer.iban, validate_bban=True).bank_code == "99999"
        assert siren.is_valid(customer.siren)
        assert customer.siren.startswith("000")
    assert len({customer.name for customer in company.customers}) == len(company.customers)
    references = [invoice.reference for invoice in company.invoices if invoice.reference]
    assert references
    assert all(iso11649.is_valid(reference) for reference in references)


def test_the_extracts_hold_no_mail_address(company: Company) -> None:
    rows = [line.split(",") for line in write_customers(company.customers).decode().splitlines()]
    assert rows[0] == list(CUSTOMER_COLUMNS)
    assert {row[CUSTOMER_COLUMNS.index("email")] for row in rows[1:]} == {""}
    extract = write_invoices(company, company.invoices).decode()
    assert "@" not in extract
    assert extract.count("\n") == len(company.invoices) + 1


def test_public_data_are_read_day_first(tmp_path: Path) -> None:
    file = tmp_path / "data.csv"
    rows = [HEADER, ROW.format(disputed="Yes", settled="06/02/2013")]
    file.write_text("\r\n".join(rows) + "\r\n")
    (sale,) = read_late_payments(file)
    assert (sale.issued, sale.settled) == (date(2013, 1, 26), date(2013, 2, 6))
    assert (sale.gross, sale.disputed) == (Decimal("61.70"), True)


@pytest.mark.parametrize("settled", ["02/26/2013", "", "x"])
def test_public_data_of_another_shape_are_refused_with_their_line(tmp_path: Path, settled: str) -> None:
    file = tmp_path / "data.csv"
    file.write_text("\n".join([HEADER, ROW.format(disputed="No", settled=settled)]))
    with pytest.raises(DataError, match=r"data\.csv, line 2: .*LETTRA_DATA"):
        read_late_payments(file)


def test_small_is_a_part_of_full() -> None:
    sales = invent_sales(1)
    small = of_size(sales, SIZES["small"])
    assert set(small) < set(sales)
    assert len({sale.customer for sale in small}) <= SIZES["small"].customers_max


def test_what_would_be_paid_after_the_last_day_is_not_paid() -> None:
    late = [replace(sale, settled=sale.settled + timedelta(days=400)) for sale in invent_sales(1)[:20]]
    company = build_company(late, 1)
    imported = {invoice.key for invoice in company.invoices if invoice.imported}
    assert len(imported) == len(late)
    assert not any(imported & set(payment.names) for payment in company.payments)
