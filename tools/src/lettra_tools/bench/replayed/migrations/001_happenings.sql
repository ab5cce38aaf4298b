create table happenings (
    account text   not null,
    number  bigint not null,
    text    text   not null,
    primary key (account, number)
);
