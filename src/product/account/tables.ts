/** The tables of this room, and how they came to be. Nobody else queries them. */

import type { Migration } from '#platform/store'

/** Instants are milliseconds since the epoch. */
export type AccountTables = {
  organization: { name: string; created_at: number }
  credential: {
    login: string
    organization: string
    stream: string
    note: string
    created_at: number
    revoked_at: number | null
    used_at: number | null
    /** HMAC-SHA-256 of login and password under the server key, base64. */
    password_mac: string
    /** The SCRAM verifier, sealed under the server key. */
    scram: string
  }
  api_key: {
    id: string
    organization: string
    stream: string
    note: string
    /** JSON: an array of scopes. */
    scopes: string
    /** JSON: CIDR blocks it may be used from; empty: from everywhere. */
    networks: string
    created_at: number
    expires_at: number | null
    revoked_at: number | null
    used_at: number | null
    /** HMAC-SHA-256 of id and secret under the server key, base64. */
    mac: string
    /** HMAC-SHA-256 of its digest under the server key, base64; of keys from before there were digests there is none. */
    digest_mac: string | null
  }
  /** The id of the server key that the rows were made with, in the one row there can be. */
  server_key: { only_row: 1; id: string }
}

const CREDENTIAL = `
  create table credential (
    login text primary key,
    organization text not null references organization (name),
    stream text not null,
    note text not null,
    created_at bigint not null,
    revoked_at bigint,
    used_at bigint,
    password_mac text not null,
    scram text not null);
  create index credential_organization on credential (organization);
  create table server_key (only_row integer primary key check (only_row = 1), id text not null)`

const API_KEY = `
  create table api_key (
    id text primary key,
    organization text not null references organization (name),
    stream text not null,
    note text not null,
    scopes text not null,
    networks text not null,
    created_at bigint not null,
    expires_at bigint,
    revoked_at bigint,
    used_at bigint,
    mac text not null);
  create index api_key_organization on api_key (organization)`

const DIGEST = `
  alter table api_key add column digest_mac text;
  create unique index api_key_digest on api_key (digest_mac)`

export const ACCOUNT_MIGRATIONS: readonly Migration[] = [
  {
    name: 'organizations and credentials',
    sqlite: `
      create table organization (name text primary key, created_at bigint not null);
      insert into organization values ('default', unixepoch() * 1000);
      ${CREDENTIAL}`,
    postgres: `
      create table organization (name text primary key, created_at bigint not null);
      insert into organization values ('default', extract(epoch from now())::bigint * 1000);
      ${CREDENTIAL}`,
  },
  { name: 'API keys', sqlite: API_KEY, postgres: API_KEY },
  { name: 'API keys by their digest', sqlite: DIGEST, postgres: DIGEST },
]
