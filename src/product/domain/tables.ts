/** The tables of this room, and how they came to be. Nobody else queries them. */

import type { Migration } from '#platform/store'

import type { DkimKey, Health, KeyState } from './domain.ts'

/** Instants are milliseconds since the epoch. */
export type DomainTables = {
  domain: {
    organization: string
    name: string
    created_at: number
    verified_at: number | null
    /** What the owner publishes to show it; `null` when the operator vouches for the organization. */
    token: string | null
    /** When the DNS is asked next. */
    due_at: number
    checked_at: number | null
    health: Health
    /** Checks in a row that found a required record missing or wrong. */
    failures: number
    /** JSON: what the last check found of each record. */
    found: string | null
    /** The name below it that leads to our return paths, as long as it does. */
    return_path: string | null
  }
  dkim_key: {
    organization: string
    domain: string
    selector: string
    algorithm: DkimKey['algorithm']
    state: KeyState
    created_at: number
    /** Since when it has its state; `null` for as long as that is since it was made. */
    changed_at: number | null
    record: string
    /** PKCS #8 PEM, sealed under the server key for `selector._domainkey.domain`. */
    private_key: string
  }
}

/**
 * Several organizations may claim a name, one can have it verified: with one row a name, whoever claims first would
 * lock the owner out.
 */
const DOMAIN = `
  create table domain (
    organization text not null references organization (name),
    name text not null,
    created_at bigint not null,
    verified_at bigint,
    primary key (organization, name));
  create unique index domain_verified on domain (name) where verified_at is not null;
  create table dkim_key (
    organization text not null,
    domain text not null,
    selector text not null,
    algorithm text not null,
    state text not null,
    created_at bigint not null,
    record text not null,
    private_key text not null,
    primary key (domain, selector),
    foreign key (organization, domain) references domain (organization, name) on delete cascade)`

const STATE_CHANGES = 'alter table dkim_key add column changed_at bigint'

const OWNERSHIP = `
  alter table domain add column token text;
  alter table domain add column due_at bigint not null default 0;
  alter table domain add column checked_at bigint;
  alter table domain add column health text not null default 'unchecked';
  alter table domain add column failures integer not null default 0;
  alter table domain add column found text;
  create index domain_due on domain (due_at)`

const RETURN_PATH = 'alter table domain add column return_path text'

/** After those of `account`: a domain refers to its organization. */
export const DOMAIN_MIGRATIONS: readonly Migration[] = [
  { name: 'domains and DKIM keys', sqlite: DOMAIN, postgres: DOMAIN },
  { name: 'when a key changed its state', sqlite: STATE_CHANGES, postgres: STATE_CHANGES },
  { name: '2026-11-22 domains: ownership and checks', sqlite: OWNERSHIP, postgres: OWNERSHIP },
  { name: '2026-11-22 domains: return paths', sqlite: RETURN_PATH, postgres: RETURN_PATH },
]
