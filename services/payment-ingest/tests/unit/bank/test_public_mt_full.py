"""Transactions of the public MT940 and MT942 files in full, one or more of each dialect.

Written down by hand from the files; never regenerate them from the reader.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import pytest

from lettra_payment_ingest.bank.mt import read_mt

J, W = "jejik/", "wolph/"
SELF, CMXL, BETTER = W + "self-provided/", W + "cmxl/", W + "betterplace/"


@pytest.fixture
def folder(public_folder) -> Path:
    return public_folder("mt940")


@dataclass(frozen=True)
class Tx:
    """A transaction as read by eye; `amount` is signed."""

    amount: str
    booked: str
    value: str
    ref: str | None = None
    end_to_end: str | None = None
    name: str | None = None
    iban: str | None = None
    text: str | None = None
    reversal: bool = False
    returned: str | None = None
    charges: str | None = None


# Which of the file's transactions, counted from 0 over its statements.
IN_FULL: list[tuple[str, int, Tx]] = [
    (
        J + "abnamro.txt",
        0,
        Tx(
            "-9",
            "2011-05-24",
            "2011-05-24",
            text="GIRO 428428 KPN - DIGITENNE BETALINGSKENM. 000000042188659 "
            "5314606715 BETREFT FACTUUR D.D. 20-05-2011 INCL. 1,44 BTW",
        ),
    ),
    (
        J + "abnamro.txt",
        1,
        Tx(
            "-11.59",
            "2011-05-23",
            "2011-05-21",
            text="BEA NR:XXX1234 21.05.11/12.54 DIRCKIII FIL2500 KATWIJK,PAS999",
        ),
    ),
    (
        J + "deutschebank.txt",
        0,
        Tx(
            "-12.35",
            "2020-06-08",
            "2020-06-08",
            "2016021783252833",
            "A1.200080779.400143254.4961336",
            "TESTER EL",
            "DE50712345600200691329",
            "SONSTIGE GRUENDE ENDABRECHNUNG NR. 500106875 ZU VERTRA40 0143254, KUNDENNUM MER 202227779",
            returned="MS03",
            charges="0.50",
        ),
    ),
    (
        J + "bug-core-5401.txt",
        0,
        Tx(
            "50.00",
            "2021-03-31",
            "2021-03-31",
            "2109025460313532",
            None,
            "XXXXXXA MXXXXXX",
            "DE93230707000621787100",
            "VERTR:KO:NR:401113172APRIL 2021",
        ),
    ),
    (
        J + "lbbw.txt",
        1,
        Tx(
            "0.01",
            "2021-02-08",
            "2021-02-08",
            "202102040007693",
            None,
            "NIC RICHTER",
            "DE59600501010007907986",
            "E-MOBILITY ABRECHNUNG NR. 28 ZU VERTRAG 9433, KUNDENNUMMER 11111",
        ),
    ),
    (
        J + "oldenburgischelandesbank2.txt",
        0,
        Tx(
            "230.00",
            "2020-09-04",
            "2020-09-04",
            None,
            "SCP 100 / 0082002528",
            "EWE VERTRIEB GmbH",
            "DE59280200501000000000",
            "D 803020001000145464 +1000145463 XXXXXXX,XXXXXX",
        ),
    ),
    (
        J + "oldenburgischelandesbankmitbindestrich.txt",
        0,
        Tx(
            "1727.00",
            "2021-06-17",
            "2021-06-17",
            None,
            None,
            "Projektgemeinschaft XXXXXX + XXXXXXGmbH + Co. KG",
            "DE41292500000123456789",
            "Kunden-Nr. 20389020 Vertrags-Nr. 1000620785",
        ),
    ),
    (
        J + "postfinance.txt",
        2,
        Tx(
            "-79.9",
            "2013-12-16",
            "2013-12-16",
            None,
            "01916",
            text="GIRO AUS ONLINE-SIC 80701 AUFTRAGGEBER: "
            "XXXXXXXXX XXX XXXXXXXXSTRASSE 111 1234 XXXXXXXXXXXX 131216CH12345678 MITTEILUNGEN: 1 SONNENGLAESER",
        ),
    ),
    (
        J + "rabobank-iban.txt",
        0,
        Tx(
            "-25.00",
            "2013-01-01",
            "2013-01-01",
            None,
            "01-01-2013 12:00 0030000987654321",
            "CONTRA ACCOUNT HOLDER",
            "NL70ABNA0987654321",
        ),
    ),
    (
        J + "rabobank.txt",
        0,
        Tx(
            "-1213.28",
            "2011-05-27",
            "2011-05-27",
            name="W.P. Jansen",
            text="Terugboeking NIET AKKOORD MET AFSCHRIJVING KOSTEN KINDEROPVANG JUNI 20095731",
        ),
    ),
    (
        J + "sparkasse2.txt",
        0,
        Tx(
            "1027.25",
            "2020-02-19",
            "2020-02-01",
            name="GEBÜHREN MANUELL GG UST-FREI",
            iban="900932005",
            text="STORNO RECHNUNGSABSCHLUSS PER 01.02.2020",
            reversal=True,
        ),
    ),
    (
        J + "sparkasse3.txt",
        0,
        Tx(
            "-1027.25",
            "2020-02-19",
            "2020-02-01",
            name="GEBÜHREN MANUELL GG UST-FREI",
            iban="900932005",
            text="STORNO RECHNUNGSABSCHLUSS PER 01.02.2020",
            reversal=True,
        ),
    ),
    (
        J + "triodos.txt",
        0,
        Tx(
            "-15.70",
            "2011-01-01",
            "2011-01-01",
            iban="0390123456",
            text="ALGEMENE TUSSENREKENING KOSTEN VAN 01-10-2010 TOT EN MET 31-12-2010",
        ),
    ),
    (
        J + "volksbankenraiffeisenbanken.txt",
        7,
        Tx(
            "55.00",
            "2020-02-25",
            "2020-02-25",
            None,
            "ZV0100284284592300000002",
            "Helmut und Ulrike Vogthaupt",
            "DE81500105175436439494",
            "Musical Ruth, Kevin Vogthaupt, plus CD EREF: ZV0100284284592300000002 "
            "IBAN: DE81500105175436439494 BIC: ULMVDE66",
        ),
    ),
    (
        W + "ASNB/mt940_with_spaces_for_entry_date.txt",
        0,
        Tx(
            "-65.00",
            "2020-01-01",
            "2020-01-01",
            None,
            None,
            "hr gjlm paulissen",
            "NL47INGB9999999999",
            "NL47INGB9999999999 hr gjlm paulissen Betaling sieraden",
        ),
    ),
    (
        BETTER + "sepa_mt9401.sta",
        5,
        Tx("-204.88", "2007-09-04", "2007-09-04", text="0904059003", reversal=True, returned="MS03"),
    ),
    (
        BETTER + "sepa_snippet.sta",
        0,
        Tx(
            "50990.05",
            "2007-09-04",
            "2007-09-07",
            "0724710333343453",
            "EndToEndId TFNR 22 004 00001",
            "KARL KAUFMANN",
            "DE14508800500194785000",
            "Verw CTSc-01 BC-PPP TFNr 22 004",
        ),
    ),
    (
        BETTER + "with_binary_character.sta",
        0,
        Tx(
            "27.00",
            "2010-03-19",
            "2010-03-19",
            "32-P1-TCS49518",
            "100323-03-100323",
            "PAYPAL",
            "0175526300",
            "QQW53T2245ZGY46J ABBUCHUNG VOM PAYPAL-KONTO 100318P3TX1433EV",
        ),
    ),
    (
        W + "citi/mt940.txt",
        2,
        Tx("0.00", "2024-03-12", "2024-03-12", text="/ABC/DEF/C 37897,00 BAI CD 025"),
    ),
    (
        CMXL + "mt940.sta",
        13,
        Tx(
            "20000.00",
            "2003-10-20",
            "2003-10-20",
            "8327000090031789",
            None,
            "HUTA SZKLA TOPIC ULPRZEMY SLOWA 67 32-669 WROCLAW",
            "PL08106000760000777777777777",
            "08106000760000777777777777 15617 INFO INFO INFO INFO INFO INFO 1 END INFO INFO INFO INFO INFOINFO 2 END "
            "ZAPLATA ZA FABRYKATY DO TUB - 200 S ZTUK, TRANZYSTORY-300 SZT GR544 I OPORNIKI-5 00 SZT GTX847 FAKTURA "
            "333/2003.",
        ),
    ),
    (
        W + "sberbank/171011_01234945.sta",
        1,
        Tx(
            "-3460.00",
            "2017-10-11",
            "2017-10-11",
            name="ERGO Eletbiztosito Zrt.",
            text="136508 A10580361 201709260001003009 136508 Tranz. Illet\ufffdk: 10.38HUF",
        ),
    ),
    (
        SELF + "details_60-63.sta",
        0,
        Tx(
            "-233.15",
            "2017-09-14",
            "2017-09-14",
            None,
            "123/123/12345-----L110",
            "Finanzamt Muenchen Abteilung Erhebung",
            "DE99700500000000012345",
            "000000012345 BIC: BYLADEMM ABWA: Finanzamt Muenchen",
        ),
    ),
    (
        SELF + "gv_codes.sta",
        0,
        Tx(
            "-233.15",
            "2017-09-14",
            "2017-09-14",
            None,
            "1234567890123 PAYPAL",
            "PayPal (Europe) S.a.r.l. et",
            None,
            ". SPOTIFY, Ihr Einkaufbei SPOTIFY",
        ),
    ),
    (
        SELF + "raphaelm.sta",
        0,
        Tx(
            "5000.00",
            "2002-03-20",
            "2002-03-17",
            None,
            "68790452",
            "Empfänger",
            text="Verwendungszweck 1 Verwendungszweck 2",
        ),
    ),
    (
        SELF + "february_30.sta",
        0,
        Tx("-6.00", "2016-03-01", "2016-02-29", text="Pauschalen"),
    ),
]


@pytest.mark.parametrize(("name", "number", "expected"), IN_FULL)
def test_a_transaction_in_full(folder, name, number, expected):
    statements = read_mt(io.BytesIO((folder / name).read_bytes()), name)
    t = [t for statement in statements for t in statement.transactions][number]
    found = Tx(
        str(t.signed_amount),
        str(t.booking_date),
        str(t.value_date),
        t.bank_ref,
        t.end_to_end_id,
        t.counterparty_name,
        t.counterparty_iban,
        t.remittance,
        t.reversal,
        t.return_reason,
        str(t.charges) if t.charges is not None else None,
    )
    assert found == expected
