"""The information to the account owner (:86:), family by family. All samples are invented."""

import io
from decimal import Decimal

import pytest

from lettra_payment_ingest.bank.mt import read_mt

ACCOUNT = "FR7630006000011234567890189"
PAYER = "DE89370400440532013000"


def read(mark: str, *details: str, code: str = "NTRF"):
    """The transaction of 10 EUR of a statement that says only this of it."""
    text = f":20:R\n:25:{ACCOUNT}\n:28C:1\n:60F:C260301EUR1,\n:61:260302{mark}10,00{code}NONREF\n:86:"
    (statement,) = read_mt(io.BytesIO((text + "\n".join(details)).encode()), "x")
    return statement.transactions[0]


def wrapped(text: str, width: int = 65) -> list[str]:
    return [text[at : at + width] for at in range(0, len(text), width)]


def subfields(purpose: str, width: int = 27) -> str:
    """A purpose as German banks cut it."""
    numbers = [*range(20, 30), *range(60, 64)]
    return "".join(f"?{n}{part}" for n, part in zip(numbers, wrapped(purpose, width), strict=False))


class TestSubfields:
    def test_words_names_and_accounts(self):
        purpose = "EREF+E2E-2026-1 MREF+M-7 CRED+DE98ZZZ09999999999 SVWZ+FA-2026-000123 und FA-2026-000124"
        text = f"166?00GUTSCHRIFT?109075/629{subfields(purpose)}?30COBADEFF?31{PAYER}?32Muster GmbH?34000"
        found = read("C", *wrapped(text))
        assert found.end_to_end_id == "E2E-2026-1"
        assert found.mandate_id == "M-7"
        assert found.remittance == "FA-2026-000123 und FA-2026-000124"
        assert (found.counterparty_name, found.counterparty_iban) == ("Muster GmbH", PAYER)
        assert found.bank_transaction_code == "NTRF/166"
        assert found.return_reason is None

    def test_a_keyword_cut_by_a_subfield_is_a_keyword(self):
        purpose = "EREF+123456789012345678 SVWZ+FA-1"
        assert "SVW?21Z+FA-1" in subfields(purpose)
        assert read("C", "166?00X" + subfields(purpose)).remittance == "FA-1"

    def test_a_number_cut_by_a_subfield_or_a_line_is_one_number(self):
        text = "166?00X" + subfields("SVWZ+Rechnung Nummer FA-2026-000123 vom Februar")
        assert "FA-202?216-000123" in text
        for width in (65, 40, 1000):
            assert read("C", *wrapped(text, width)).remittance == "Rechnung Nummer FA-2026-000123 vom Februar"

    def test_a_subfield_that_is_not_full_ends_a_word(self):
        found = read("C", "166?00X?20SVWZ+Rechnung?21FA-1?22vom Februar")
        assert found.remittance == "Rechnung FA-1 vom Februar"

    def test_what_stands_behind_a_reference_in_another_subfield_is_text(self):
        found = read("C", "166?00X?20EREF+E-1?21FA-2026-1")
        assert (found.end_to_end_id, found.remittance) == ("E-1", "FA-2026-1")

    def test_a_reference_over_two_subfields(self):
        found = read("C", "166?00X?20EREF+A1.200080779.400143254?21.4961336 KREF+K?22SVWZ+FA-1")
        assert (found.end_to_end_id, found.remittance) == ("A1.200080779.400143254.4961336", "FA-1")

    @pytest.mark.parametrize("filler", ["EREF+NOTPROVIDED", "EREF+"])
    def test_fillers_are_nothing(self, filler):
        found = read("C", f"166?00X?20{filler}?21SVWZ+FA-1")
        assert (found.end_to_end_id, found.remittance) == (None, "FA-1")

    def test_without_words_the_purpose_is_the_text(self):
        assert read("C", "051?00UEBERWEISUNG?20Rechnung 4711?21Danke").remittance == "Rechnung 4711 Danke"

    def test_without_purpose_the_booking_text_is(self):
        assert read("D", "805?00ENTGELT?30123").remittance == "ENTGELT"

    @pytest.mark.parametrize("sign", "?>^~@#")
    def test_any_sign_may_begin_a_subfield(self, sign):
        text = "020?00Przelew?20FA-1?32HUTA SZKLA?38PL27114020040000300201355387".replace("?", sign)
        found = read("C", " " + text)
        assert (found.remittance, found.counterparty_name) == ("FA-1", "HUTA SZKLA")
        assert found.counterparty_iban == "PL27114020040000300201355387"

    def test_a_name_goes_on_in_its_second_subfield(self):
        found = read("C", "166?00X?32Finanzamt Muenchen Abteilun?33g Erhebung")
        assert found.counterparty_name == "Finanzamt Muenchen Abteilung Erhebung"
        assert read("C", "166?00X?32KARL?33  KAUFMANN").counterparty_name == "KARL KAUFMANN"

    @pytest.mark.parametrize(
        ("code", "text", "reason"),
        [
            ("109", "SVWZ+RUECKGABE AC04", "AC04"),
            ("108", "SVWZ+RUECKGABE", "MS03"),
            ("166", "SVWZ+AC04", None),
        ],
    )
    def test_returned_direct_debits(self, code, text, reason):
        found = read("D", f"{code}?00X?20EREF+E-1?21{text}?32Kunde GmbH")
        assert (found.return_reason, found.counterparty_name) == (reason, "Kunde GmbH")

    def test_a_structured_reference(self):
        found = read("C", "166?00X?20SVWZ+RF18 5390 0754 7034")
        assert found.structured_reference == "RF18539007547034"
        assert found.remittance == "RF18 5390 0754 7034"
        assert read("C", "166?00X?20SVWZ+RF19 5390 0754 7034").structured_reference is None

    @pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "iso8859-15", "cp1252"])
    def test_encodings(self, encoding):
        head = f":20:R\n:25:{ACCOUNT}\n:60F:C260301EUR1,\n:61:260302C10,00NTRFNONREF\n:86:"
        data = (head + "166?00X?20SVWZ+Gebühr für Zoë?32Müller Söhne").encode(encoding)
        (statement,) = read_mt(io.BytesIO(data), "x")
        assert statement.transactions[0].remittance == "Gebühr für Zoë"
        assert statement.transactions[0].counterparty_name == "Müller Söhne"


