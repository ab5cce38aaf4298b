-- State, from the clerk's own events.
create table books (
    account text primary key,
    number  bigint not null,
    balance bigint not null check (balance <= 1000000)
);

-- Projections, from what he reads.
create table seen (
    account  text primary key,
    deposits bigint not null,
    total    bigint not null,
    trail    bigint not null,
    note     text not null
);
create table notices (
    partition bigint not null,
    text      text not null,
    primary key (partition, text)
);
create table holders (
    account text primary key,
    holder  text not null,
    names   text[] not null,
    share   numeric
);
create index holders_names on holders using gin (names);
create table firsts (
    text     text primary key,
    sequence bigint not null
);
create view held as
select account, holder, total from holders join seen using (account);
