/** The tables of this room, and how they came to be. Nobody else queries them. */

import type { Migration } from '#platform/store'

/** Instants are milliseconds since the epoch. */
export type UserTables = {
  user_account: {
    id: string
    email: string
    name: string
    language: string
    created_at: number
    /** argon2id, in the PHC string format; empty for who has none, which matches nothing. */
    password: string
    /** Sessions of another epoch have ended. */
    epoch: number
  }
  membership: {
    account: string
    organization: string
    role: string
    created_at: number
    signed_in_at: number | null
    /** The issuer of the provider whose claims gave it and may take it; `null`: people gave it. */
    granted_by: string | null
  }
  user_session: {
    /** The part of it that may be shown. */
    id: string
    /** HMAC-SHA-256 of the token under the server key, base64. */
    mac: string
    account: string
    organization: string
    created_at: number
    used_at: number
    epoch: number
    /** `complete`, or `second-factor` until the code is shown. */
    state: string
    /** Of the client that signed in, as far as it is known. */
    address: string
    agent: string
  }
  once_link: {
    mac: string
    kind: string
    organization: string
    created_at: number
    expires_at: number
  }
  invitation: {
    id: string
    mac: string
    organization: string
    email: string
    role: string
    invited_by: string
    created_at: number
    expires_at: number
  }
  second_factor: {
    account: string
    /** Sealed under the server key. */
    secret: string
    /** `null` until a first code has shown that the app has it. */
    confirmed_at: number | null
    /** Of the last code that was taken. RFC 6238 §4.2 */
    last_step: number | null
  }
  recovery_code: { account: string; mac: string }
  password_reset: { mac: string; account: string; expires_at: number }
  passkey: {
    id: string
    account: string
    /** As the authenticator calls it, base64url. */
    credential: string
    /** COSE, base64url. RFC 9052 §7 */
    public_key: string
    /** Of the last signature that was taken. */
    counter: number
    name: string
    /** 1 when it is kept by more devices than one. */
    synced: number
    created_at: number
    used_at: number | null
  }
  passkey_challenge: {
    mac: string
    /** Of the session that may answer it by a new passkey; `null`: whoever signs in. */
    session: string | null
    expires_at: number
  }
  identity: {
    id: string
    /** These two together never name somebody else. OpenID Connect Core §5.7 */
    issuer: string
    subject: string
    account: string
    created_at: number
    used_at: number | null
  }
}

const USERS = `
  create table user_account (
    id text primary key,
    email text not null unique,
    name text not null,
    language text not null,
    created_at bigint not null,
    password text not null,
    epoch integer not null);
  create table membership (
    account text not null references user_account (id),
    organization text not null references organization (name),
    role text not null,
    created_at bigint not null,
    signed_in_at bigint,
    primary key (account, organization));
  create index membership_organization on membership (organization);
  create table user_session (
    id text primary key,
    mac text not null unique,
    account text not null references user_account (id),
    organization text not null,
    created_at bigint not null,
    used_at bigint not null,
    epoch integer not null,
    address text not null,
    agent text not null);
  create index user_session_account on user_session (account);
  create table once_link (
    mac text primary key,
    kind text not null,
    organization text not null references organization (name),
    created_at bigint not null,
    expires_at bigint not null)`

const INVITATIONS = `
  create table invitation (
    id text primary key,
    mac text not null unique,
    organization text not null references organization (name),
    email text not null,
    role text not null,
    invited_by text not null,
    created_at bigint not null,
    expires_at bigint not null,
    unique (organization, email));
  create table password_reset (
    mac text primary key,
    account text not null references user_account (id),
    expires_at bigint not null);
  create index password_reset_account on password_reset (account)`

const SECOND_FACTORS = `
  alter table user_session add column state text not null default 'complete';
  create table second_factor (
    account text primary key references user_account (id),
    secret text not null,
    confirmed_at bigint,
    last_step bigint);
  create table recovery_code (
    account text not null references user_account (id),
    mac text not null,
    primary key (account, mac))`

const PASSKEYS = `
  create table passkey (
    id text primary key,
    account text not null references user_account (id),
    credential text not null unique,
    public_key text not null,
    counter bigint not null,
    name text not null,
    synced integer not null,
    created_at bigint not null,
    used_at bigint);
  create index passkey_account on passkey (account);
  create table passkey_challenge (
    mac text primary key,
    session text,
    expires_at bigint not null)`

const IDENTITIES = `
  alter table membership add column granted_by text;
  create table identity (
    id text primary key,
    issuer text not null,
    subject text not null,
    account text not null references user_account (id),
    created_at bigint not null,
    used_at bigint,
    unique (issuer, subject));
  create index identity_account on identity (account)`

export const USER_MIGRATIONS: readonly Migration[] = [
  { name: 'users, sessions and owner links', sqlite: USERS, postgres: USERS },
  { name: 'invitations and password resets', sqlite: INVITATIONS, postgres: INVITATIONS },
  { name: 'second factors', sqlite: SECOND_FACTORS, postgres: SECOND_FACTORS },
  { name: '2026-11-22 signin: passkeys', sqlite: PASSKEYS, postgres: PASSKEYS },
  { name: '2026-11-22 signin: identities', sqlite: IDENTITIES, postgres: IDENTITIES },
]