class TestCodeWords:
    def test_swift(self):
        found = read(
            "C", "/EREF/E2E-1/ORDP//NAME/ACME SAS/IBAN/" + PAYER + "/REMI/FA/2026/000123 AND 124/PURP/SUPP"
        )
        assert (found.end_to_end_id, found.remittance) == ("E2E-1", "FA/2026/000123 AND 124")
        assert (found.counterparty_name, found.counterparty_iban) == ("ACME SAS", PAYER)

    def test_french(self):
        found = read("C", "VIR SEPA RECU /EREF/NOTPROVIDED/ORDP/SARL DUPONT/REMI/FACT 2026-118 ET 119")
        assert (found.end_to_end_id, found.counterparty_name) == (None, "SARL DUPONT")
        assert found.remittance == "FACT 2026-118 ET 119"

    def test_the_payer_of_a_credit_and_the_payee_of_a_debit(self):
        text = "/ORDP//NAME/PAYER SA/BENM//NAME/PAYEE SA/REMI/X"
        assert read("C", text).counterparty_name == "PAYER SA"
        assert read("D", text).counterparty_name == "PAYEE SA"

    def test_dutch_party_in_one_word(self):
        text = f"/EREF/E-1//CNTP/{PAYER}/INGBNL2A/ING Testrekening/AMSTERDAM//REMI/USTD//FA-2026-1/"
        found = read("C", text)
        assert (found.counterparty_name, found.counterparty_iban) == ("ING Testrekening", PAYER)
        assert found.remittance == "FA-2026-1"

    def test_dutch_words(self):
        found = read(
            "C", f"/TRTP/SEPA OVERBOEKING/IBAN/{PAYER}/BIC/ABNANL2A/NAME/J JANSEN/REMI/FA-1/EREF/NOTPROVIDED"
        )
        assert (found.counterparty_name, found.counterparty_iban, found.remittance) == (
            "J JANSEN",
            PAYER,
            "FA-1",
        )

    @pytest.mark.parametrize("words", ["STRD/CUR/RF18539007547034", "STRD/ISO/RF18539007547034/"])
    def test_structured_references(self, words):
        found = read("C", f"/REMI/{words}")
        assert (found.structured_reference, found.remittance) == ("RF18539007547034", None)

    def test_cut_lines(self):
        text = "/EREF/01-03-2026 12:00 0030000987654321/BENM//NAME/CONTRA ACCOUNT HOLDER/REMI/FA-2026-000123 PAID"
        for width in (64, 65):
            found = read("D", *wrapped(text, width))
            assert (found.counterparty_name, found.remittance) == (
                "CONTRA ACCOUNT HOLDER",
                "FA-2026-000123 PAID",
            )

    def test_returns_charges_and_mandates(self):
        found = read("D", "/RTRN/AC04/EREF/E-1/MARF/M-1/CHGS/EUR2,50/REMI/RETOUR")
        assert (found.return_reason, found.mandate_id, found.charges) == ("AC04", "M-1", Decimal("2.50"))
        assert read("D", "/RTRN/?/REMI/RETOUR").return_reason == "MS03"

    def test_a_batch_says_its_size(self):
        assert read("C", "/PREF/P-1/NBTR/12/REMI/REMISE").batch_size == 12

    def test_slashes_in_a_text_are_no_words(self):
        assert read("C", "FA/2026/000123 ID/7").remittance == "FA/2026/000123 ID/7"


class TestOthers:
    def test_plain_text_over_lines(self):
        assert read("C", "FACTUUR 118", "REK: X").remittance == "FACTUUR 118 REK: X"

    def test_plain_text_with_an_iban(self):
        found = read("C", f"FACTUUR 118 REK: {PAYER}/NAAM: PICQER")
        assert found.counterparty_iban == PAYER
        assert read("C", f"VAN {PAYER} NAAR {ACCOUNT}").counterparty_iban == PAYER
        assert read("C", f"VAN {PAYER} OF NL91ABNA0417164300").counterparty_iban is None
        assert read("C", "VAN DE00370400440532013000").counterparty_iban is None

    def test_several_fields_are_one_text(self):
        assert read("C", "ONE", ":86:TWO", ":86:THREE").remittance == "ONE TWO THREE"

    def test_numbered_lines(self):
        text = f":20:R\n:25:{ACCOUNT}\n:60F:C260301EUR1,\n:61:260302C10,00S051\n"
        text += ":NS:01Rechnung\n02FA-1\n15Muster\n17Text\n"
        (statement,) = read_mt(io.BytesIO(text.encode()), "x")
        found = statement.transactions[0]
        assert (found.remittance, found.counterparty_name) == ("Rechnung FA-1", "Muster")

    def test_nothing(self):
        assert read("C", "").remittance is None

    def test_control_characters_are_left_out(self):
        assert read("C", "FA\x00-\x1f1\tX").remittance == "FA-1 X"
