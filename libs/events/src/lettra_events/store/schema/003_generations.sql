-- The generations of this service's topic. The relay publishes to `relay.generation`; `mark` says how far another one is
-- published: one in preparation, or one that has ended, for which it is the last entry. Each has a row in
-- `partition_heads` for each of its partitions.
create table generations (
    generation int    primary key,
    mark       bigint not null default 0
);
insert into generations (generation) values (1);

-- Which generation of each topic this service reads: the one that it has not left. `through` is its last entry, once one
-- partition has reached it; when all have, the service moves to the next one.
create table consumer_generations (
    topic      text        not null,
    generation int         not null,
    partitions int         not null,
    through    bigint,
    left_at    timestamptz,
    primary key (topic, generation)
);
