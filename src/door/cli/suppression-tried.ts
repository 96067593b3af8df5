/** What `suppression try` has found, in rows and totals. */

import { formatDuration } from '#grammar/time'
import type { DryRunRow, DryRunTotals, Policy } from '#product/suppression'

import { isoTime } from './csv.ts'
import type { Field } from './csv.ts'
import { count, moment, table } from './print.ts'
import { cut } from './text.ts'

type Tally = DryRunTotals['changes']

export type Tried = {
  readonly policy: Policy
  readonly totals: Omit<DryRunTotals, 'classes' | 'providers'> & {
    readonly classes: { readonly [name: string]: Tally }
    readonly providers: { readonly [name: string]: Tally }
  }
  readonly rows: readonly DryRunRow[]
  /** Rows that were not shown. */
  readonly more: number
}

export const TRY_FIELDS: readonly Field<DryRunRow>[] = [
  ['change', (row) => row.change],
  ['address', (row) => row.address],
  ['stream', (row) => row.stream],
  ['reason', (row) => row.reason],
  ['class', (row) => row.class],
  ['count', (row) => row.count],
  ['provider', (row) => row.provider],
  ['why', (row) => row.why],
  ['since', (row) => isoTime(row.createdAt)],
  ['until', (row) => isoTime(row.expiresAt)],
  ['delivery', (row) => row.delivery],
  ['evidence', (row) => row.evidence],
]

const COLUMNS = [
  { title: 'CHANGE', cell: (row: DryRunRow) => row.change },
  { title: 'ADDRESS', cell: (row: DryRunRow) => cut(row.address, 40) },
  { title: 'STREAM', cell: (row: DryRunRow) => row.stream },
  { title: 'WHY', cell: whyOf },
  { title: 'SINCE', cell: (row: DryRunRow) => moment(row.createdAt) },
  { title: 'UNTIL', cell: untilOf },
  { title: 'DELIVERY', cell: (row: DryRunRow) => row.delivery ?? '-' },
  { title: 'EVIDENCE', cell: (row: DryRunRow) => cut(row.evidence, 60) },
]

function whyOf({ reason, class: what, count: times }: DryRunRow): string {
  const soft = times === undefined ? '' : `, ${count(times, 'time', 'times')}`
  return `${reason}${what === undefined ? '' : `: ${what}`}${soft}`
}

function untilOf({ change, why, expiresAt }: DryRunRow): string {
  if (change !== 'gone') return expiresAt === undefined ? 'for good' : moment(expiresAt)
  if (why === 'expired') return `over since ${moment(expiresAt)}`
  return why === 'too-few' ? 'not often enough' : 'never'
}

export function tryText({ policy, totals, rows, more }: Tried): string {
  const last = rows.at(-1)?.delivery
  const rest =
    more > 0 ? `… and ${count(more, 'more', 'more')}${last === undefined ? '' : `: --after ${last}`}\n` : ''
  return [
    `Tried, and nothing written: ${policyText(policy)}\n\n`,
    table(rows, COLUMNS, 'Nobody.'),
    rest,
    totalsText(totals),
  ].join('')
}

function policyText(policy: Policy): string {
  if (!policy.enabled) return 'suppression.enabled is false'
  const { unknownExpire, hostUnknownExpire, complaintExpire, softCount, softWithin, softExpire } = policy
  const soft =
    softCount === 0
      ? 'soft_count 0'
      : `soft_count ${softCount} within ${formatDuration(softWithin)} until ${spanOf(softExpire)}`
  const hard = `unknown_expire ${spanOf(unknownExpire)}, host_unknown_expire ${spanOf(hostUnknownExpire)}`
  return `${hard}, complaint_expire ${spanOf(complaintExpire)}, ${soft}`
}

function spanOf(duration: number): string {
  return duration === 0 ? '0 (for good)' : formatDuration(duration)
}

function totalsText(totals: Tried['totals']): string {
  const { changes, classes, providers, over, noRecord, untouched } = totals
  const lines = [
    `${count(changes.new + changes.same, 'recipient', 'recipients')} would be suppressed, ${changes.new} of them new; ${changes.gone} would not be any more.`,
    `${count(totals.refused, 'delivery', 'deliveries')} of the past would have been refused; ${totals.refusedDelivered} of them had been delivered.`,
    ...(over > 0 ? [`${count(over, 'suppression', 'suppressions')} would be over by now.`] : []),
    ...(untouched > 0
      ? [`${count(untouched, 'is', 'are')} on the list by people or shaping rules, and would stay.`]
      : []),
    ...(noRecord > 0 ? [`Of ${noRecord} on the list no record is left that would say.`] : []),
    `Learnt of ${count(totals.experiences, 'delivery, late bounce or complaint', 'deliveries, late bounces and complaints')}.`,
  ]
  return `\n${lines.join('\n')}\n${by('CLASS', classes)}${by('PROVIDER', providers)}`
}

function by(title: string, all: { readonly [name: string]: Tally }): string {
  return Object.keys(all).length === 0 ? '' : `\n${table(sorted(all), tallyColumns(title), '')}`
}

type Named = Tally & { readonly name: string }

function sorted(all: { readonly [name: string]: Tally }): readonly Named[] {
  const size = (one: Tally): number => one.new + one.same + one.gone
  return Object.entries(all)
    .map(([name, tally]) => ({ name, ...tally }))
    .toSorted((a, b) => size(b) - size(a) || (a.name < b.name ? -1 : 1))
}

function tallyColumns(title: string): Parameters<typeof table<Named>>[1] {
  return [
    { title, cell: ({ name }) => name },
    { title: 'NEW', right: true, cell: (row) => String(row.new) },
    { title: 'SAME', right: true, cell: ({ same }) => String(same) },
    { title: 'GONE', right: true, cell: ({ gone }) => String(gone) },
  ]
}
