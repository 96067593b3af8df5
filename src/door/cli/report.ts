/** `report`: how often what happened, and how long it took. */

import type { Command } from 'commander'

import { COUNT_KEYS, COUNTED, percentile } from '#grammar/event'
import type { Counted, CountKey, CountQuery, CountRow } from '#engine/spool'

import { answer, example } from './command.ts'
import type { Run } from './command.ts'
import { csv, isoTime } from './csv.ts'
import type { Field } from './csv.ts'
import { CliError } from './host.ts'
import { exported } from './listing.ts'
import { timeArgument, zoneArgument } from './period.ts'
import { moment, table } from './print.ts'

const FILTERS = ['organization', 'stream', 'source', 'provider', 'domain', 'sender', 'tag'] as const

type Options = Pick<CountQuery, (typeof FILTERS)[number] | 'zone'> & {
  readonly from?: number
  readonly to?: number
  readonly by: readonly CountKey[]
}

const WEEK = 7 * 86_400_000

/** Rows of a report; names beyond are told together, as `*`. */
const MOST = 10_000

/** Of the time to deliver. */
const RANKS = [0.5, 0.95, 0.99] as const

export function reportCommand(program: Command, run: Run): void {
  const command = exported(program.command('report'))
    .description('how much mail was accepted, delivered, deferred, bounced …, and how long it took')
    .option('--from <time>', 'the first hour or day; a week ago, when it is absent', timeArgument)
    .option('--to <time>', 'before which it ends; now, when it is absent', timeArgument)
    .option('--by <keys>', `for each of these: ${COUNT_KEYS.join(', ')}`, keysArgument, [])
    .option('--organization <name>', 'of one organization')
    .option('--stream <name>', 'of one stream')
    .option('--source <name>', 'by one source')
    .option('--provider <name>', 'at one provider of the shaping rules, or one site without')
    .option('--domain <domain>', 'to one domain; kept by the day')
    .option('--sender <domain>', 'from one domain; kept by the day')
    .option('--tag <tag>', 'with one tag; kept by the day')
    .option('--zone <offset>', 'where days begin, such as +09:00', zoneArgument)
    .action(async (options: Options, self: Command) => {
      await answer(run, self, async (node) => {
        const { folded } = await import('#product/insight')
        const { by } = options
        const rows = folded(await node.counts(queryOf(options, run.host.now())), by, MOST)
        const value = rows.map((row) => ({ ...row.key, ...row.counts, ...timesOf(row) }))
        return { value, text: describe(by, rows), csv: () => csv(rows, fields(by)) }
      })
    })
  example(
    command,
    'hikyaku report --by provider',
    'hikyaku report --by day,stream --from 2026-11-01 --zone +09:00 --csv > november.csv',
    'hikyaku report --by class --organization acme --json',
  )
}

function queryOf({ from, to, by, zone, ...options }: Options, now: number): CountQuery {
  const filters = FILTERS.flatMap((name) => {
    const value = options[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  const period = { from: from ?? now - WEEK, to: to ?? now, by, ...(zone === undefined ? {} : { zone }) }
  return { ...period, ...Object.fromEntries(filters) }
}

/** Milliseconds; absent where nothing was delivered, and where they are not kept. */
function timesOf({ delays }: CountRow): {
  readonly p50?: number
  readonly p95?: number
  readonly p99?: number
} {
  const [p50, p95, p99] = RANKS.map((rank) => percentile(delays, rank))
  if (p50 === undefined || p95 === undefined || p99 === undefined) return {}
  return { p50: Math.round(p50), p95: Math.round(p95), p99: Math.round(p99) }
}

function keyText({ key }: CountRow, name: CountKey): string {
  const value = key[name]
  if (typeof value === 'number') return moment(value).slice(0, name === 'hour' ? 16 : 10)
  return value === undefined || value === '' ? '-' : value
}

function describe(by: readonly CountKey[], rows: readonly CountRow[]): string {
  const shown = COUNTED.filter(
    (kind) => SHOWN.has(kind) || rows.some(({ counts }) => (counts[kind] ?? 0) > 0),
  )
  const hasTimes = rows.some(({ delays }) => delays.length > 0)
  return table(
    rows,
    [
      ...by.map((name) => ({ title: name.toUpperCase(), cell: (row: CountRow) => keyText(row, name) })),
      ...shown.map((kind) => ({
        title: kind.toUpperCase(),
        right: true,
        cell: ({ counts }: CountRow) => String(counts[kind] ?? 0),
      })),
      ...(hasTimes ? RANKS : []).map((rank) => ({
        title: `P${rank * 100}`,
        right: true,
        cell: ({ delays }: CountRow) => seconds(percentile(delays, rank)),
      })),
    ],
    'Nothing was counted.',
  )
}

/** What every report has; the others only where there were any. */
const SHOWN: ReadonlySet<Counted> = new Set(['accepted', 'delivered', 'deferred', 'bounced', 'complained'])

function seconds(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return '-'
  return milliseconds < 1_000 ? `${Math.round(milliseconds)}ms` : `${(milliseconds / 1_000).toFixed(1)}s`
}

function fields(by: readonly CountKey[]): readonly Field<CountRow>[] {
  return [
    ...by.map((name): Field<CountRow> => [name, ({ key }) => csvKey(key[name])]),
    ...COUNTED.map((kind): Field<CountRow> => [kind, ({ counts }) => counts[kind] ?? 0]),
    ['p50_ms', (row) => timesOf(row).p50],
    ['p95_ms', (row) => timesOf(row).p95],
    ['p99_ms', (row) => timesOf(row).p99],
  ]
}

function csvKey(value: string | number | undefined): string | undefined {
  return typeof value === 'number' ? isoTime(value) : value
}

function keysArgument(text: string): readonly CountKey[] {
  return text.split(',').map((part) => {
    const key = COUNT_KEYS.find((one) => one === part.trim())
    if (key === undefined) throw new CliError('usage', `--by takes ${COUNT_KEYS.join(', ')}, not ${part}`)
    return key
  })
}
