"""Money that was sent in another currency: what was sent and the rate stand apart from what was booked.

The values of the public files were read from them by eye.
"""

from __future__ import annotations

import io
from decimal import Decimal

from lettra_payment_ingest.bank.camt import read_messages
from lettra_payment_ingest.bank.reading import read_file


def test_of_public_files(public_folder):
    def last(name: str) -> tuple:
        with (public_folder("camt") / name).open("rb") as file:
            found = [t for statement in read_messages(file, name) for t in statement.transactions][-1]
        return (
            found.amount,
            found.currency,
            found.original_amount,
            found.original_currency,
            found.exchange_rate,
        )

    exchanged = (Decimal(30000), "SEK", Decimal(3255), "EUR", "0.1085")
    assert last("bankstatementparser/camt.053.001.02.xml") == exchanged
    assert last("genkgo/camt052.v6.xml")[2:] == (Decimal("4.10"), "USD", "0.9253030601")


def test_the_same_currency_is_no_exchange(transactions, xml):
    instructed = '<AmtDtls><InstdAmt><Amt Ccy="EUR">11.00</Amt></InstdAmt></AmtDtls>'
    (t,) = transactions(xml.entry(xml.details(instructed)))
    assert (t.amount, t.original_amount, t.exchange_rate) == (10, None, None)


def test_what_was_instructed_counts_before_other_amounts(transactions, xml):
    amounts = (
        '<AmtDtls><InstdAmt><Amt Ccy="USD">11.00</Amt></InstdAmt><TxAmt><Amt Ccy="GBP">9.00</Amt><CcyXchg>'
        "<XchgRate>1.1</XchgRate></CcyXchg></TxAmt></AmtDtls>"
    )
    (t,) = transactions(xml.entry(xml.details(amounts)))
    assert (t.original_amount, t.original_currency, t.exchange_rate) == (11, "USD", "1.1")


def test_in_mt940():
    text = (
        ":20:R\n:25:A\n:28C:1\n:60F:C260301EUR1,00\n:61:2603020302C10,00NTRFE-1//B-1\n"
        ":86:/EREF/E-1/OCMT/USD11,50/EXCH/1,15/REMI/FA-1\n:62F:C260302EUR11,00\n-\n"
    )
    (statement,) = read_file(io.BytesIO(text.encode()), "f")
    (t,) = statement.transactions
    assert (t.original_amount, t.original_currency, t.exchange_rate) == (Decimal("11.50"), "USD", "1,15")


def test_in_cfonb():
    """MMO: currency, decimals, amount of 14 digits; then the decimals of the rate, and the rate."""
    head = "30006    00001EUR2 12345678901"
    records = [
        f"01{head}  010326" + " " * 50 + "0000000000000{",
        f"04{head}18020326  020326" + " " * 42 + "0000000000100{",
        f"05{head}18020326     MMOUSD20000000000115041 1500",
        f"07{head}  020326" + " " * 50 + "0000000000100{",
    ]
    (statement,) = read_file(io.BytesIO("\n".join(records).encode()), "f")
    (t,) = statement.transactions
    assert (t.original_amount, t.original_currency) == (Decimal("11.50"), "USD")
