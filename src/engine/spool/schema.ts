/**
 * The tables of the spool on both engines. Few indexes: each is paid for by every message. All but one hold only
 * what is unfinished, so that a year of records makes nothing slower.
 */

import type { Migration } from '#platform/store'

/** A number for each hour of a day in UTC. */
function hours(type: 'integer' | 'bigint'): string {
  return Array.from({ length: 24 }, (_, hour) => `h${hour} ${type} not null default 0`).join(', ')
}

const ENDED_BY_STREAM = `
      drop index message_ended;
      create index message_ended on message (stream, ended_at) where ended_at is not null;`

const STREAM_SERIES = `
      insert into series (facet, organization, value, stream, source, kind, detail)
        select distinct 'stream', organization, '', stream, '', kind, detail from series where facet = 'path';`

/** `node`: a column before the hours, with its comma, if there is one. */
function streamSums(node: string): string {
  const sums = Array.from({ length: 24 }, (_, hour) => `sum(r.h${hour})`).join(', ')
  return `select n.id, r.day, ${node}${sums} from series s join rollup r on r.series = s.id
        join series n on n.facet = 'stream' and n.organization = s.organization and n.stream = s.stream
          and n.kind = s.kind and n.detail = s.detail
        where s.facet = 'path' group by ${node}n.id, r.day`
}

