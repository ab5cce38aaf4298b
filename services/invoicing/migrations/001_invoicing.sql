-- State: folded from this service's own events in the transaction that appends them.
create table legal_entities (
    entity_id     text    primary key,
    name          text    not null,
    siren         text,
    vat_number    text,
    siret         text,
    legal_form    text,
    street        text,
    postal_code   text,
    city          text,
    country       text,
    iban          text,
    bic           text,
    penalty_rate  numeric,
    vat_on_debits boolean not null
);

create table customers (
    customer_id          text   primary key,
    name                 text   not null,
    siren                text,
    vat_number           text,
    ibans                text[] not null,
    language             text   not null,
    group_id             text,
    contact_id           text,
    siret                text,
    country              text   not null,
    channel              text   not null,
    debtor_class         text   not null,
    terms                text,
    payer_contact_id     text,
    dunning_contact_id   text,
    contacts_made        bigint not null,
    proceeding           text,
    proceeding_opened_on date
);
create index customers_group on customers (group_id, customer_id) where group_id is not null;
create index customers_siren on customers (siren, customer_id) where siren is not null;

create table customer_contacts (
    customer_id text not null,
    contact_id  text not null,
    primary key (customer_id, contact_id)
);

create table documents (
    entity_id         text    not null,
    document_number   text    not null,
    kind              text    not null,
    customer_id       text    not null,
    issue_date        date    not null,
    due_date          date,
    currency          text    not null,
    net               numeric,
    vat               numeric,
    gross             numeric not null,
    credited          numeric not null check (credited >= 0),
    corrects          text,
    payment_reference text,
    origin            text    not null,
    payable           numeric not null check (payable between 0 and gross),
    terms             text,
    instalments       text[]  not null,
    discount_amount   numeric,
    discount_until    date,
    deposit           boolean not null,
    deducted          numeric not null check (deducted >= 0),
    disputed          numeric not null check (disputed between 0 and gross),
    written_off       numeric not null check (written_off >= 0),
    status            bigint,
    status_at         timestamptz,
    followed          bigint  not null,
    primary key (entity_id, document_number),
    check (credited + deducted + written_off <= gross)
);
create index documents_customer on documents (customer_id, entity_id, document_number);

create table opening_items (
    entity_id         text    not null,
    item_id           text    not null,
    customer_id       text    not null,
    kind              text    not null,
    document_number   text    not null,
    number            bigint  not null,
    issue_date        date    not null,
    due_date          date    not null,
    currency          text    not null,
    amount            numeric not null check (amount > 0),
    original_amount   numeric not null check (original_amount >= amount),
    reminder_step     bigint  not null,
    payment_reference text,
    discount_amount   numeric,
    discount_until    date,
    primary key (entity_id, item_id)
);

create table disputes (
    dispute_id      text    primary key,
    customer_id     text    not null,
    entity_id       text    not null,
    document_number text    not null,
    reason          text    not null,
    amount          numeric not null check (amount > 0),
    currency        text    not null,
    owner           text    not null,
    due_date        date    not null,
    opened_on       date    not null,
    opened_by       text    not null,
    outcome         text    not null,
    credited        numeric not null check (credited between 0 and amount),
    credit_note     text,
    resolved_on     date
);
create index disputes_open on disputes (dispute_id) where outcome = 'open';
create index disputes_customer on disputes (customer_id, dispute_id);

create table requests (
    request_id      text    primary key,
    kind            text    not null,
    customer_id     text    not null,
    entity_id       text    not null,
    document_number text    not null,
    reason          text,
    amount          numeric not null check (amount > 0),
    currency        text    not null,
    requested_on    date    not null,
    requested_by    text    not null,
    why             text    not null,
    state           text    not null,
    decided_on      date,
    decided_by      text,
    credit_note     text,
    lines           text[]  not null
);
create index requests_open on requests (request_id) where state = 'open';
create index requests_customer on requests (customer_id, request_id);

create table document_statuses (
    entity_id       text        not null,
    document_number text        not null,
    reference       text        not null,
    status          bigint      not null,
    source          text        not null,
    occurred_at     timestamptz not null,
    reason          text,
    amount          numeric,
    primary key (entity_id, document_number, reference)
);

create table series (
    entity_id       text   not null,
    series          text   not null,
    last_number     bigint not null,
    last_issue_date date   not null,
    primary key (entity_id, series)
);

create table calendar (
    name        text   primary key,
    closed_date date,
    entities    text[] not null
);

create table erased_contacts (
    customer_id text not null,
    contact_id  text not null,
    primary key (customer_id, contact_id)
);

-- Persons: not in events, not rebuilt from them, and erased for good (docs/runbooks/erasing-a-person.md). Without
-- statistics: PostgreSQL would keep samples of the addresses in its catalogue.
create table contacts (
    contact_id  text primary key,
    name        text,
    email       text,
    phone       text,
    street      text,
    postal_code text,
    city        text
);
alter table contacts
    alter column name set statistics 0, alter column email set statistics 0, alter column phone set statistics 0,
    alter column street set statistics 0, alter column postal_code set statistics 0, alter column city set statistics 0;

-- Lines and parties of invoices that were issued here; never changed and never deleted. Their digest is in the history.
create table document_contents (
    entity_id       text  not null,
    document_number text  not null,
    content         bytea not null,
    primary key (entity_id, document_number)
);

-- How far the import of a file is; the file is known by its digest.
create table imports (
    digest      text        primary key,
    kind        text        not null,
    phase       text        not null,
    rows        bigint      not null,
    done        bigint      not null,
    started_at  timestamptz not null,
    finished_at timestamptz
);

-- Projection from ar.matching.events.
create table settlements (
    customer_id     text    not null,
    item_id         text    not null,
    entity_id       text    not null,
    document_number text    not null,
    settled         numeric not null,
    open            numeric not null,
    credited        numeric not null,
    given_up        numeric not null,
    primary key (customer_id, item_id)
);
create index settlements_document on settlements (customer_id, entity_id, document_number);
