"""Customers that change: what is named changes and nothing else, contacts by purpose, insolvency."""

from __future__ import annotations

import pytest
from invoicing_examples import CUSTOMER_REGISTERED, ENTITY, ENTITY_REGISTERED, MAIL, register_customer

from lettra_events.contracts.contacts import TOPIC
from lettra_events.contracts.invoicing import (
    ContactChanged,
    ContactErased,
    ContactRegistered,
    CustomerChanged,
    InsolvencyClosed,
    InsolvencyOpened,
    LegalEntityChanged,
)
from lettra_events.decisions.compacting import PENDING_CHANGES
from lettra_events.service.rejection import ManyErrors
from lettra_events.testing.given import given
from lettra_invoicing import handlers
from lettra_invoicing.decider import evolve
from lettra_invoicing.domain import (
    CONTACTS,
    CUSTOMERS,
    ChangeCustomer,
    CloseInsolvency,
    Contact,
    OpenInsolvency,
    RegisterContact,
    RegisterLegalEntity,
)

FIRST, SECOND = "contact:C-1", "contact:C-1:2"
ERASED = ContactErased(customer_id="C-1", contact_id=FIRST, who="j.lambert", why="26-114")
OPENED = {"proceeding": "recovery", "opened_on": "2026-03-09", "who": "j.lambert", "why": "BODACC A 51"}


def known(*more):
    history = given(evolve, CUSTOMER_REGISTERED, *more)
    history.workspace.loaded(CONTACTS, [], [Contact(FIRST, email=MAIL)])
    return history


def changing(**fields):
    return lambda w: handlers.change_customer(w, "C-1", ChangeCustomer(**fields))


def importing(columns, may_change=True, **changes):
    return lambda w: handlers.import_customer(w, register_customer(**changes), columns, may_change=may_change)


def contact(**fields):
    return lambda w: handlers.register_contact(w, "C-1", RegisterContact(**fields))


def changed(*names: str, **values) -> CustomerChanged:
    return CustomerChanged(**(CUSTOMER_REGISTERED.model_dump() | values), changed=names)


class TestChange:
    def test_the_event_has_the_whole_customer_and_names_what_changed(self):
        outcome = known().when(changing(terms="45D-EOM", name="Dupont SAS"))
        outcome.then(changed("name", "terms", terms="45D-EOM", name="Dupont SAS"))
        row = outcome.row(CUSTOMERS, "C-1")
        assert (row.name, row.terms, row.siren) == ("Dupont SAS", "45D-EOM", CUSTOMER_REGISTERED.siren)
        assert outcome.result.changed == ("name", "terms")

    def test_as_it_is_already_is_nothing(self):
        """Guard: changed_fields compares (decider/customers.py)."""
        assert known().when(changing(name="Dupont")).then_nothing().result.changed == ()

    def test_null_forgets(self):
        known().when(changing(siren=None)).then(changed("siren", siren=None))

    def test_the_mail_address_changes_beside_the_event(self):
        """Guards: the event names `email` alone, and the row is published with it (handlers/customers.py)."""
        outcome = known().when(changing(email="new@dupont.example"))
        outcome.then(changed("email"))
        assert outcome.row(CONTACTS, FIRST) == Contact(FIRST, email="new@dupont.example")
        assert outcome.row(PENDING_CHANGES, TOPIC, FIRST).revision == 2

    def test_another_address_leaves_the_mail(self):
        outcome = known().when(changing(address="4 chemin du Moulin, 04500 Quinson"))
        outcome.then(changed("address"))
        assert (outcome.row(CONTACTS, FIRST).email, outcome.row(CONTACTS, FIRST).city) == (MAIL, "Quinson")

    def test_the_customer_must_be_valid_as_a_whole(self):
        """Guard: _whole validates what comes out (handlers/customers.py)."""
        error = known().when(changing(debtor_class="private")).error
        assert isinstance(error, ManyErrors)
        assert "a private person has no siren" in error.detail

    def test_an_erased_contact_gets_no_mail_address(self):
        """Guard: check_not_erased (decider/customers.py)."""
        history = given(evolve, CUSTOMER_REGISTERED, ERASED)
        history.when(changing(email=MAIL)).then_refused("contact-erased", "email")
        history.when(changing(name="Dupont SAS")).then(changed("name", name="Dupont SAS", contact_id=None))

    def test_an_unknown_customer(self):
        given(evolve).when(changing(name="X")).then_refused("unknown-customer", "customer_id")


