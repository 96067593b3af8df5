/** The table of this room, and how it came to be. Nobody else queries it. */

import type { Migration } from '#platform/store'

export type OidcTables = {
  oidc_request: {
    /** Of the state that the provider sends back. */
    mac: string
    /** Of what the browser keeps that began. */
    browser: string
    provider: string
    /** JSON of what the answer is held against, sealed under the server key. */
    sealed: string
    /** Milliseconds since the epoch. */
    expires_at: number
  }
}

const REQUESTS = `
  create table oidc_request (
    mac text primary key,
    browser text not null,
    provider text not null,
    sealed text not null,
    expires_at bigint not null);
  create index oidc_request_expires on oidc_request (expires_at)`

export const OIDC_MIGRATIONS: readonly Migration[] = [
  { name: '2026-11-22 signin: oidc requests', sqlite: REQUESTS, postgres: REQUESTS },
]
