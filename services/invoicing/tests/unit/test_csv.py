"""Files as they come: what is read, and what is refused with its line and column."""

from __future__ import annotations

import csv
import io
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from invoicing_examples import (
    CUSTOMER_HEADER,
    IBAN,
    INVOICE_HEADER,
    MAIL,
    columns_of,
    customers_csv,
    invoice_row,
    invoices_csv,
    many_invoices,
    note_row,
)

from lettra_events.service.rejection import Rejected
from lettra_invoicing.imports import (
    CELL_CHARS_MAX,
    CUSTOMERS,
    ERRORS_REPORTED_MAX,
    INVOICES,
    BadCell,
    Kind,
    stage,
)

ROWS_MAX = 200_000
GOOD = invoice_row("E-1")


@dataclass(frozen=True)
class Checked:
    """The commands of a file, each with its line, and the errors."""

    rows: list[tuple[int, Any]]
    errors: list[BadCell]


def read(kind: Kind, data: bytes, rows_max: int) -> Checked:
    staged = stage(kind, io.BytesIO(data), rows_max)
    rows = [(row.line, row.command) for row in staged.rows(range(len(staged)))]
    staged.close()
    return Checked(rows, staged.errors)


def read_customers(data: bytes, rows_max: int) -> Checked:
    return read(CUSTOMERS, data, rows_max)


def read_invoices(data: bytes, rows_max: int) -> Checked:
    return read(INVOICES, data, rows_max)


def refused(data: bytes, rows_max: int = ROWS_MAX) -> tuple[str, str]:
    """The kind and the words with which the file is refused as a whole."""
    with pytest.raises(Rejected) as error:
        read_invoices(data, rows_max)
    assert error.value.field == "file"
    return error.value.kind, error.value.detail


class TestRead:
    def test_invoices_and_credit_notes(self):
        checked = read_invoices(invoices_csv(GOOD, note_row("E-2", "E-1")), ROWS_MAX)
        assert checked.errors == []
        (first_line, invoice), (second_line, note) = checked.rows
        assert (first_line, invoice.document_number, invoice.gross) == (2, "E-1", Decimal("120.00"))
        assert (second_line, note.kind, note.corrects, note.due_date) == (3, "credit_note", "E-1", None)

    def test_customers(self):
        other = "DE89370400440532013000"
        row = f"C-1,Dupont & Fils,404833048,,{IBAN} {other},{MAIL},en,G-1"
        ((line, customer),) = read_customers(customers_csv(row), ROWS_MAX).rows
        assert (line, customer.customer_id, customer.ibans) == (2, "C-1", (IBAN, other))
        assert (customer.vat_number, customer.email, customer.group_id) == (None, MAIL, "G-1")

    def test_empty_cells_are_absent(self):
        ((_, customer),) = read_customers(customers_csv("C-1,Dupont,,,,,,"), ROWS_MAX).rows
        assert (customer.siren, customer.ibans, customer.language) == (None, (), "fr")

    def test_columns_in_any_order(self):
        data = b"name,customer_id,group_id,siren,vat_number,ibans,email,language\nDupont,C-1,,,,,,fr\n"
        ((_, customer),) = read_customers(data, ROWS_MAX).rows
        assert (customer.customer_id, customer.name) == ("C-1", "Dupont")

    def test_a_byte_order_mark(self):
        """Guard: _text takes it off (imports/reading.py)."""
        assert len(read_invoices(b"\xef\xbb\xbf" + invoices_csv(GOOD), ROWS_MAX).rows) == 1

    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_line_ends_of_both_worlds_and_empty_lines(self, end):
        """Guard: _lines leaves empty lines out, and counts them (imports/reading.py)."""
        data = end.join([INVOICE_HEADER, "", GOOD, "", invoice_row("E-2"), "", ""]).encode()
        checked = read_invoices(data, ROWS_MAX)
        assert ([line for line, _ in checked.rows], checked.errors) == ([3, 5], [])

    def test_commas_and_quotes_inside_quotes(self):
        ((_, customer),) = read_customers(customers_csv('C-1,"Dupont, ""le"" Fils",,,,,fr,'), ROWS_MAX).rows
        assert customer.name == 'Dupont, "le" Fils'

    def test_a_newline_inside_quotes_belongs_to_the_row_and_lines_stay_right(self):
        """Guard: a row's line is where it begins (_lines in imports/reading.py)."""
        rows = 'C-1,"two\nlines",,,,,fr,', "C-2,Durand,123,,,,fr,"
        checked = read_customers(customers_csv(*rows), ROWS_MAX)
        assert columns_of(checked.errors) == [(2, "name"), (4, "siren")]

    def test_no_rows(self):
        checked = read_invoices(invoices_csv(), ROWS_MAX)
        assert (checked.rows, checked.errors) == ([], [])


