"""The MT940 and MT942 files of other projects' test suites, each read to what a person reads in it.

The expected values were written down by hand from the files; never regenerate them from the reader. A statement is a
line: name, account, opening, closing, currency, verdict, number of entries, their sum.
"""

import io
from decimal import Decimal
from pathlib import Path

import pytest

from lettra_payment_ingest.bank.checks import check_statement
from lettra_payment_ingest.bank.errors import UnreadableFile
from lettra_payment_ingest.bank.exact import exact_sum
from lettra_payment_ingest.bank.mt import read_mt

J, W = "jejik/", "wolph/"
SELF, CMXL, BETTER = W + "self-provided/", W + "cmxl/", W + "betterplace/"


@pytest.fixture
def folder(public_folder) -> Path:
    return public_folder("mt940")


ING = ["MPBZ 2010-07-23 | 0001234567 | 0.00 | 3.47 EUR | quarantined | 7 | -45.59"]
ABN = [
    "ABN AMRO BANK NV 19321/1 | 517852257 | 3236.28 | 876.84 EUR | quarantined | 8 | -321.44",
    "ABN AMRO BANK NV 19322/1 | 517852257 | 2876.84 | 1849.75 EUR | quarantined | 2 | -24.49",
]
GENERIC = [
    "GENERIC 1 | 11111111 | 100.00 | 90.00 EUR | balanced | 1 | -10.00",
    "GENERIC 2 | 11111111 | 90.00 | 80.00 EUR | balanced | 1 | -10.00",
]
KNAB = [
    "B4E08MS9D00A0009 998/1 | 123456789 | 0 | 500 EUR | balanced | 1 | 500",
    "B4G30MS9D00A003D 999/1 | 123456789 | 3058.98 | 798.98 EUR | quarantined | 2 | -6760",
]
# Two pages, joined. They are 0.20 apart: 79.70 + 149.50 - 79.90 + 10.10 is 159.40.
POSTFINANCE = ["2014040708285927 999/1 | 123456789 | 0 | 159.6 CHF | quarantined | 4 | 159.4"]
RABO_IBAN = [
    "940S130101 2013-01-08 | NL71RABO0123456789 | 1000.00 | 965.00 EUR | balanced | 2 | -35.00",
    "940S130101 2013-01-15 | NL71RABO0123456789 | 965.00 | 930.00 EUR | balanced | 2 | -35.00",
]
RABO = [
    "940A110615 2011-06-15 | 1291.99.348 | 473.17 | 395.82 EUR | quarantined | 1 | -1213.28",
    "940A110616 2011-06-16 | 1291.99.348 | 1000.89 | 1000.89 EUR | balanced | 0 | 0",
    "940A110617 2011-06-17 | 1291.99.348 | 1295.82 | 1250.87 EUR | quarantined | 2 | -281.51",
    "940A120829 2012-08-29 | 1526.89.184 | 4196.12 | 4101.82 EUR | balanced | 2 | -94.30",
]
SNS = [
    "0000000000 160/1 | 0123456789 | 1234.56 | 1209.56 EUR | balanced | 2 | -25.00",
    "0000000000 161/1 | 0123456789 | 1209.56 | 1209.56 EUR | balanced | 0 | 0",
]
TRIODOS = [
    "1308728725026/1 1 | TRIODOSBANK/0390123456 | 4975.09 | 4370.79 EUR | quarantined | 2 | -715.70",
]
SPARKASSE = [
    "STARTUMSE 2019-02-18 | 87052000/123456789 | 194.57 | 174.57 EUR | balanced | 1 | -20.00",
    "STARTUMSE 2019-02-19 | 87052000/123456789 | 174.57 | 154.57 EUR | balanced | 1 | -20.00",
]
STORNO = "STARTUMSE 2020-02-19 | DE11222220220222220200 | 931052.29 | 931304.50 EUR | quarantined | 1 | "
RETURNED = " | 0.00 | 0.00 EUR | quarantined | 1 | -12.35"
ASN_QUIET = {1: "379.29", 5: "577.74", 25: "576.09", 29: "404.81", 31: "501.23"}
ASN_MOVES = {
    1: ("444.29", 1, "-65.00"),
    5: ("379.29", 2, "198.45"),
    25: ("577.74", 1, "-1.65"),
    29: ("576.09", 2, "-171.28"),
    31: ("404.81", 2, "96.42"),
}


