-- How far this service has read each partition, moved in the transaction that wrote what the records caused.
-- `next_offset` is where reading goes on; it stays behind at a missing record (see kafka/contiguity.py).
create table consumer_offsets (
    topic       text   not null,
    partition   int    not null,
    sequence    bigint not null,
    next_offset bigint not null,
    primary key (topic, partition)
);

create table consumer_batches (
    topic      text        not null,
    partition  int         not null,
    first      bigint      not null,
    last       bigint      not null,
    applied_at timestamptz not null,
    primary key (topic, partition, first)
);

-- State: keys that are stopped, folded from KeyParked, KeyReleased and EventSkipped.
create table parked_keys (
    topic     text   not null,
    key       text   not null,
    partition bigint not null,
    sequence  bigint not null,
    event_id  uuid   not null,
    type      text   not null,
    entity_id text,
    error     text   not null,
    primary key (topic, key)
);

-- The records of a parked key, the one that failed first, in order, whole.
create table parked_records (
    topic     text   not null,
    partition bigint not null,
    sequence  bigint not null,
    key       text   not null,
    record    bytea  not null,
    primary key (topic, partition, sequence)
);
create index parked_records_key on parked_records (topic, key, sequence);
-- The events about parking are few among many: they are counted for a metric every two seconds.
create index events_parking on events (type) where stream_id like 'parked:%';
