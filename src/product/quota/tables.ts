/** The tables of this room, and how they came to be. Nobody else queries them. */

import type { Kysely, Selectable } from 'kysely'

import type { Control, Migration } from '#platform/store'

import { LIMITS } from './quota.ts'
import type { Limits, Quota } from './quota.ts'

/** Instants are milliseconds since the epoch. */
export type QuotaTables = {
  quota: {
    organization: string
    /** Empty: all streams together. */
    stream: string
    hour: number | null
    day: number | null
    month: number | null
    recipients: number | null
    size: number | null
    /** Later than that of any row before: who reads it again knows whether anything is new. */
    changed_at: number
  }
  /** What was told of a window, so that it is told once. */
  quota_notice: {
    organization: string
    stream: string
    span: string
    begins: number
    /** That of the window then: with another one it is told again. */
    most: number
    kind: string
    at: number
    used: number
    /** 1 when the event is in the log; 0 while somebody is about to put it there. */
    told: number
  }
}

export type QuotaRow = Selectable<QuotaTables['quota']>

const TABLES = `
  create table quota (
    organization text not null references organization (name),
    stream text not null,
    hour bigint,
    day bigint,
    month bigint,
    recipients bigint,
    size bigint,
    changed_at bigint not null,
    primary key (organization, stream));
  create table quota_notice (
    organization text not null,
    stream text not null,
    span text not null,
    begins bigint not null,
    most bigint not null,
    kind text not null,
    at bigint not null,
    used bigint not null,
    told integer not null,
    primary key (organization, stream, span, begins, most, kind));
  create index quota_notice_begins on quota_notice (begins)`

const MIGRATIONS: readonly Migration[] = [{ name: '2026-11-22 quota', sqlite: TABLES, postgres: TABLES }]

/** After `openAccounts` of the same database. */
export function quotaTables(control: Control): Promise<Kysely<QuotaTables>> {
  return control.tables<QuotaTables>('quota', MIGRATIONS)
}

export function quotaOf(row: QuotaRow): Quota {
  const set = LIMITS.flatMap((name) => (row[name] === null ? [] : [[name, row[name]] as const]))
  const limits: Limits = Object.fromEntries(set)
  return { organization: row.organization, ...(row.stream !== '' && { stream: row.stream }), limits }
}
