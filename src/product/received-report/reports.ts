/**
 * What receivers report of our domains each day: how their mail fared with DMARC, and how TLS did. Kept by domain, each
 * report once. Anybody can write one: who brought it is kept beside it, and no more than so much a day is taken.
 */

import { createHash } from 'node:crypto'

import { sql } from 'kysely'
import type { Kysely, Selectable } from 'kysely'

import type { DmarcReport, TlsReport } from '#grammar/report'
import type { Control } from '#platform/store'

import { REPORT_MIGRATIONS } from './tables.ts'
import type { ReportTables } from './tables.ts'

export type Brought = {
  readonly organization: string
  /** Of ours: the one that the report is about. */
  readonly domain: string
  readonly receivedAt: number
  /** The address of the host that brought it, and the reverse-path. */
  readonly client: string
  readonly sender: string
}

/** Texts are those of strangers. */
export type ReportRow = Brought & {
  readonly id: string
  readonly kind: 'dmarc' | 'tls'
  /** Who reports, and what they call it. */
  readonly reporter: string
  readonly report: string
  readonly from: number
  readonly until: number
  /** Messages that passed DMARC, or sessions with TLS; and those that did not. */
  readonly good: number
  readonly bad: number
}

export type KeptReport =
  | { readonly kind: 'dmarc'; readonly row: ReportRow; readonly report: DmarcReport }
  | { readonly kind: 'tls'; readonly row: ReportRow; readonly report: TlsReport }

export type ReportQuery = {
  /** With those below it. */
  readonly domain: string
  /** Absent: of all, since below a domain may be one of another organization. */
  readonly organization?: string
  readonly kind?: ReportRow['kind']
  readonly limit: number
  /** Only those older than the report of this id. */
  readonly before?: string
}

/** `repeated`: it is there. `too-many`: so much has come about the domain within a day that this has to wait. */
export type ReportVerdict = 'kept' | 'repeated' | 'too-many'

type Content =
  | { readonly kind: 'dmarc'; readonly report: DmarcReport }
  | { readonly kind: 'tls'; readonly report: TlsReport }

export type ReceivedReports = {
  keep(content: Content, brought: Brought): Promise<ReportVerdict>
  /** The latest first, by the end of what they report. */
  list(query: ReportQuery): Promise<readonly ReportRow[]>
  show(id: string): Promise<KeptReport | undefined>
  /** Removes what was received before `before`; gives how many. */
  tidy(before: number): Promise<number>
}

/** About one domain within a day: all receivers of the world that report send fewer. Octets are those of the JSON. */
const MOST = { reports: 2_000, octets: 16 * 1024 * 1024 } as const

const DAY = 86_400_000

type Most = { readonly reports: number; readonly octets: number }

export async function openReceivedReports(control: Control, most: Most = MOST): Promise<ReceivedReports> {
  const db = await control.tables<ReportTables>('received-report', REPORT_MIGRATIONS)
  return {
    keep: (content, brought) =>
      db.transaction().execute((transaction) => keep(transaction, rowOf(content, brought), most)),
    list: (query) => list(db, query),
    async show(id) {
      const row = await db.selectFrom('received_report').selectAll().where('id', '=', id).executeTakeFirst()
      return row && keptOf(row)
    },
    async tidy(before) {
      const gone = db.deleteFrom('received_report').where('received_at', '<', before)
      return Number((await gone.executeTakeFirstOrThrow()).numDeletedRows)
    },
  }
}

type Row = Selectable<ReportTables['received_report']>

async function keep(db: Kysely<ReportTables>, row: Row, most: Most): Promise<ReportVerdict> {
  const known = await db
    .selectFrom('received_report')
    .select('id')
    .where('id', '=', row.id)
    .executeTakeFirst()
  if (known !== undefined) return 'repeated'
  const { count, octets } = await db
    .selectFrom('received_report')
    .select((of) => [of.fn.countAll().as('count'), of.fn.sum('size').as('octets')])
    .where('domain', '=', row.domain)
    .where('received_at', '>', row.received_at - DAY)
    .executeTakeFirstOrThrow()
  if (Number(count) >= most.reports || Number(octets) + row.size > most.octets) return 'too-many'
  const insert = db.insertInto('received_report').values(row)
  await insert.onConflict((on) => on.column('id').doNothing()).execute()
  return 'kept'
}

const LISTED = [
  'id',
  'organization',
  'kind',
  'domain',
  'reporter',
  'report',
  'from_at',
  'until_at',
  'received_at',
  'client',
  'sender',
  'good',
  'bad',
] as const satisfies readonly (keyof Row)[]

async function list(
  db: Kysely<ReportTables>,
  { domain, organization, kind, limit, before }: ReportQuery,
): Promise<readonly ReportRow[]> {
  let query = db
    .selectFrom('received_report')
    .select(LISTED)
    .where((where) => where.or([where('domain', '=', domain), where('domain', 'like', `%.${domain}`)]))
    .orderBy('until_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
  if (organization !== undefined) query = query.where('organization', '=', organization)
  if (kind !== undefined) query = query.where('kind', '=', kind)
  const last = before === undefined ? undefined : await lastOf(db, before)
  // A comparison of rows, which both engines know.
  if (last !== undefined) query = query.where(sql<boolean>`(until_at, id) < (${last.until_at}, ${last.id})`)
  return (await query.execute()).map(shownOf)
}

function lastOf(db: Kysely<ReportTables>, id: string): Promise<Pick<Row, 'until_at' | 'id'> | undefined> {
  return db.selectFrom('received_report').select(['until_at', 'id']).where('id', '=', id).executeTakeFirst()
}

function rowOf(content: Content, { organization, domain, receivedAt, client, sender }: Brought): Row {
  const { kind, report } = content
  const { organization: reporter, id, from, until } = report
  const name = [kind, domain, reporter, id, String(from)].join('\n')
  const json = JSON.stringify(report)
  return {
    id: createHash('sha256').update(name).digest('hex').slice(0, 20),
    organization,
    kind,
    domain,
    reporter,
    report: id,
    from_at: from,
    until_at: until,
    received_at: receivedAt,
    client,
    sender,
    ...sumsOf(content),
    size: Buffer.byteLength(json),
    json,
  }
}

/** A message that either way passes has passed. RFC 7489 §4.2 */
function sumsOf({ kind, report }: Content): Pick<Row, 'good' | 'bad'> {
  if (kind === 'tls') {
    const { policies } = report
    return { good: sum(policies.map((one) => one.successes)), bad: sum(policies.map((one) => one.failures)) }
  }
  const passed = report.records.filter(({ dkim, spf }) => dkim === 'pass' || spf === 'pass')
  const good = sum(passed.map(({ count }) => count))
  return { good, bad: sum(report.records.map(({ count }) => count)) - good }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}

function shownOf(row: Pick<Row, (typeof LISTED)[number]>): ReportRow {
  const { id, organization, domain, reporter, report, client, sender, good, bad } = row
  return {
    id,
    // Only this room writes the table.
    kind: row.kind as ReportRow['kind'],
    organization,
    domain,
    reporter,
    report,
    from: row.from_at,
    until: row.until_at,
    receivedAt: row.received_at,
    client,
    sender,
    good,
    bad,
  }
}

function keptOf(row: Row): KeptReport {
  const shown = shownOf(row)
  return shown.kind === 'dmarc'
    ? { kind: 'dmarc', row: shown, report: JSON.parse(row.json) as DmarcReport }
    : { kind: 'tls', row: shown, report: JSON.parse(row.json) as TlsReport }
}
