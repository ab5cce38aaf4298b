-- State: folded from this service's own events in the transaction that appends them.
create table accounts (
    account         text    not null,
    currency        text    not null,
    entity_id       text    not null,
    cadence_days    bigint  not null,
    closed          boolean not null,
    through_date    date,
    closing_balance numeric,
    doubtful        text[]  not null,
    unfinished      text,
    taken           bigint  not null,
    statements      bigint  not null,
    primary key (account, currency)
);

create table statements (
    account            text    not null,
    currency           text    not null,
    content_digest     text    not null,
    statement_id       text    not null,
    outcome            text    not null check (outcome in ('booked', 'quarantined')),
    reason             text,
    verified           boolean not null,
    from_date          date,
    through_date       date,
    opening_balance    numeric,
    closing_balance    numeric,
    first_booking_date date,
    last_booking_date  date,
    transactions       bigint  not null,
    file_digest        text    not null,
    days               text[]  not null,
    waiting            text,
    primary key (account, currency, content_digest)
);
create index statements_days on statements using gin (days);
create index statements_waiting on statements (waiting) where waiting is not null;
create index statements_through on statements (account, through_date, content_digest);

-- Which transactions a statement told of, a row for each part of it.
create table statement_parts (
    account        text   not null,
    currency       text   not null,
    content_digest text   not null,
    taken_before   bigint not null,
    payments       text[] not null,
    balances       text[] not null,
    primary key (account, currency, content_digest, taken_before)
);
create index statement_parts_digest on statement_parts (content_digest);

create table payments (
    payment_id            text    primary key,
    direction             text    not null check (direction in ('credit', 'debit')),
    entity_id             text    not null,
    account               text,
    currency              text    not null,
    statement_id          text,
    entry_ref             text    not null,
    booking_date          date    not null,
    value_date            date,
    amount                numeric not null check (amount > 0),
    reversal              boolean not null,
    end_to_end_id         text,
    structured_reference  text,
    remittance            text,
    counterparty_name     text,
    counterparty_iban     text,
    charges               numeric,
    original_amount       numeric,
    original_currency     text,
    exchange_rate         text,
    mandate_id            text,
    return_reason         text,
    bank_transaction_code text,
    batch_size            bigint,
    method                text,
    part_of               text,
    payout_id             text,
    returned              numeric not null check (returned >= 0 and returned <= amount),
    detailed              boolean not null,
    advice_id             text,
    returns               text
);
create index payments_account on payments (account, booking_date, payment_id);

create table calendar (
    name        text primary key,
    closed_date date
);

-- Projection from ar.matching.events: what each customer's part of a payment became.
create table payment_uses (
    payment_id  text    not null,
    customer_id text    not null,
    currency    text    not null,
    applied     numeric not null,
    on_account  numeric not null,
    primary key (payment_id, customer_id)
);
