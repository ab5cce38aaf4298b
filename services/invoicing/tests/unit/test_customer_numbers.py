"""What identifies a company: SIREN, SIRET, VAT number, country, phone; each refusal names the field and the remedy.

Guards: the types in domain/values.py, and `_Registered._one_company` in domain/commands/customers.py.
"""

from __future__ import annotations

import pytest
from invoicing_examples import OTHER_SIREN, register_customer
from pydantic import ValidationError

from lettra_invoicing.domain import RegisterContact
from lettra_invoicing.domain.values import read_address

# La Poste's head office follows Luhn; its sites have digits that add up to a multiple of five.
POSTE_HEAD, POSTE_SITE, POSTE_WRONG = "35600000000048", "35600000009075", "35600000009076"
SITE = "40483304800022"


def refused(match: str, **changes) -> list[tuple]:
    with pytest.raises(ValidationError, match=match) as error:
        register_customer(**changes)
    return [each["loc"] for each in error.value.errors()]


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1: every second digit from the right doubled, the sum of all digits is a multiple of ten."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


class TestSiret:
    def test_a_site_of_its_legal_unit(self):
        assert luhn(SITE)
        assert register_customer(siret=SITE).siret == SITE

    def test_blanks_are_left_out(self):
        assert register_customer(siret="404 833 048 00022").siret == SITE

    @pytest.mark.parametrize("siret", [POSTE_HEAD, POSTE_SITE])
    def test_sites_of_la_poste(self, siret):
        command = register_customer(siret=siret, siren=None)
        assert (command.siret, command.legal_unit) == (siret, "356000000")

    @pytest.mark.parametrize("siret", [POSTE_WRONG, SITE[:-1] + "3", SITE[:-1], "ABCDEFGHIJKLMN"])
    def test_one_that_is_none(self, siret):
        assert refused("is not a valid SIRET.*five of the site", siret=siret, siren=None) == [("siret",)]

    def test_of_another_legal_unit(self):
        assert not SITE.startswith("552100554")
        assert refused(
            "is a site of 404833048, not of the siren 552100554", siret=SITE, siren="552100554"
        ) == [()]


class TestVatNumber:
    @pytest.mark.parametrize(
        ("written", "number"),
        [
            ("FR 83 404 833 048", "FR83404833048"),
            ("de136695976", "DE136695976"),
            ("EL 094259216", "EL094259216"),
            ("CHE-123.456.788", "CHE123456788"),
            ("GB980780684", "GB980780684"),
        ],
    )
    def test_as_they_are_written(self, written, number):
        siren = OTHER_SIREN if written.startswith("FR") else None
        assert register_customer(vat_number=written, siren=siren).vat_number == number

    @pytest.mark.parametrize("number", ["FR84404833048", "DE136695977", "BE0428759498"])
    def test_with_wrong_check_digits(self, number):
        assert refused("is not a valid VAT number of", vat_number=number, siren=None) == [("vat_number",)]

    @pytest.mark.parametrize("number", ["404833048", "F", "FR83 404 833 048 000 11 22"])
    def test_without_its_country(self, number):
        assert refused("begins with its country", vat_number=number) == [("vat_number",)]

    def test_of_another_company(self):
        assert refused(
            "that of the SIREN 404833048, not of 552100554", vat_number="FR83404833048", siren="552100554"
        )


class TestOthers:
    def test_a_country(self):
        assert register_customer(country="BE").country == "BE"
        assert refused("two letters of ISO 3166-1", country="fr") == [("country",)]
        assert refused("two letters of ISO 3166-1", country="UK") == [("country",)]

    def test_a_private_person_has_no_siren(self):
        assert register_customer(siren=None, debtor_class="private").debtor_class == "private"
        assert refused("a private person has no siren", debtor_class="private") == [()]

    def test_a_phone_number_with_its_country(self):
        assert RegisterContact(phone="+33 (1) 23.45.67.89").phone == "+33123456789"
        with pytest.raises(ValidationError, match=r"\+33 1 23 45 67 89"):
            RegisterContact(phone="01 23 45 67 89")

    def test_a_contact_that_says_nothing(self):
        with pytest.raises(ValidationError, match="give one of them"):
            RegisterContact(purposes=["dunning"])

    def test_an_address_on_one_line(self):
        quinson = {"street": "4 chemin du Moulin", "postal_code": "04500", "city": "Quinson"}
        assert read_address("4 chemin du Moulin, 04500 Quinson") == quinson
        assert read_address("Bât. B, 4 quai Est, 75012 Paris Cedex 12") == {
            "street": "Bât. B, 4 quai Est",
            "postal_code": "75012",
            "city": "Paris Cedex 12",
        }
        assert register_customer(address="4 chemin du Moulin, 04500 Quinson").address.model_dump() == quinson

    @pytest.mark.parametrize("text", ["Quinson", "4 rue X 04500 Quinson", "04500 Quinson", ", 04500 Quinson"])
    def test_an_address_that_is_none(self, text):
        assert refused("street, comma, postal code and city", address=text) == [("address",)]
