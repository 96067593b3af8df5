/** The table of this room, and how it came to be. Nobody else queries it. */

import type { Migration } from '#platform/store'

export type PostmasterTables = {
  postmaster_mail: {
    id: string
    /** Milliseconds since the epoch. */
    received_at: number
    client: string
    sender: string
    recipient: string
    author: string
    subject: string
    size: number
    content: Uint8Array
  }
}

const table = (octets: 'blob' | 'bytea'): string => `
  create table postmaster_mail (
    id text primary key,
    received_at bigint not null,
    client text not null, sender text not null, recipient text not null,
    author text not null, subject text not null,
    size integer not null,
    content ${octets} not null);
  create index postmaster_mail_received on postmaster_mail (received_at, id)`

export const POSTMASTER_MIGRATIONS: readonly Migration[] = [
  { name: 'mail for the postmaster', sqlite: table('blob'), postgres: table('bytea') },
]
