"""Legal entities and customers: registered once; persons stay out of the events."""

from __future__ import annotations

import pytest
from invoicing_examples import (
    CUSTOMER_REGISTERED,
    ENTITY_REGISTERED,
    IBAN,
    MAIL,
    OTHER_SIREN,
    register_customer,
    register_entity,
)
from pydantic import ValidationError

from lettra_events.contracts.invoicing import ContactErased, CustomerRegistered, LegalEntityRegistered
from lettra_events.testing.given import given
from lettra_invoicing import handlers
from lettra_invoicing.decider import evolve
from lettra_invoicing.domain import CALENDAR, CALENDAR_KEY, CONTACTS, Contact


def registering_entity(**changes):
    return lambda w: handlers.register_legal_entity(w, register_entity(**changes))


def known():
    """The customer with its contact."""
    history = given(evolve, CUSTOMER_REGISTERED)
    history.workspace.loaded(CONTACTS, [], [Contact("contact:C-1", email=MAIL)])
    return history


def registering(**changes):
    return lambda w: handlers.register_customer(w, register_customer(**changes))


def refused_at(error: pytest.ExceptionInfo[ValidationError]) -> list[tuple]:
    return [each["loc"] for each in error.value.errors()]


class TestLegalEntity:
    def test_it_is_registered_and_takes_part_in_closing_days(self):
        """Guard: evolve adds the entity to the calendar (decider/)."""
        outcome = given(evolve).when(registering_entity()).then(ENTITY_REGISTERED)
        assert outcome.result.created is True
        assert outcome.row(CALENDAR, CALENDAR_KEY).entities == ("FR01",)

    def test_again_with_the_same_data_is_nothing(self):
        """Guard: register_legal_entity compares with what exists (decider/)."""
        outcome = given(evolve, ENTITY_REGISTERED).when(registering_entity()).then_nothing()
        assert outcome.result.created is False

    @pytest.mark.parametrize(
        "changes", [{"name": "Other"}, {"siren": None}, {"vat_number": None}], ids=lambda c: next(iter(c))
    )
    def test_with_other_data_is_refused(self, changes):
        """Guard: register_legal_entity refuses an id that exists (decider/)."""
        given(evolve, ENTITY_REGISTERED).when(registering_entity(**changes)).then_refused(
            "legal-entity-exists", "entity_id"
        )

    def test_another_entity_is_another(self):
        other = LegalEntityRegistered(entity_id="FR02", name="Autre", country="FR")
        outcome = given(evolve, ENTITY_REGISTERED).when(
            registering_entity(entity_id="FR02", name="Autre", siren=None, vat_number=None)
        )
        assert outcome.then(other).row(CALENDAR, CALENDAR_KEY).entities == ("FR01", "FR02")


class TestCustomer:
    def test_it_is_registered_with_a_contact_beside_the_event(self):
        """Guard: the mail goes to CONTACTS and its id to the event (decider/, handlers/)."""
        outcome = given(evolve).when(registering()).then(CUSTOMER_REGISTERED)
        assert outcome.row(CONTACTS, "contact:C-1").email == MAIL

    def test_without_a_mail_address_there_is_no_contact(self):
        outcome = given(evolve).when(registering(email=None))
        assert outcome.events == [
            CustomerRegistered(customer_id="C-1", name="Dupont", siren=OTHER_SIREN, ibans=(IBAN,))
        ]
        assert outcome.row(CONTACTS, "contact:C-1") is None

    def test_no_event_has_the_mail_address(self):
        """Guard: register_customer leaves `email` out of the event (decider/)."""
        outcome = given(evolve).when(registering())
        (event,) = outcome.events
        assert event.name == "Dupont"
        assert MAIL not in event.model_dump_json()

    def test_again_with_the_same_data_is_nothing(self):
        """Guard: register_customer compares with what exists (decider/)."""
        first = given(evolve).when(registering())
        again = registering()(first.workspace)
        assert again.created is False
        assert len(first.workspace.staged) == 1

    @pytest.mark.parametrize(
        "changes",
        [{"name": "Dupond"}, {"ibans": []}, {"language": "en"}, {"group_id": "G"}, {"email": None}],
        ids=lambda c: next(iter(c)),
    )
    def test_with_other_data_is_refused(self, changes):
        """Guard: take_customer refuses an id that exists (decider/customers.py)."""
        known().when(registering(**changes)).then_refused("customer-exists", "customer_id")

    def test_with_another_mail_address_is_refused(self):
        """Guard: the contact is compared too (decider/customers.changed_fields); the new address would be lost."""
        known().when(registering()).then_nothing()
        known().when(registering(email="other@dupont.example")).then_refused("customer-exists", "customer_id")

    def test_an_erased_contact_is_not_written_again(self):
        """Guard: of an erased contact nothing is compared (decider/customers.changed_fields)."""
        erased = ContactErased(customer_id="C-1", contact_id="contact:C-1", who="j.lambert", why="26-114")
        outcome = given(evolve, CUSTOMER_REGISTERED, erased).when(registering()).then_nothing()
        assert outcome.row(CONTACTS, "contact:C-1") is None


class TestWhatIsNoCustomer:
    """Guards: the types in domain/values.py."""

    @pytest.mark.parametrize("iban", [IBAN[:-1] + "7", "FR14", "XX00", "", IBAN + "0"])
    def test_an_invalid_iban(self, iban):
        with pytest.raises(ValidationError, match="is not a valid IBAN") as error:
            register_customer(ibans=[IBAN, iban])
        assert refused_at(error) == [("ibans", 1)]

    def test_an_iban_is_kept_in_one_spelling(self):
        spaced = "FR14 2004 1010 0505 0001 3M02 606"
        assert register_customer(ibans=[spaced]).ibans == (IBAN,)

    @pytest.mark.parametrize("siren", ["552100555", "55210055", "ABCDEFGHI"])
    def test_an_invalid_siren(self, siren):
        with pytest.raises(ValidationError, match="is not a valid SIREN") as error:
            register_customer(siren=siren)
        assert refused_at(error) == [("siren",)]

    @pytest.mark.parametrize("name", ["", "   ", "a\0b", "two\nlines", "x" * 201])
    def test_a_name_that_cannot_be_stored_or_read(self, name):
        with pytest.raises(ValidationError) as error:
            register_customer(name=name)
        assert refused_at(error) == [("name",)]

    def test_blanks_around_a_name_are_not_part_of_it(self):
        assert register_customer(name="  Dupont ").name == "Dupont"

    @pytest.mark.parametrize("identifier", ["", "-1", "a b", "a:b", "a/b", "é", "x" * 65, "C-1\n"])
    def test_an_identifier_that_does_not_fit_keys_and_paths(self, identifier):
        with pytest.raises(ValidationError) as error:
            register_customer(customer_id=identifier)
        assert refused_at(error) == [("customer_id",)]

    @pytest.mark.parametrize("email", ["dupont", "a@b@c", "a b@c", "a\0@b", "@"])
    def test_a_mail_address_that_is_none(self, email):
        with pytest.raises(ValidationError) as error:
            register_customer(email=email)
        assert refused_at(error) == [("email",)]

    def test_a_field_that_is_not_known(self):
        """Guard: extra="forbid" (domain/commands/); a mistyped field would be lost."""
        with pytest.raises(ValidationError) as error:
            register_customer(e_mail="x")
        assert refused_at(error) == [("e_mail",)]