def asn() -> list[str]:
    """A statement for each day of January 2020; on five of them the account moves."""
    found = []
    closing = ""
    for day in range(1, 32):
        closing = ASN_QUIET.get(day, closing)
        opening, entries, total = ASN_MOVES.get(day, (closing, 0, "0"))
        name = f"0000000000 {day}/1 | NL81ASNB9999999999"
        found.append(f"{name} | {opening} | {closing} EUR | balanced | {entries} | {total}")
    return found


MUSICAL = "66642399/93387"
SAMMLER = "50880050/01947"
# Name, account, opening, closing and number of entries; all of them add up.
SEPA = """
    941394 74600888 -1234718.36 -1237628.23 7
    941395 77100888 -970499.9 -1455749.85 2
    941396 78300888 -1709296.34 -2237334.85 5
    941397 79500888 3192675.04 4242675.04 3
    941398 80100888 -2368827.87 -3095522.14 5
    941399 80101888 152970.15 203960.2 1
    941400 81300888 -40432.2 -100854.45 8
    941401 82500888 -1552497.38 -2303471.11 11
"""

EXPECTED: dict[str, list[str]] = {
    J + "K4262927_20200905-080000-952.txt": [
        # The closing balance is in a field of the bank's own, and no number.
        "STARTUMS TA 172/1 | 28020050/1426292700 | 0 | None EUR | unverified | 1 | 230.00"
    ],
    J + "abnamro.txt": ABN,
    J + "bug-core-5401.txt": [
        "DEUTDEMMXXX 00111/1 | DE19662800530622160900 | 0.00 | 0.00 EUR | quarantined | 1 | 50.00"
    ],
    J + "commerzbank.txt": ["01LGX08DLMWH5GWA 00143/1 | 25040066/0123456789" + RETURNED],
    J + "deutschebank.txt": ["DEUTDEMMXXX 00143/1 | 20070000/0123456601" + RETURNED],
    J + "generic.txt": GENERIC,
    J + "ing-dos.txt": ING,
    J + "ing-unix.txt": ING,
    J + "knab.txt": KNAB,
    J + "lbbw.txt": ["LBBW 1 | 12345678/1324357 | 0.00 | 0.00 EUR | balanced | 2 | 0"],
    J + "oldenburgischelandesbank.txt": [
        "STARTUMS MC 135/1 | 28020050/1324354687 | 0 | 0 EUR | quarantined | 1 | 104.50"
    ],
    J + "oldenburgischelandesbank2.txt": [
        "STARTUMS TA 172/1 | DE19662800530622160900 | 0 | None EUR | unverified | 1 | 230.00"
    ],
    J + "oldenburgischelandesbankmitbindestrich.txt": [
        "STARTUMS 1/1 | DE12345678900022805304 | 279998.57 | 0.00 EUR | quarantined | 1 | 1727.00"
    ],
    J + "postfinance.txt": POSTFINANCE,
    J + "rabobank-iban.txt": RABO_IBAN,
    J + "rabobank.txt": RABO,
    J + "sns.txt": SNS,
    J + "sparkasse.txt": SPARKASSE,
    # Neither sign of the reversal makes it add up: the balances are 252.21 apart.
    J + "sparkasse2.txt": [STORNO + "1027.25"],
    J + "sparkasse3.txt": [STORNO + "-1027.25"],
    J + "sparkasse_interim_balance.txt": [
        *SPARKASSE,
        "STARTUMSE 00215/00129 | 87052000/123456789 | 0 | 0 EUR | balanced | 0 | 0",
    ],
    J + "triodos.txt": TRIODOS,
    J + "volksbankenraiffeisenbanken.txt": [
        f"STARTUMS 2020-02-19 | {MUSICAL} | 3085.00 | 3230.00 EUR | balanced | 2 | 145.00",
        f"STARTUMS 2020-02-21 | {MUSICAL} | 3230.00 | 3310.00 EUR | balanced | 1 | 80.00",
        f"STARTUMS 2020-02-24 | {MUSICAL} | 3310.00 | 3430.00 EUR | balanced | 2 | 120.00",
        f"STARTUMS 2020-02-25 | {MUSICAL} | 3430.00 | 3620.00 EUR | balanced | 3 | 190.00",
        f"STARTUMS 2020-02-26 | {MUSICAL} | 3620.00 | 3685.00 EUR | balanced | 1 | 65.00",
        f"STARTUMS 2020-02-28 | {MUSICAL} | 3685.00 | 3735.00 EUR | balanced | 1 | 50.00",
        f"STARTUMS 2020-03-02 | {MUSICAL} | 3735.00 | 3775.00 EUR | balanced | 1 | 40.00",
        f"STARTUMS 2020-03-10 | {MUSICAL} | 3775.00 | 3830.00 EUR | balanced | 1 | 55.00",
    ],
    W + "ASNB/mt940.txt": asn(),
    W + "ASNB/mt940_with_spaces_for_entry_date.txt": asn(),
    BETTER + "sepa_snippet.sta": [
        "T089414086000001 00004/00001 | 50880050/0194787400888 | 766656.49 | 1125250.4 EUR | balanced | 4 | 358593.91",
        # Its first entry was made a debit of 0.08 in the place of a credit of 300.
        "T089414096000001 00004/00001 | 50880050/0194791600888 | -1970431.87 | -4472049.09 EUR | quarantined | 7"
        " | -2501917.30",
    ],
    BETTER + "with_binary_character.sta": [
        "STAR1ÜTßUMS 00027/00001 | 51230800/0000007055 | 380115.77 | 199929.02 EUR | balanced | 3 | -180186.75",
        "STAR1ÜTUMS 00053/00001 | 51230800/0000007304 | 130073.19 | 131193.19 EUR | balanced | 1 | 1120.00",
    ],
    W + "citi/mt940.txt": ["asdfsdfdsf 1/1 | 123456789 | 17376.67 | 16233.92 USD | balanced | 5 | -1142.75"],
    CMXL + "mt940.sta": [
        "131110 27/01 | 45050050/76198810 | 84349.74 | 84437.04 DEM | balanced | 11 | 87.30",
        "1234567 5/1 | 10020030/1234567 | 2187.95 | 4387.95 EUR | balanced | 2 | 2200",
        "TELEWIZORY S.A. 00084/001 | BPHKPLPK/320000546101 | 40000.00 | 50040.00 PLN | balanced | 3 | 10040.00",
    ],
    W + "jejik/abnamro.sta": ABN,
    W + "jejik/generic.sta": GENERIC,
    W + "jejik/ing.sta": ING,
    W + "jejik/knab.sta": KNAB,
    W + "jejik/postfinance.sta": POSTFINANCE,
    W + "jejik/rabobank-iban.sta": RABO_IBAN,
    W + "jejik/rabobank.sta": RABO,
    W + "jejik/sns.sta": SNS,
    W + "jejik/triodos.sta": TRIODOS,
    W + "mBank/mt940.sta": [
        "ST170119CYC/1 1/1 | PL29114010810000267002001002 | 0.40 | 0.43 PLN | balanced | 3 | 0.03"
    ],
    W + "mBank/mt942.sta": [
        "ST170119CYC/0001 1/1 | PL29114010810000267002001002 | None | None PLN | unverified | 3 | 0.03"
    ],
    W + "mBank/with_newline_in_tnr.sta": [
        "ST170201CYC/1 3/1 | PL29114010810000267002001002 | 0.46 | 860.17 PLN | quarantined | 2 | 89.00"
    ],
    W + "sberbank/171011_01234945.sta": [
        "STARTUMS 00046 | 1966315302010001 | 627311.30 | 617874.30 HUF | balanced | 3 | -9437.00"
    ],
    SELF + "details_60-63.sta": [
        "STARTUMS 2017-09-14 | 12345678/1020304050 | 12345.12 | 12345.98 EUR | quarantined | 1 | -233.15"
    ],
    SELF + "february_30.sta": [
        "STARTUMSE 2016-03-01 | 12345678/1020304050 | 1200.00 | 1194.00 EUR | balanced | 1 | -6.00"
    ],
    SELF + "gv_codes.sta": [
        "STARTUMS 2017-09-14 | 12345678/1020304050 | 12345.12 | None EUR | unverified | 2 | -257.45"
    ],
    SELF + "long_statement_number.sta": [
        "12345678 1810118101 | 0067-00763/93984487 | 0 | 0 TRY | balanced | 0 | 0"
    ],
    SELF + "malformed_details.sta": [
        "STARTUMS 2017-09-14 | 12345678/1020304050 | 12345.12 | 12345.98 EUR | quarantined | 1 | -233.15"
    ],
    SELF + "mt942.sta": [
        "CGNGHKLI0290980 03917/00001 | GJB0291077111 | None | None EUR | unverified | 1 | -0.42"
    ],
    SELF + "overly_long_details.sta": [
        "STARTUMS 2017-09-14 | 12345678/1020304050 | 12345.12 | 12345.98 EUR | quarantined | 1 | -233.15"
    ],
    SELF + "raiffeisen-cmi.sta": [
        "STARTUMS 0072 | UBRTHUHB/123456789150ABCDEF002 | 25170637.10 | 25281687.60 HUF | quarantined | 7 | -1012213.50"
    ],
    SELF + "raphaelm.sta": [
        # The first two messages are pages of one statement.
        "STARTUMS 1/1 | 1222333444 | 0.00 | 145000.00 DEM | balanced | 8 | 145000.00",
        "STARTUMS 2/1 | 3346780111 | 145000.00 | 95000.00 DEM | balanced | 1 | -50000.00",
    ],
    SELF + "transaction_details_wrapped.sta": [
        "STARTUMSE 2016-03-01 | 12345678/1020304050 | 1200.00 | 1194.00 EUR | balanced | 1 | -6.00"
    ],
    SELF + "whitespace.sta": [
        "STARTUMS 2017-09-14 | 12345678/1020304050 | 12345.12 | 12345.98 EUR | quarantined | 1 | -233.15"
    ],
    SELF + "wrapped_timestamp.sta": [
        "STARTUMSE 2016-03-01 | 12345678/1020304050 | 1200.00 | 1194.00 EUR | balanced | 1 | -6.00"
    ],
}

