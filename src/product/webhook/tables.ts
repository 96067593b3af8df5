/** The tables of this room, and how they came to be. Nobody else queries them. */

import type { Kysely, Selectable } from 'kysely'

import { EVENT_KINDS } from '#engine/spool'
import type { Control, Migration } from '#platform/store'

import type { Webhook, WebhookState } from './webhook.ts'

/** Instants are milliseconds since the epoch. */
export type WebhookTables = {
  webhook: {
    id: string
    organization: string
    url: string
    note: string
    /** With commas; empty for all. */
    kinds: string
    stream: string | null
    /** Sealed. */
    secret: string
    old_secret: string | null
    old_until: number | null
    created_at: number
    paused_at: number | null
    paused_why: string | null
    /** 1: nobody asked for the pause, and its end is told. */
    gave_up: number
    /** Where the log is to be gone on with. */
    place: string
    /** Counts where the place was set from outside: what was under way then says no more where to go on. */
    generation: number
    /** Events of the request that failed, so that it is the same when it is tried again; 0 for none. */
    pending: number
    failures: number
    failing_since: number | null
    due: number
    /** The node that sends, until then. */
    node: number | null
    leased_until: number
  }
  webhook_attempt: {
    id: string
    webhook: string
    at: number
    duration: number
    what: string
    request: string
    events: number
    ok: number
    status: number
    excerpt: string
  }
}

export type WebhookRow = Selectable<WebhookTables['webhook']>

const TABLES = `
  create table webhook (
    id text primary key,
    organization text not null references organization (name),
    url text not null,
    note text not null,
    kinds text not null,
    stream text,
    secret text not null,
    old_secret text,
    old_until bigint,
    created_at bigint not null,
    paused_at bigint,
    paused_why text,
    gave_up integer not null,
    place text not null,
    generation integer not null,
    pending integer not null,
    failures integer not null,
    failing_since bigint,
    due bigint not null,
    node integer,
    leased_until bigint not null);
  create index webhook_organization on webhook (organization, created_at, id);
  create table webhook_attempt (
    id text primary key,
    webhook text not null references webhook (id) on delete cascade,
    at bigint not null,
    duration integer not null,
    what text not null,
    request text not null,
    events integer not null,
    ok integer not null,
    status integer not null,
    excerpt text not null);
  create index webhook_attempt_newest on webhook_attempt (webhook, at desc, id desc);
  create index webhook_attempt_age on webhook_attempt (at)`

const MIGRATIONS: readonly Migration[] = [{ name: 'webhooks', sqlite: TABLES, postgres: TABLES }]

/** After `openAccounts` of the same database. */
export function webhookTables(control: Control): Promise<Kysely<WebhookTables>> {
  return control.tables<WebhookTables>('webhook', MIGRATIONS)
}

export function webhookOf(row: WebhookRow, now: number): Webhook {
  const kinds = row.kinds.split(',')
  return {
    id: row.id,
    organization: row.organization,
    url: row.url,
    note: row.note,
    kinds: EVENT_KINDS.filter((kind) => kinds.includes(kind)),
    ...(row.stream !== null && { stream: row.stream }),
    state: stateOf(row),
    createdAt: row.created_at,
    ...(row.old_until !== null && row.old_until > now && { oldSecretUntil: row.old_until }),
  }
}

function stateOf(row: WebhookRow): WebhookState {
  if (row.paused_at !== null)
    return { at: 'paused', since: row.paused_at, why: row.paused_why ?? '', gaveUp: row.gave_up === 1 }
  if (row.failing_since !== null)
    return { at: 'failing', since: row.failing_since, failures: row.failures, next: row.due }
  return { at: 'active' }
}
