-- Compacted topics (kafka/compacted.py). Neither table holds what a record says: a value stands in its own table alone.

-- Keys whose present row is to be published; without a row, a tombstone. One entry a key: the last change wins.
create table compacted_changes (
    topic    text   not null,
    key      text   not null,
    revision bigint not null,
    primary key (topic, key)
);

-- Erased keys of which something may still lie in the topic at or before their tombstone. Markers are written behind
-- them until a look at the partition finds nothing.
create table compacted_erasures (
    topic            text        not null,
    key              text        not null,
    partition        int         not null,
    tombstone_offset bigint      not null,
    markers          int         not null default 0,
    due_at           timestamptz not null,
    primary key (topic, key)
);