OUTSIDE_LINE = "line 1: a statement line (:61:) outside a statement: no account (:25:) before it"
NOTHING = "line 1: the statement has neither a balance nor an entry"
NO_ACCOUNT = "line 1: no account (:25:) in the statement"


def balance_outside(tag: str) -> str:
    return f"line 1: a balance (:{tag}:) outside a statement: no account (:25:) before it"


REFUSED: dict[str, str] = {
    BETTER + "amount_formats.sta": balance_outside("60F"),
    BETTER + "currency_in_25.sta": NOTHING,
    BETTER + "empty_86.sta": NO_ACCOUNT,
    BETTER + "empty_entry_date.sta": OUTSIDE_LINE,
    BETTER + "empty_line.sta": "line 2: no account (:25:) in the statement",
    BETTER + "missing_crlf_at_end.sta": balance_outside("62F"),
    BETTER + "sepa_snippet_broken.sta": "line 6: a second account (:25:) in the statement",
    CMXL + "account_balance_credit.sta": balance_outside("60F"),
    CMXL + "account_balance_debit.sta": balance_outside("60F"),
    CMXL + "account_identification_iban.sta": NOTHING,
    CMXL + "account_identification_legacy.sta": NOTHING,
    CMXL + "available_balance.sta": NO_ACCOUNT,
    CMXL + "closing_balance.sta": balance_outside("62F"),
    CMXL + "reference.sta": NO_ACCOUNT,
    CMXL + "statement_details.sta": OUTSIDE_LINE,
    CMXL + "statement_line.sta": OUTSIDE_LINE,
    CMXL + "statement_number.sta": NO_ACCOUNT,
    SELF + "account_identification.sta": NOTHING,
    SELF + "empty_non_swift.sta": NO_ACCOUNT,
    SELF + "invalid_statement.sta": "line 1: no statement (:20:) in the file",
    # A second statement line stands behind the end of the statement, so nobody knows of which account it is.
    SELF + "multiline.sta": OUTSIDE_LINE.replace("line 1", "line 38"),
    SELF + "sparkassen.sta": OUTSIDE_LINE,
}


