/** The tables of this room, and how they came to be. Nobody else queries them. */

import type { Migration } from '#platform/store'

/** Instants are milliseconds since the epoch. */
export type SuppressionTables = {
  suppression: {
    organization: string
    /** `*` for every stream. */
    stream: string
    address: string
    reason: string
    class: string | null
    evidence: string
    delivery: string | null
    created_at: number
    expires_at: number | null
    removed_at: number | null
    removed_why: string | null
    /** When the row was last written: who follows the table asks for what is newer. */
    changed_at: number
  }
  soft_bounce: {
    organization: string
    stream: string
    address: string
    count: number
    first_at: number
    changed_at: number
  }
}

const TABLES = `
  create table suppression (
    organization text not null references organization (name),
    stream text not null,
    address text not null,
    reason text not null,
    class text,
    evidence text not null,
    delivery text,
    created_at bigint not null,
    expires_at bigint,
    removed_at bigint,
    removed_why text,
    changed_at bigint not null,
    primary key (organization, address, stream));
  create index suppression_changed on suppression (changed_at, organization, address, stream);
  create index suppression_newest on suppression (organization, created_at desc, address, stream);
  create table soft_bounce (
    organization text not null,
    stream text not null,
    address text not null,
    count integer not null,
    first_at bigint not null,
    changed_at bigint not null,
    primary key (organization, address, stream));
  create index soft_bounce_changed on soft_bounce (changed_at, organization, address, stream)`

export const SUPPRESSION_MIGRATIONS: readonly Migration[] = [
  { name: 'suppressions and soft bounces', sqlite: TABLES, postgres: TABLES },
]
