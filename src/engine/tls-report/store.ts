/** What was counted, and the reports made of it, kept until nobody asks for them any more. */

import { hash } from 'node:crypto'

import type { Kysely } from 'kysely'

import type { Control, Migration } from '#platform/store'

import type { Policy, Session } from './session.ts'
import type { Counted } from './tally.ts'

/** What became of a report at one of the places that want it. */
export type Delivery = { readonly target: string; readonly ok: boolean; readonly text: string }

export type StoredReport = {
  readonly id: string
  /** `2026-11-22`, in UTC. */
  readonly day: string
  readonly domain: string
  /** As it is sent. */
  readonly json: string
  readonly state: 'waiting' | 'sent' | 'failed'
  readonly createdAt: number
  /** When it is sent, or tried again. */
  readonly due: number
  readonly deliveries: readonly Delivery[]
}

export type Subject = { readonly day: string; readonly domain: string }

export type TlsReportStore = {
  /** Adds to what was counted before. */
  add(counted: readonly Counted[]): Promise<void>
  /** What was counted on days before `day`, at most `limit`. */
  unreported(day: string, limit: number): Promise<readonly Subject[]>
  counted(subject: Subject): Promise<readonly Counted[]>
  /** Keeps the report in place of what was counted, unless another node has done so. Both or neither. */
  close(subject: Subject, report: StoredReport): Promise<void>
  /** Waiting ones whose time has come. */
  due(now: number, limit: number): Promise<readonly StoredReport[]>
  /** Moves its time on, for who sends it now; false when another node has. */
  claim(report: StoredReport, due: number): Promise<boolean>
  update(report: StoredReport): Promise<void>
  /** The newest first. */
  list(limit: number): Promise<readonly StoredReport[]>
  show(id: string): Promise<StoredReport | undefined>
  /** Removes reports made before `before`. */
  tidy(before: number): Promise<void>
}

type Tables = {
  tls_count: {
    day: string
    domain: string
    /** Of the rest: its digest. */
    key: string
    policy: string
    result: string
    source: string
    host: string
    address: string
    reason: string
    count: number
  }
  tls_report: {
    id: string
    day: string
    domain: string
    json: string
    state: string
    created_at: number
    due: number
    deliveries: string
  }
}

const REPORT = `
  create table tls_count (
    day text not null, domain text not null, key text not null,
    policy text not null, result text not null,
    source text not null, host text not null, address text not null, reason text not null,
    count bigint not null,
    primary key (day, domain, key));
  create table tls_report (
    id text primary key, day text not null, domain text not null, json text not null,
    state text not null, created_at bigint not null, due bigint not null, deliveries text not null);
  create index tls_report_due on tls_report (state, due);
  create index tls_report_created on tls_report (created_at)`

const MIGRATIONS: readonly Migration[] = [{ name: 'reports about TLS', sqlite: REPORT, postgres: REPORT }]

export async function openTlsReportStore(control: Control): Promise<TlsReportStore> {
  return new TableStore(await control.tables<Tables>('tls-report', MIGRATIONS))
}

class TableStore implements TlsReportStore {
  readonly #db: Kysely<Tables>

  constructor(db: Kysely<Tables>) {
    this.#db = db
  }

  async add(counted: readonly Counted[]): Promise<void> {
    await this.#db.transaction().execute(async (db) => {
      for (const one of counted) {
        await db
          .insertInto('tls_count')
          .values(rowOf(one))
          .onConflict((conflict) =>
            conflict.columns(['day', 'domain', 'key']).doUpdateSet((row) => ({
              count: row.eb(row.ref('tls_count.count'), '+', one.count),
            })),
          )
          .execute()
      }
    })
  }

  async unreported(day: string, limit: number): Promise<readonly Subject[]> {
    return await this.#db
      .selectFrom('tls_count')
      .select(['day', 'domain'])
      .distinct()
      .where('day', '<', day)
      .orderBy('day')
      .orderBy('domain')
      .limit(limit)
      .execute()
  }

  async counted({ day, domain }: Subject): Promise<readonly Counted[]> {
    const rows = await this.#db
      .selectFrom('tls_count')
      .selectAll()
      .where('day', '=', day)
      .where('domain', '=', domain)
      .orderBy('key')
      .execute()
    return rows.map(countedOf)
  }

  async close({ day, domain }: Subject, report: StoredReport): Promise<void> {
    await this.#db.transaction().execute(async (db) => {
      const gone = db.deleteFrom('tls_count').where('day', '=', day).where('domain', '=', domain)
      const { numDeletedRows } = await gone.executeTakeFirstOrThrow()
      if (numDeletedRows > 0n) await db.insertInto('tls_report').values(reportRow(report)).execute()
    })
  }

  async due(now: number, limit: number): Promise<readonly StoredReport[]> {
    const rows = await this.#db
      .selectFrom('tls_report')
      .selectAll()
      .where('state', '=', 'waiting')
      .where('due', '<=', now)
      .orderBy('due')
      .limit(limit)
      .execute()
    return rows.map(reportOf)
  }

  async claim({ id, due }: StoredReport, next: number): Promise<boolean> {
    const moved = this.#db
      .updateTable('tls_report')
      .set({ due: next })
      .where('id', '=', id)
      .where('due', '=', due)
    const { numUpdatedRows } = await moved.executeTakeFirstOrThrow()
    return numUpdatedRows > 0n
  }

  async update(report: StoredReport): Promise<void> {
    await this.#db.updateTable('tls_report').set(reportRow(report)).where('id', '=', report.id).execute()
  }

  async list(limit: number): Promise<readonly StoredReport[]> {
    const rows = await this.#db
      .selectFrom('tls_report')
      .selectAll()
      .orderBy('day', 'desc')
      .orderBy('domain')
      .limit(limit)
      .execute()
    return rows.map(reportOf)
  }

  async show(id: string): Promise<StoredReport | undefined> {
    const row = await this.#db.selectFrom('tls_report').selectAll().where('id', '=', id).executeTakeFirst()
    return row && reportOf(row)
  }

  async tidy(before: number): Promise<void> {
    await this.#db.deleteFrom('tls_report').where('created_at', '<', before).execute()
  }
}

function rowOf({
  day,
  domain,
  policy,
  result,
  from,
  host,
  address,
  text,
  count,
}: Counted): Tables['tls_count'] {
  const rest = { policy: JSON.stringify(policy), result, source: from, host, address, reason: text }
  return { day, domain, key: hash('sha256', JSON.stringify(rest)).slice(0, 32), ...rest, count }
}

function countedOf({
  day,
  domain,
  policy,
  result,
  source,
  host,
  address,
  reason,
  count,
}: Tables['tls_count']): Counted {
  return {
    day,
    domain,
    policy: JSON.parse(policy) as Policy,
    result: result as Session['result'],
    from: source,
    host,
    address,
    text: reason,
    count,
  }
}

function reportRow({ createdAt, deliveries, ...report }: StoredReport): Tables['tls_report'] {
  return { ...report, created_at: createdAt, deliveries: JSON.stringify(deliveries) }
}

function reportOf({ created_at: createdAt, deliveries, state, ...row }: Tables['tls_report']): StoredReport {
  return {
    ...row,
    createdAt,
    state: state as StoredReport['state'],
    deliveries: JSON.parse(deliveries) as readonly Delivery[],
  }
}