export const SPOOL_MIGRATIONS: readonly Migration[] = [
  {
    name: 'messages, deliveries, attempts, bodies',
    sqlite: `
      create table message (
        id integer primary key, accepted_at integer not null, organization text not null, stream text not null,
        sender text not null, size integer not null, open integer not null, chunks integer not null,
        ended_at integer, detail text not null) strict;
      create index message_ended on message (ended_at) where ended_at is not null;
      create table delivery (
        message integer not null, n integer not null, state text not null, due integer not null,
        attempts integer not null, delay_notified integer not null, band integer not null, queue text not null,
        recipient text not null, ended_at integer, last_reply text, detail text,
        primary key (message, n)) strict, without rowid;
      create index delivery_waiting on delivery (queue, band, due) where state = 'waiting';
      create index delivery_active on delivery (message) where state = 'active';
      create index delivery_held on delivery (queue) where state = 'held';
      create table attempt (
        message integer not null, n integer not null, attempt integer not null, record text not null,
        primary key (message, n, attempt)) strict, without rowid;
      create table body (id integer primary key, crc integer not null, bytes blob not null) strict;
      create table chunk (
        message integer not null, seq integer not null, crc integer not null, bytes blob not null,
        unique (message, seq)) strict;
      create table mark (name text primary key, value integer not null) strict, without rowid;`,
    postgres: `
      create table message (
        id bigint primary key, accepted_at bigint not null, organization text not null, stream text not null,
        sender text not null, size bigint not null, open integer not null, chunks integer not null,
        ended_at bigint, detail text not null);
      create index message_ended on message (ended_at) where ended_at is not null;
      create table delivery (
        message bigint not null, n integer not null, node smallint not null, state text not null, due bigint not null,
        attempts integer not null, delay_notified smallint not null, band integer not null, queue text not null,
        recipient text not null, ended_at bigint, last_reply text, detail text,
        primary key (message, n));
      create index delivery_waiting on delivery (node, queue, band, due, message, n) where state = 'waiting';
      create index delivery_active on delivery (node, message) where state = 'active';
      create index delivery_held on delivery (node, queue) where state = 'held';
      create table attempt (
        message bigint not null, n integer not null, attempt integer not null, record text not null,
        primary key (message, n, attempt));
      create table body (id bigint primary key, crc bigint not null, bytes bytea not null);
      create table chunk (
        message bigint not null, seq integer not null, crc bigint not null, bytes bytea not null,
        primary key (message, seq));
      alter table body alter column bytes set storage external;
      alter table chunk alter column bytes set storage external;
      create table mark (name text primary key, value bigint not null);`,
  },
  {
    name: 'what came back about deliveries',
    sqlite: `
      create table report (
        message integer not null, n integer not null, kind text not null, record text not null,
        primary key (message, n, kind)) strict, without rowid;`,
    postgres: `
      create table report (
        message bigint not null, n integer not null, kind text not null, record text not null,
        primary key (message, n, kind));`,
  },
  {
    name: 'the log of events, and counts',
    // A page of the log is written once, at the end of its table, and read by organization. A sum is found by a
    // number, and its name is written once; the hours of a day are one row, since who asks for a month reads many.
    sqlite: `
      alter table message add column tags text;
      create table event_page (
        id integer primary key, at integer not null, organization text not null, count integer not null,
        entries text not null) strict;
      create index event_page_organization on event_page (organization);
      create table series (
        id integer primary key, facet text not null, organization text not null, value text not null,
        stream text not null, source text not null, kind text not null, detail text not null,
        unique (facet, organization, value, stream, source, kind, detail)) strict;
      create table rollup (
        series integer not null, day integer not null, ${hours('integer')}, primary key (series, day)) strict, without rowid;`,
    postgres: `
      alter table message add column tags text;
      create table event_page (
        node smallint not null, id bigint not null, at bigint not null, organization text not null,
        count integer not null, entries text not null, primary key (node, id));
      create index event_page_organization on event_page (organization, node, id);
      create table series (
        id bigint generated always as identity primary key, facet text not null, organization text not null,
        value text not null, stream text not null, source text not null, kind text not null, detail text not null,
        unique (facet, organization, value, stream, source, kind, detail));
      create table rollup (
        series bigint not null, day integer not null, node smallint not null, ${hours('bigint')},
        primary key (series, day, node));`,
  },
  {
    // Rows only for messages whose sender set a time: everything else pays nothing for it.
    name: 'times by which messages are to be delivered',
    sqlite: `
      create table deadline (message integer primary key, at integer not null) strict;
      create index deadline_at on deadline (at);`,
    postgres: `
      create table deadline (message bigint primary key, node smallint not null, at bigint not null);
      create index deadline_at on deadline (node, at);`,
  },
  {
    name: 'idempotency keys',
    // Not of a node: a client that asks again may find another one.
    sqlite: `
      create table idempotency_key (
        organization text not null, key text not null, at integer not null, message integer not null,
        digest text not null, answer text not null, primary key (organization, key)) strict, without rowid;
      create index idempotency_key_at on idempotency_key (at);`,
    postgres: `
      create table idempotency_key (
        organization text not null, key text not null, at bigint not null, message bigint not null,
        digest text not null, answer text not null, primary key (organization, key));
      create index idempotency_key_at on idempotency_key (at);`,
  },
  {
    name: '2026-11-22 tags: metadata of messages',
    // Null costs nothing, and most mail has none.
    sqlite: 'alter table message add column metadata text;',
    postgres: 'alter table message add column metadata text;',
  },
  {
    name: '2026-11-22 bulk: data of deliveries',
    sqlite: 'alter table delivery add column data text;',
    postgres: 'alter table delivery add column data text;',
  },
  {
    name: '2026-11-22 tags: what deliveries are found by',
    // Entries of many names in one row, written in the order of time: an index would write one page of its own for
    // each recipient. Messages that are there already have none, and are looked at one by one.
    sqlite: `
      create table search_recent (id integer primary key, entries blob not null) strict;
      create table search_segment (id integer primary key, oldest integer not null, newest integer not null) strict;
      create index search_segment_newest on search_segment (newest);
      create table search_block (
        block integer not null, segment integer not null, entries blob not null,
        primary key (block, segment)) strict, without rowid;
      insert into mark select 'unsearched', max(id) from message having max(id) is not null;`,
    postgres: `
      create table search_recent (
        node smallint not null, id bigint not null, entries bytea not null, primary key (node, id));
      create table search_segment (
        node smallint not null, id bigint not null, oldest bigint not null, newest bigint not null,
        primary key (node, id));
      create index search_segment_newest on search_segment (newest);
      create table search_block (
        block integer not null, node smallint not null, segment bigint not null, entries bytea not null,
        primary key (block, node, segment));
      insert into mark select 'unsearched', max(id) from message having max(id) is not null;`,
  },
  {
    name: '2026-11-22 domains: ended messages by stream',
    // Instead of the index by time alone, so that no commit writes more than before.
    sqlite: ENDED_BY_STREAM,
    postgres: ENDED_BY_STREAM,
  },
  {
    name: '2026-11-22 tags: counts of streams',
    // Summed from those of their paths, as far as these are kept.
    sqlite: `${STREAM_SERIES}
      insert into rollup ${streamSums('')};`,
    postgres: `${STREAM_SERIES}
      insert into rollup ${streamSums('r.node, ')};`,
  },
]