class TestRefusedWhole:
    def test_an_empty_file(self):
        kind, detail = refused(b"")
        assert kind == "wrong-header"
        assert detail.startswith("line 1: columns missing: 'entity_id', 'customer_id'")

    @pytest.mark.parametrize(
        ("header", "words"),
        [
            (INVOICE_HEADER.replace("gross,", ""), "missing: 'gross'"),
            (INVOICE_HEADER + ",colour", "unknown: 'colour'"),
            (INVOICE_HEADER + ",net", "twice: 'net'"),
            (INVOICE_HEADER.replace("net", "Net"), "missing: 'net'; unknown: 'Net'"),
            (INVOICE_HEADER.replace(",", ";"), "unknown: 'entity_id;customer_id;"),
        ],
        ids=["missing", "unknown", "twice", "other case", "semicolons"],
    )
    def test_a_wrong_header(self, header, words):
        """Guard: _header (imports/reading.py); of a column that stands twice one would be lost."""
        kind, detail = refused(f"{header}\n{GOOD}\n".encode())
        assert kind == "wrong-header"
        assert words in detail

    @pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "after a mark"])
    def test_what_is_not_utf_8(self, mark):
        """Guard: _text names the line (imports/reading.py), with a byte order mark as well."""
        data = mark + customers_csv("C-1,Dupont,,,,,,").replace(b"C-1", b"\xe9-1")
        with pytest.raises(Rejected) as error:
            read_customers(data, ROWS_MAX)
        assert error.value.kind == "not-utf-8"
        assert error.value.detail == "line 2: the byte 0xe9 is not UTF-8"

    @pytest.mark.parametrize("row", ['"E-1"x,', '"never closed'])
    def test_malformed_csv(self, row):
        """Guard: the reader is strict (_lines in imports/reading.py)."""
        kind, detail = refused(invoices_csv(GOOD, row))
        assert (kind, detail[:7]) == ("malformed-csv", "line 3:")

    def test_a_cell_beyond_the_limit(self):
        """Guard: csv.field_size_limit (_lines in imports/reading.py)."""
        kind, detail = refused(invoices_csv(GOOD, "x" * (CELL_CHARS_MAX + 1)))
        assert kind == "malformed-csv"
        assert str(CELL_CHARS_MAX) in detail

    def test_too_many_rows(self):
        """Guard: rows_max (_lines in imports/reading.py)."""
        three = invoices_csv(GOOD, invoice_row("E-2"), "", invoice_row("E-3"))
        assert refused(three, rows_max=2)[0] == "too-many-rows"
        assert len(read_invoices(three, 3).rows) == 3


class TestBadRows:
    def test_every_bad_cell_is_named(self):
        """Guard: reading goes on after a bad row (_read in imports/reading.py)."""
        rows = [
            GOOD,
            invoice_row("E-2", issue_date="05/01/2026", currency="EURO"),
            invoice_row("E-3", kind="quote"),
            invoice_row("E-4").replace(",EUR,", ","),
            invoice_row("E-5", net="1 000.00"),
            invoice_row("", customer_id="C:1"),
        ]
        checked = read_invoices(invoices_csv(*rows), ROWS_MAX)
        assert sorted(columns_of(checked.errors)) == [
            (3, "currency"),
            (3, "issue_date"),
            (4, "kind"),
            (5, ""),
            (6, "net"),
            (7, "customer_id"),
            (7, "document_number"),
        ]
        assert "11 cells, the header has 12" in [error.reason for error in checked.errors]

    def test_what_does_not_fit_together_is_a_matter_of_the_row(self):
        checked = read_invoices(invoices_csv(invoice_row("E-1", gross="121.00")), ROWS_MAX)
        (error,) = checked.errors
        assert (error.line, error.column) == (2, "")
        assert error.reason == "net 100.00 + vat 20.00 is not gross 121.00"

    def test_there_is_a_limit_to_what_is_reported(self):
        """Guard: ERRORS_REPORTED_MAX (_read in imports/reading.py)."""
        data = invoices_csv(*["too,short"] * (ERRORS_REPORTED_MAX + 1))
        assert len(read_invoices(data, ROWS_MAX).errors) == ERRORS_REPORTED_MAX

    @pytest.mark.parametrize("character", ["\0", "\x07"])
    def test_a_character_that_the_database_would_refuse(self, character):
        """Guard: the type of texts (domain/values.py)."""
        checked = read_customers(customers_csv(f"C-1,Du{character}pont,,,,,fr,"), ROWS_MAX)
        assert columns_of(checked.errors) == [(2, "name")]


@for_all(st.binary(max_size=300) | st.text(max_size=100).map(lambda t: f"{INVOICE_HEADER}\n{t}".encode()))
def test_whatever_is_sent_is_read_or_refused(data):
    """No other error comes out of a file than a refusal."""
    assert outcome(data) in {"read", "wrong-header", "not-utf-8", "malformed-csv"}


def outcome(data: bytes) -> str:
    try:
        checked = read_invoices(data, ROWS_MAX)
    except Rejected as refused:
        return refused.kind
    return "read" if all(error.line >= 2 for error in checked.errors) else "a line that is none"


@for_all(
    st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20), max_size=5)
)
def test_names_come_through_as_they_were_written(names):
    """What Python's own writer quotes, the reader gives back, but for blanks around."""
    names = [name for name in names if name.strip()]
    output = io.StringIO(newline="")
    writer = csv.writer(output)
    writer.writerow(CUSTOMER_HEADER.split(","))
    writer.writerows([f"C-{n}", name, "", "", "", "", "fr", ""] for n, name in enumerate(names))
    checked = read_customers(output.getvalue().encode(), ROWS_MAX)
    assert checked.errors == []
    assert [customer.name for _, customer in checked.rows] == [name.strip() for name in names]


def test_twenty_thousand_rows_are_read_in_seconds():
    """A bound on the work a row, in time of this process alone: about 30 microseconds a row were seen."""
    data = many_invoices(20_000)
    started = time.process_time()
    assert len(read_invoices(data, ROWS_MAX).rows) == 20_000
    assert time.process_time() - started < 10