def summed(statement) -> str:
    opening, closing = (balance and balance.amount for balance in (statement.opening, statement.closing))
    total = exact_sum(t.signed_amount for t in statement.transactions)
    verdict = check_statement(statement).outcome
    count = len(statement.transactions)
    name = f"{statement.statement_id} | {statement.account}"
    return f"{name} | {opening} | {closing} {statement.currency} | {verdict} | {count} | {total}"


def same(found: str, expected: str) -> bool:
    """Amounts by their value: nobody writes down how many zeros a bank writes."""

    def parts(line: str) -> list[object]:
        words = [word.strip() for word in line.split("|")]
        closing, currency = words[3].split()
        amounts = [words[2], closing, words[6]]
        values = [None if each == "None" else Decimal(each) for each in amounts]
        return [*words[:2], currency, *words[4:6], *values]

    return parts(found) == parts(expected)


def read(folder: Path, name: str):
    return list(read_mt(io.BytesIO((folder / name).read_bytes()), name.rpartition("/")[2]))


@pytest.mark.parametrize("name", EXPECTED)
def test_a_public_file_is_read_as_a_person_reads_it(folder, name):
    found = [summed(statement) for statement in read(folder, name)]
    assert len(found) == len(EXPECTED[name])
    for line, expected in zip(found, EXPECTED[name], strict=True):
        assert same(line, expected), f"{line}\n{expected}"


