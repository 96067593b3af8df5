/** The table of this room, and how it came to be. Nobody else queries it. */

import type { Migration } from '#platform/store'

export type BulkTables = {
  bulk_delivery: {
    id: number
    organization: string
    /** JSON, in the words of the door that made it. */
    content: string
    /** JSON: an array of `BulkRecipient`. */
    recipients: string
    state: 'edit' | 'sending' | 'sent'
    /** When it is to be sent, if not at once. Instants are milliseconds since the epoch. */
    due: number | null
    created_at: number
    updated_at: number
  }
}

const TABLE = `
  create table bulk_delivery (
    id bigint primary key,
    organization text not null,
    content text not null,
    recipients text not null,
    state text not null,
    due bigint,
    created_at bigint not null,
    updated_at bigint not null);
  create index bulk_delivery_updated on bulk_delivery (updated_at)`

export const BULK_MIGRATIONS: readonly Migration[] = [
  { name: 'bulk deliveries', sqlite: TABLE, postgres: TABLE },
]
