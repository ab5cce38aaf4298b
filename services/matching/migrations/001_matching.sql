-- State: folded from this service's own events in the transaction that appends them.
create table open_items (
    customer_id       text    not null,
    item_id           text    not null,
    entity_id         text    not null,
    kind              text    not null,
    document_number   text    not null,
    issue_date        date    not null,
    due_date          date    not null,
    currency          text    not null,
    amount            numeric not null,
    open              numeric not null check (open between 0 and amount),
    payment_reference text,
    names             text[]  not null,
    primary key (customer_id, item_id)
);
create index open_items_names on open_items using gin (names);

-- Money is conserved: what was received is applied, on a customer's account, or unapplied.
create table payments (
    payment_id          text    primary key,
    entity_id           text    not null,
    booking_date        date    not null,
    currency            text    not null,
    amount              numeric not null,
    applied             numeric not null check (applied >= 0),
    on_account          numeric not null check (on_account >= 0),
    unapplied           numeric not null check (unapplied >= 0),
    account_customer_id text,
    counterparty_name   text,
    counterparty_iban   text,
    reason              text,
    waiting_for         text[]  not null,
    check (amount = applied + on_account + unapplied)
);
create index payments_waiting_for on payments using gin (waiting_for);
create index payments_open on payments (payment_id) where unapplied > 0;

create table days (
    business_date date   primary key,
    processed     text[] not null,
    held          text
);
create index days_held on days (held) where held is not null;

-- Projections from ar.invoicing.events and ar.payments.events.
create table customer_names (
    customer_id text primary key,
    name        text not null
);

create table day_ticks (
    business_date date   not null,
    topic         text   not null,
    sequence      bigint not null,
    entities      text[] not null,
    through_dates text[] not null,
    primary key (business_date, topic)
);
