"""Customers and their contacts, without the persons."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import asyncpg
from pydantic import BaseModel

from lettra_invoicing.domain import PUBLISHED_CONTACTS


class CustomerView(BaseModel):
    """A customer as events tell of it. `terms`: null means 30D, as the law has it."""

    customer_id: str
    name: str
    group_id: str | None
    siren: str | None
    siret: str | None
    vat_number: str | None
    ibans: list[str]
    country: str
    language: str
    channel: str
    debtor_class: str
    terms: str | None
    contact_id: str | None
    payer_contact_id: str | None
    dunning_contact_id: str | None
    proceeding: str | None
    proceeding_opened_on: date | None


class CustomerPage(BaseModel):
    """`next` is the cursor of the following page, null on the last."""

    customers: list[CustomerView]
    next: str | None


class ContactView(BaseModel):
    """A contact without the person: his data are on the compacted topic alone, for those who may read it.

    `state`: "kept"; of an erased one "pending" until its tombstone is sent, "compacting" until the publisher has seen
    that nothing of it is left on the topic, then "erased".
    """

    contact_id: str
    customer_id: str
    purposes: list[str]
    state: Literal["kept", "pending", "compacting", "erased"]


class ContactPage(BaseModel):
    """`next` is null: a customer has few contacts."""

    contacts: list[ContactView]
    next: str | None = None


_CONTACTS = """
select k.contact_id, k.customer_id,
       array_remove(array[
         case when c.contact_id = k.contact_id then 'billing' end,
         case when c.payer_contact_id = k.contact_id then 'payer' end,
         case when c.dunning_contact_id = k.contact_id then 'dunning' end], null) as purposes,
       case when not k.erased then 'kept'
            when exists (select from compacted_changes p where p.topic = $2 and p.key = k.contact_id) then 'pending'
            when exists (select from compacted_erasures p where p.topic = $2 and p.key = k.contact_id) then 'compacting'
            else 'erased' end as state
  from (select customer_id, contact_id, false as erased from customer_contacts where customer_id = $1
        union all
        select customer_id, contact_id, true from erased_contacts where customer_id = $1) k
  join customers c using (customer_id)
 order by k.contact_id"""
_ONE = "select * from customers where customer_id = $1"
_PAGE = "select * from customers where customer_id > $1 order by customer_id limit $2"
_OF_GROUP = "select * from customers where group_id = $3 and customer_id > $1 order by customer_id limit $2"
_OF_UNIT = """
select * from customers
 where siren = $3 and ($4 = '' or group_id = $4) and customer_id > $1 order by customer_id limit $2"""


async def read_customer(pool: asyncpg.Pool[Any], customer_id: str) -> CustomerView | None:
    """One customer."""
    row = await pool.fetchrow(_ONE, customer_id)
    return None if row is None else CustomerView(**dict(row))


async def list_customers(
    pool: asyncpg.Pool[Any], group_id: str, siren: str, after: str, limit: int
) -> CustomerPage:
    """`after`: the last customer of the page before, as its `next` gave it."""
    if siren:
        rows = await pool.fetch(_OF_UNIT, after, limit + 1, siren, group_id)
    elif group_id:
        rows = await pool.fetch(_OF_GROUP, after, limit + 1, group_id)
    else:
        rows = await pool.fetch(_PAGE, after, limit + 1)
    views = [CustomerView(**dict(row)) for row in rows[:limit]]
    return CustomerPage(customers=views, next=views[-1].customer_id if len(rows) > limit else None)


async def list_contacts(pool: asyncpg.Pool[Any], customer_id: str) -> ContactPage:
    """The customer's contacts; none for an unknown customer."""
    rows = await pool.fetch(_CONTACTS, customer_id, PUBLISHED_CONTACTS.topic)
    return ContactPage(contacts=[ContactView(**dict(row)) for row in rows])
