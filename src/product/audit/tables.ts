/** The table of this room, and how it came to be. Nobody else queries it, and nobody changes its rows. */

import type { Migration } from '#platform/store'

export type AuditTables = {
  audit_entry: {
    /** Sorts by time. */
    id: string
    /** Milliseconds since the epoch. */
    at: number
    /** Empty: of the whole installation. */
    organization: string
    actor: string
    address: string
    action: string
    subject: string
    /** JSON, without secrets. */
    was: string | null
    became: string | null
  }
}

const ENTRIES = `
  create table audit_entry (
    id text primary key,
    at bigint not null,
    organization text not null,
    actor text not null,
    address text not null,
    action text not null,
    subject text not null,
    was text,
    became text);
  create index audit_entry_organization on audit_entry (organization, id)`

export const AUDIT_MIGRATIONS: readonly Migration[] = [
  { name: 'audit entries', sqlite: ENTRIES, postgres: ENTRIES },
]
