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
    disputed          numeric not null check (disputed between 0 and amount),
    payment_reference text,
    discount_amount   numeric,
    discount_until    date,
    marks             text[]  not null,
    payable_by        text    check ((payable_by is null) = (open = 0)),
    lettrage          text,
    settled_on        date,
    reopened_on       date    not null,
    -- Each '<date> <change>': what is open of an item as of a day is its amount with its moves up to that day.
    moves             text[]  not null,
    primary key (customer_id, item_id)
);
-- Every batch searches these indexes for thousands of marks. With GIN's list of pending entries each of these searches
-- would read the whole list; without it an insert pays for its own entry.
create index open_items_marks on open_items using gin (marks) with (fastupdate = off);
create index open_items_payable_by on open_items (payable_by) where payable_by is not null;
create index open_items_lettrage on open_items (lettrage) where lettrage is not null;

-- Money is conserved: whatever came in is somewhere.
create table payments (
    payment_id           text    primary key,
    entity_id            text    not null,
    booking_date         date    not null,
    value_date           date,
    currency             text    not null,
    received             numeric not null check (received >= 0),
    transferred_in       numeric not null check (transferred_in >= 0),
    applied              numeric not null check (applied >= 0),
    on_account           numeric not null check (on_account >= 0),
    unapplied            numeric not null check (unapplied >= 0),
    returned             numeric not null check (returned >= 0),
    refunded             numeric not null check (refunded >= 0),
    transferred_out      numeric not null check (transferred_out >= 0),
    announced            numeric not null check (announced >= 0),
    lines                bigint  not null,
    moved_on             date    not null,
    account_customer_id  text    check ((account_customer_id is null) = (on_account = 0)),
    assigned_to          text,
    counterparty_name    text,
    counterparty_iban    text,
    structured_reference text,
    remittance           text,
    end_to_end_id        text,
    advice               text[]  not null,
    advice_text          text,
    reason               text,
    waiting_for          text[]  not null,
    barred               text[]  not null,
    held_for             text[]  not null,
    check (received + transferred_in
           = applied + on_account + unapplied + returned + refunded + transferred_out)
);
create index payments_waiting_for on payments using gin (waiting_for) with (fastupdate = off);
create index payments_open on payments (payment_id) where unapplied > 0;
create index payments_announced on payments (payment_id) where announced > 0;
create index payments_on_account on payments (account_customer_id, payment_id) where on_account > 0;

create table allocations (
    payment_id      text    not null,
    line            bigint  not null,
    customer_id     text    not null,
    item_id         text    not null,
    credit_item_id  text,
    amount          numeric not null check (amount >= 0),
    written_off     numeric not null check (written_off >= 0),
    write_off_type  text,
    date            date    not null,
    rule            text,
    evidence        text,
    confidence      numeric,
    rules_version   bigint,
    who             text,
    primary key (payment_id, line)
);
create index allocations_item on allocations (customer_id, item_id);

create table proposals (
    payment_id    text    primary key,
    entity_id     text    not null,
    currency      text    not null,
    lines         text[]  not null,
    rule          text    not null,
    evidence      text    not null,
    confidence    numeric not null,
    solutions     bigint  not null,
    rules_version bigint  not null
);

create table holds (
    customer_id text    not null,
    payment_id  text    not null,
    entity_id   text    not null,
    amount      numeric not null,
    currency    text    not null,
    reason      text    not null,
    primary key (customer_id, payment_id)
);

create table account_days (
    customer_id text    not null,
    entity_id   text    not null,
    currency    text    not null,
    date        date    not null,
    change      numeric not null,
    primary key (customer_id, entity_id, currency, date)
);

create table payers (
    customer_id     text   primary key,
    name            text   not null,
    siren           text,
    vat_number      text,
    ibans           text[] not null,
    group_id        text,
    learned_ibans   text[] not null,
    learned_aliases text[] not null,
    marks           text[] not null
);
create index payers_marks on payers using gin (marks) with (fastupdate = off);
create index payers_group on payers (group_id) where group_id is not null;

create table rules (
    entity_id text   primary key,
    version   bigint not null,
    changes   text[] not null
);

create table days (
    business_date date   primary key,
    processed     text[] not null,
    held          text
);
create index days_held on days (held) where held is not null;

-- A projection from ar.invoicing.events and ar.payments.events.
create table day_ticks (
    business_date date   not null,
    topic         text   not null,
    sequence      bigint not null,
    entities      text[] not null,
    through_dates text[] not null,
    primary key (business_date, topic)
);
