"""Erasing a person: once, for good, whoever asks again; and a file that still has him brings nobody back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from invoicing_examples import (
    CUSTOMER_REGISTERED,
    ENTITY_REGISTERED,
    MAIL,
    OTHER_REGISTERED,
    register_customer,
)
from pydantic import ValidationError

from lettra_events.contracts.contacts import TOPIC, ContactRecord
from lettra_events.contracts.invoicing import ContactErased
from lettra_events.decisions.compacting import PENDING_CHANGES
from lettra_events.testing.given import given
from lettra_invoicing import handlers
from lettra_invoicing.decider import evolve
from lettra_invoicing.domain import (
    CONTACTS,
    CUSTOMERS,
    ERASED_CONTACTS,
    PUBLISHED_CONTACTS,
    Contact,
    EraseContact,
)

CONTACT = "contact:C-1"
ERASED = ContactErased(contact_id=CONTACT, customer_id="C-1", who="j.lambert", why="request 26-114")


def erasing(contact_id: str = CONTACT, **changes: str):
    command = EraseContact(**({"who": "j.lambert", "why": "request 26-114"} | changes))
    return lambda w: handlers.erase_contact(w, contact_id, command)


def registering(**changes):
    return lambda w: handlers.register_customer(w, register_customer(**changes))


def registered():
    """A customer that came in by the command, with its contact."""
    first = given(evolve).when(registering())
    history = given(evolve, *first.events)
    history.workspace.loaded(CONTACTS, [], [first.row(CONTACTS, CONTACT)])
    return history


class TestPublishing:
    def test_a_new_contact_is_to_be_published(self):
        """Guard: the pending change is written with the row (handlers._change_contact)."""
        outcome = given(evolve).when(registering())
        assert outcome.row(PENDING_CHANGES, TOPIC, CONTACT).revision == 1

    def test_without_a_contact_there_is_nothing_to_publish(self):
        outcome = given(evolve).when(registering(email=None))
        assert outcome.row(PENDING_CHANGES, TOPIC, CONTACT) is None

    def test_the_pending_change_has_no_address(self):
        outcome = given(evolve).when(registering())
        assert MAIL not in str(outcome.row(PENDING_CHANGES, TOPIC, CONTACT))

    def test_the_record_has_what_is_known_and_leaves_out_the_rest(self):
        value = PUBLISHED_CONTACTS.encode(Contact(CONTACT, email=MAIL))
        assert json.loads(value) == {"contact_id": CONTACT, "email": MAIL}
        assert ContactRecord.model_validate_json(value).phone is None


class TestErasing:
    def test_the_row_is_gone_and_the_event_says_who_and_why(self):
        """Guards: decider.erase_contact; the row is removed and published with it (handlers.erase_contact)."""
        outcome = registered().when(erasing()).then(ERASED)
        assert outcome.result.created is True
        assert outcome.row(CONTACTS, CONTACT) is None
        assert outcome.row(PENDING_CHANGES, TOPIC, CONTACT).revision == 2
        assert outcome.row(ERASED_CONTACTS, "C-1", CONTACT) is not None

    def test_the_customer_stays_as_it_was_but_for_its_contact(self):
        history = registered()
        before = history.workspace.get(CUSTOMERS, "C-1")
        after = history.when(erasing()).row(CUSTOMERS, "C-1")
        assert after == replace(before, contact_id=None)

    def test_twice_changes_nothing_whoever_asks(self):
        """Guard: erased_contacts is looked at first (decider/customers.erase_contact)."""
        outcome = (
            given(evolve, CUSTOMER_REGISTERED, ERASED).when(erasing(who="other", why="other")).then_nothing()
        )
        assert outcome.result.created is False
        assert outcome.row(PENDING_CHANGES, TOPIC, CONTACT) is None

    def test_a_contact_whose_row_is_not_here_is_erased_too(self):
        """A database that was built anew from the events has no contacts; what lies on the topic goes all the same."""
        outcome = given(evolve, CUSTOMER_REGISTERED).when(erasing()).then(ERASED)
        assert outcome.row(PENDING_CHANGES, TOPIC, CONTACT).revision == 2

    @pytest.mark.parametrize("contact_id", ["contact:C-2", "contact:C-3", "C-1", "contact:", "contact:C-1:2"])
    def test_no_such_contact(self, contact_id):
        """Guard: the customer's contact has this id (decider/customers.erase_contact). C-2 has none."""
        history = given(evolve, ENTITY_REGISTERED, CUSTOMER_REGISTERED, OTHER_REGISTERED)
        history.when(erasing(contact_id)).then_refused("unknown-contact", "contact_id")

    @pytest.mark.parametrize(
        "changes", [{"who": ""}, {"why": " "}, {"why": "two\nlines"}, {"who": "x" * 201}]
    )
    def test_somebody_erases_for_a_reason(self, changes):
        """Guard: Text (domain/commands/)."""
        with pytest.raises(ValidationError):
            erasing(**changes)


class TestComingBack:
    def test_the_old_file_brings_nobody_back(self):
        """Guard: a contact is written with its customer's event only (handlers.register_customer)."""
        outcome = given(evolve, CUSTOMER_REGISTERED, ERASED).when(registering()).then_nothing()
        assert (outcome.result.created, outcome.result.contact_erased) == (False, True)
        assert outcome.row(CONTACTS, CONTACT) is None
        assert outcome.row(PENDING_CHANGES, TOPIC, CONTACT) is None

    def test_another_address_neither_and_it_is_said(self):
        """The id stays erased: nobody can tell another person's address from the erased one."""
        outcome = (
            given(evolve, CUSTOMER_REGISTERED, ERASED).when(registering(email="new@x.example")).then_nothing()
        )
        assert outcome.result.contact_erased is True
        assert outcome.row(CONTACTS, CONTACT) is None

    def test_of_a_contact_that_is_kept_nothing_is_said(self):
        assert registered().when(registering()).then_nothing().result.contact_erased is False