@pytest.mark.parametrize("name", REFUSED)
def test_a_piece_of_a_statement_is_refused(folder, name):
    with pytest.raises(UnreadableFile) as caught:
        read(folder, name)
    assert str(caught.value) == f"{name.rpartition('/')[2]}: {REFUSED[name]}"


def test_the_sepa_file(folder):
    """Twenty statements of a test of a bank: all add up, and the first eight stand here in numbers."""
    statements = read(folder, BETTER + "sepa_mt9401.sta")
    assert len(statements) == 20
    assert {check_statement(s).outcome for s in statements} == {"balanced"}
    for statement, line in zip(statements, SEPA.strip().splitlines(), strict=False):
        name, account, opening, closing, entries = line.split()
        assert statement.statement_id == f"T08{name}6000001 00004/00001"
        assert statement.account == SAMMLER + account
        assert (statement.opening.amount, statement.closing.amount) == (Decimal(opening), Decimal(closing))
        assert len(statement.transactions) == int(entries)


def test_every_file_of_the_folder_is_in_the_tables(folder):
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.suffix in (".sta", ".txt")}
    licences = {name for name in files if "LICEN" in name}
    assert files - licences == EXPECTED.keys() | REFUSED.keys() | {BETTER + "sepa_mt9401.sta"}