class TestImport:
    ALL = frozenset({"customer_id", "name", "siren", "ibans", "email", "language", "group_id", "vat_number"})

    def test_what_the_file_has_no_column_for_stays(self):
        """Guard: only the file's columns are compared and changed (decider/customers.py)."""
        history = known(changed("terms", terms="45D-EOM"))
        history.when(importing(self.ALL, may_change=False)).then_nothing()
        history.when(importing(self.ALL, name="Dupont SAS")).then(
            changed("name", terms="45D-EOM", name="Dupont SAS")
        )

    def test_an_empty_cell_forgets(self):
        history = known(changed("terms", terms="45D-EOM"))
        history.when(importing(self.ALL | {"terms"})).then(changed("terms"))

    def test_without_update_other_data_are_refused(self):
        """Guard: may_change (decider.take_customer)."""
        known().when(importing(self.ALL, may_change=False, name="X")).then_refused(
            "customer-exists", "customer_id"
        )


class TestContacts:
    def test_one_for_dunning_beside_the_first(self):
        outcome = known().when(contact(purposes=["dunning"], name="A. Petit", phone="+33123456789"))
        outcome.then(ContactRegistered(customer_id="C-1", contact_id=SECOND, purposes=("dunning",)))
        assert outcome.row(CONTACTS, SECOND) == Contact(SECOND, "A. Petit", phone="+33123456789")
        row = outcome.row(CUSTOMERS, "C-1")
        assert (row.contact_id, row.payer_contact_id, row.dunning_contact_id) == (FIRST, None, SECOND)
        assert outcome.row(PENDING_CHANGES, TOPIC, SECOND).revision == 2

    def test_no_event_has_the_person(self):
        """Guard: the person is written beside the event (handlers/customers.py)."""
        (event,) = known().when(contact(name="A. Petit", email="a.petit@dupont.example")).events
        assert "etit" not in event.model_dump_json()

    def test_the_last_one_that_took_a_purpose_has_it(self):
        first = ContactRegistered(customer_id="C-1", contact_id=SECOND, purposes=("payer", "dunning"))
        outcome = known(first).when(contact(purposes=["payer"], name="B"))
        row = outcome.row(CUSTOMERS, "C-1")
        assert (row.payer_contact_id, row.dunning_contact_id) == ("contact:C-1:3", SECOND)

    def test_a_contact_changes_as_a_whole(self):
        registered = ContactRegistered(customer_id="C-1", contact_id=SECOND, purposes=("dunning",))
        history = known(registered)
        history.workspace.loaded(CONTACTS, [], [Contact(SECOND, "A. Petit")])
        command = RegisterContact(purposes=["payer"], name="A. Petit")
        outcome = history.when(lambda w: handlers.replace_contact(w, SECOND, command))
        outcome.then(ContactChanged(customer_id="C-1", contact_id=SECOND, purposes=("payer",)))
        row = outcome.row(CUSTOMERS, "C-1")
        assert (row.payer_contact_id, row.dunning_contact_id) == (SECOND, None)

    def test_as_it_is_already_is_nothing(self):
        history = known()
        command = RegisterContact(purposes=["billing"], email=MAIL)
        history.when(lambda w: handlers.replace_contact(w, FIRST, command)).then_nothing()

    def test_an_erased_or_unknown_one_is_not_changed(self):
        """Guard: change_contact needs the contact (decider/customers.py)."""
        command = RegisterContact(name="X")
        for history, contact_id in [
            (given(evolve, CUSTOMER_REGISTERED, ERASED), FIRST),
            (known(), "contact:C-1:9"),
        ]:
            history.when(lambda w, c=contact_id: handlers.replace_contact(w, c, command)).then_refused(
                "unknown-contact", "contact_id"
            )

    def test_an_erased_one_serves_no_purpose_and_its_id_does_not_come_again(self):
        registered = ContactRegistered(customer_id="C-1", contact_id=SECOND, purposes=("dunning",))
        erased = ContactErased(customer_id="C-1", contact_id=SECOND, who="j.lambert", why="26-114")
        outcome = known(registered, erased).when(contact(purposes=["dunning"], name="C"))
        assert outcome.events[0].contact_id == "contact:C-1:3"
        assert known(registered, erased).workspace.get(CUSTOMERS, "C-1").dunning_contact_id is None


