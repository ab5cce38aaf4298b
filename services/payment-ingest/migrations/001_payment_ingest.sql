-- State: folded from this service's own events in the transaction that appends them.
create table accounts (
    account         text    not null,
    currency        text    not null,
    entity_id       text    not null,
    cadence_days    bigint  not null,
    closed          boolean not null,
    known_from      date,
    through_date    date,
    closing_balance numeric,
    doubtful        text[]  not null,
    unfinished      text,
    unfinished_file text,
    taken           bigint  not null,
    statements      bigint  not null,
    mapping         text,
    watched_from    date,
    stale_for       text,
    missing_after   text,
    primary key (account, currency)
);

create table statements (
    account            text    not null,
    currency           text    not null,
    content_digest     text    not null,
    statement_id       text    not null,
    outcome            text    not null check (outcome in ('booked', 'quarantined', 'released', 'dismissed')),
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
    resolved_by        text,
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
    returns               text,
    review                text
);
create index payments_account on payments (account, booking_date, payment_id);
create index payments_amount on payments (currency, amount) where direction = 'credit' and advice_id is null;
create index payments_review on payments (payment_id) where review is not null;

create table announcements (
    announcement_id      text    primary key,
    entity_id            text    not null,
    account              text    not null,
    currency             text    not null,
    source               text    not null,
    entry_ref            text    not null,
    announced_on         date    not null,
    booking_date         date,
    value_date           date,
    amount               numeric not null check (amount > 0),
    end_to_end_id        text,
    structured_reference text,
    remittance           text,
    counterparty_name    text,
    counterparty_iban    text,
    mandate_id           text,
    batch_ref            text,
    method               text,
    payout_id            text,
    state                text    not null check (state in ('open', 'replaced', 'withdrawn')),
    open_on              text,
    payment_id           text
);
create index announcements_open on announcements (open_on) where open_on is not null;
create index announcements_payout on announcements (payout_id) where payout_id is not null;

-- What the entries of an account are found by, when one message tells of what another one told.
create table entry_keys (
    account       text   not null,
    currency      text   not null,
    key           text   not null,
    announcements text[] not null,
    payments      text[] not null,
    primary key (account, currency, key)
);

create table payouts (
    payout_id     text    primary key,
    entity_id     text    not null,
    account       text    not null,
    currency      text    not null,
    provider      text    not null,
    reference     text    not null,
    method        text    not null,
    expected_date date    not null,
    gross         numeric not null,
    fees          numeric not null,
    net           numeric not null,
    open_on       text,
    entry_id      text
);
create index payouts_open on payouts (open_on) where open_on is not null;

create table advices (
    advice_id    text    primary key,
    customer_id  text    not null,
    entity_id    text,
    payment_date date    not null,
    currency     text    not null,
    total        numeric not null,
    lines        text[]  not null,
    reference    text,
    text         text,
    payment_id   text
);
create index advices_unlinked on advices (currency, total) where payment_id is null;

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
    refunded    numeric not null,
    primary key (payment_id, customer_id)
);

-- Projection: how much of each payment was transferred to other legal entities, from matching's events.
create table payment_transfers (
    payment_id      text    primary key,
    transferred_out numeric not null
);

-- Aside: bank files as they came, from before the first decision on them until all of their statements came to an
-- end; so whatever stops an import, any process can finish it. Those with a statement in quarantine stay.
create table bank_files (
    digest         text        primary key,
    name           text        not null,
    mapping        text,
    correlation_id text        not null,
    finished       boolean     not null,
    touched_at     timestamptz not null
);
create table bank_file_pieces (
    digest  text  not null references bank_files on delete cascade,
    number  int   not null,
    content bytea not null,
    primary key (digest, number)
);
