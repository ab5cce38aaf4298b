-- The service's own history. `payload` and `attributes` are the bytes that are hashed and published.
create table streams (
    stream_id text primary key,
    version   bigint not null
);

-- Names that a decision locks because it looked something up by them and may have found nothing (see decisions/workspace.py).
create table guards (
    name text primary key
);

create table events (
    stream_id      text        not null,
    version        bigint      not null,
    event_id       uuid        not null unique,
    type           text        not null,
    schema_version int         not null,
    key            text        not null,
    payload        bytea       not null,
    attributes     bytea       not null,
    recorded_at    timestamptz not null,
    primary key (stream_id, version)
);

create view events_json as
select stream_id, version, event_id, type, schema_version, key,
       convert_from(payload, 'UTF8')::jsonb as data,
       convert_from(attributes, 'UTF8')::jsonb as attributes,
       recorded_at
from events;

-- Appended and not yet sequenced. Positions are drawn after the streams are locked, so they follow the order inside
-- every stream; they have holes and may be committed out of order, which is why nobody but the sequencer reads them.
create table outbox (
    position bigint generated always as identity primary key,
    event_id uuid not null
);

create table log (
    sequence     bigint      primary key,
    event_id     uuid        not null unique,
    chain        bytea       not null,
    sequenced_at timestamptz not null
);

-- One row: the head of the chain, and up to where the log is published in the topic generation.
create table relay (
    only_row     boolean     primary key default true check (only_row),
    sequence     bigint      not null default 0,
    chain        bytea       not null default decode(repeat('00', 32), 'hex'),
    sequenced_at timestamptz not null default '-infinity',
    generation   int         not null default 1,
    mark         bigint      not null default 0
);
insert into relay default values;

create table partition_heads (
    generation int    not null,
    partition  int    not null,
    sequence   bigint not null,
    primary key (generation, partition)
);

create table idempotency_keys (
    key         text        primary key,
    fingerprint bytea       not null,
    status      int         not null,
    answer      bytea       not null,
    recorded_at timestamptz not null
);

-- Appends events on one or more streams, or refuses. Streams come sorted; `expected` is the version that the decision
-- was taken on, -1 for "any". Locks every stream and checks it before a position of the outbox is drawn.
create function append_events(
    p_streams text[], p_expected bigint[], p_recorded_at timestamptz,
    e_stream text[], e_offset bigint[], e_id uuid[], e_type text[], e_schema int[], e_key text[],
    e_payload bytea[], e_attributes bytea[]
) returns void language plpgsql as $$
declare
    stale record;
begin
    insert into streams (stream_id, version) select s, 0 from unnest(p_streams) s on conflict do nothing;
    perform 1
       from streams join unnest(p_streams) with ordinality as wanted(stream_id, n) using (stream_id)
      order by n for update of streams;

    select w.stream_id, w.expected, s.version into stale
      from unnest(p_streams, p_expected) as w(stream_id, expected) join streams s using (stream_id)
     where w.expected <> -1 and w.expected <> s.version
     order by stream_id limit 1;
    if found then
        raise exception 'stream % is at version %, the decision was taken on %',
              stale.stream_id, stale.version, stale.expected
              using errcode = 'LT001', detail = stale.stream_id, hint = stale.version::text;
    end if;

    insert into events (stream_id, version, event_id, type, schema_version, key, payload, attributes, recorded_at)
    select e.stream_id, s.version + e.n, e.event_id, e.type, e.schema_version, e.key, e.payload, e.attributes, p_recorded_at
      from unnest(e_stream, e_offset, e_id, e_type, e_schema, e_key, e_payload, e_attributes)
           as e(stream_id, n, event_id, type, schema_version, key, payload, attributes)
      join streams s using (stream_id);

    insert into outbox (event_id)
    select event_id from unnest(e_id) with ordinality as o(event_id, n) order by n;

    update streams s set version = s.version + added.n
      from (select stream_id, count(*) as n from unnest(e_stream) as stream_id group by 1) added
     where s.stream_id = added.stream_id;
end $$;