class TestInsolvency:
    @staticmethod
    def opening(**changes):
        return lambda w: handlers.open_insolvency(w, "C-1", OpenInsolvency(**(OPENED | changes)))

    @staticmethod
    def closing(closed_on: str = "2026-11-02"):
        command = CloseInsolvency(closed_on=closed_on, who="j.lambert", why="BODACC A 214")
        return lambda w: handlers.close_insolvency(w, "C-1", command)

    def test_opened_once(self):
        opened = InsolvencyOpened(customer_id="C-1", **OPENED)
        outcome = known().when(self.opening()).then(opened)
        assert outcome.row(CUSTOMERS, "C-1").proceeding == "recovery"
        known(opened).when(self.opening()).then_nothing()

    def test_a_recovery_may_turn_into_a_liquidation_and_not_back(self):
        """Guard: open_insolvency (decider/customers.py)."""
        opened = InsolvencyOpened(customer_id="C-1", **OPENED)
        later = {"proceeding": "liquidation", "opened_on": "2026-06-01"}
        known(opened).when(self.opening(**later)).then(
            InsolvencyOpened(customer_id="C-1", **(OPENED | later))
        )
        known(opened).when(self.opening(proceeding="safeguard")).then_refused("insolvency-open", "proceeding")

    def test_closed(self):
        opened = InsolvencyOpened(customer_id="C-1", **OPENED)
        outcome = known(opened).when(self.closing())
        outcome.then(
            InsolvencyClosed(customer_id="C-1", closed_on="2026-11-02", who="j.lambert", why="BODACC A 214")
        )
        assert outcome.row(CUSTOMERS, "C-1").proceeding is None

    def test_not_closed_without_being_open_or_before(self):
        """Guards: close_insolvency (decider/customers.py)."""
        known().when(self.closing()).then_refused("no-insolvency", "customer_id")
        opened = InsolvencyOpened(customer_id="C-1", **OPENED)
        known(opened).when(self.closing("2026-03-08")).then_refused("closed-before-opened", "closed_on")


class TestLegalEntity:
    def test_it_changes_as_a_whole(self):
        command = RegisterLegalEntity(**ENTITY, iban="FR1420041010050500013M02606")
        outcome = given(evolve, ENTITY_REGISTERED).when(lambda w: handlers.change_legal_entity(w, command))
        outcome.then(
            LegalEntityChanged(
                **(ENTITY_REGISTERED.model_dump() | {"iban": "FR1420041010050500013M02606"}),
                changed=("iban",),
            )
        )

    def test_as_it_is_already_is_nothing_and_an_unknown_one_is_refused(self):
        command = RegisterLegalEntity(**ENTITY)
        given(evolve, ENTITY_REGISTERED).when(
            lambda w: handlers.change_legal_entity(w, command)
        ).then_nothing()
        given(evolve).when(lambda w: handlers.change_legal_entity(w, command)).then_refused(
            "unknown-legal-entity", "entity_id"
        )


@pytest.mark.parametrize("fields", [{}, {"customer_id": "C-2"}, {"ibans": ["FR00"]}])
def test_what_is_no_change(fields):
    """Guards: ChangeCustomer (domain/commands/customers.py)."""
    with pytest.raises(ValueError, match=r"name a field|Extra inputs|is not a valid IBAN"):
        ChangeCustomer(**fields)
