/** `reputation` and `reputation rates` */

import type { Command } from 'commander'

import { percent } from '#product/explanation'
import { MEASURES, SPANS } from '#grammar/event'
import type { Measure, RateRow, Span, Standing } from '#product/reputation'

import { answer, example } from './command.ts'
import type { Run } from './command.ts'
import { csv } from './csv.ts'
import type { Field } from './csv.ts'
import { CliError } from './host.ts'
import { exported } from './listing.ts'
import { distance, table } from './print.ts'
import { cut } from './text.ts'

export function reputationCommand(program: Command, run: Run): void {
  const command = program
    .command('reputation')
    .description('what block lists and PTR records say of the addresses that mail is sent from')
    .action(async (_options: object, self: Command) => {
      await answer(run, self, async (node) => {
        const rows = await node.reputation()
        const nothing = 'Nothing is known: the node does not run, has no public address, or has just started.'
        const text = table(rows, columns(run.host.now()), nothing)
        return { value: rows, text, exit: rows.some(({ state }) => state === 'bad') ? 'failed' : 'ok' }
      })
    })
  example(command, 'hikyaku reputation')
  ratesCommand(command, run)
}

type RatesOptions = { readonly span: Span; readonly source?: string; readonly provider?: string }

function ratesCommand(reputation: Command, run: Run): void {
  const rates = exported(reputation.command('rates'))
    .description('what became of mail by source and group of receivers, and which shares of it are too high')
    .option('--span <span>', `${Object.keys(SPANS).join(', ')}: so much until now`, spanArgument, 'day')
    .option('--source <name>', 'of one source')
    .option('--provider <name>', 'of one group of receivers, such as "google" or "others"')
    .action(async ({ span, source, provider }: RatesOptions, command: Command) => {
      await answer(run, command, async (node) => {
        const view = await node.rates({ span })
        const rows = view.rows.filter(
          (row) =>
            (source === undefined || row.source === source) &&
            (provider === undefined || row.provider === provider),
        )
        const text = table(rows, RATES, 'Nothing was tried within that time.')
        return { value: { ...view, rows }, text, csv: () => csv(rows, FIELDS) }
      })
    })
  example(
    rates,
    'hikyaku reputation rates',
    'hikyaku reputation rates --span week --source ip-2 --csv',
    `hikyaku reputation rates --json | jq '.rows[].alerts[]'`,
  )
}

function spanArgument(text: string): Span {
  if (!Object.hasOwn(SPANS, text))
    throw new CliError('usage', `--span takes ${Object.keys(SPANS).join(', ')}, not ${text}`)
  return text as Span
}

const RATES: Parameters<typeof table<RateRow>>[1] = [
  { title: 'SOURCE', cell: ({ source }) => source },
  { title: 'PROVIDER', cell: ({ provider }) => provider },
  { title: 'DELIVERED', right: true, cell: ({ delivered }) => String(delivered) },
  { title: 'DEFERRED', right: true, cell: ({ deferred }) => String(deferred) },
  { title: 'PUT OFF', right: true, cell: (row) => shared(row, row.putOff, 'deferred') },
  { title: 'BOUNCED', right: true, cell: ({ bounced }) => String(bounced) },
  { title: 'CAME BACK', right: true, cell: ({ returned }) => String(returned) },
  { title: 'HARD', right: true, cell: (row) => shared(row, row.hard, 'bounced') },
  { title: 'REFUSED', right: true, cell: (row) => shared(row, row.refused, 'refused') },
  { title: 'COMPLAINED', right: true, cell: (row) => shared(row, row.complained, 'complained') },
  { title: 'TOO HIGH', cell: ({ alerts }) => alertsText(alerts) },
  { title: 'WHY NOT TAKEN', cell: ({ classes }) => cut(classesText(classes), 60) },
]

/** The count, and the share that is judged: `4 (0.43 %)`. */
function shared({ shares }: RateRow, count: number, measure: Measure): string {
  const share = shares[measure]
  return share === undefined || count === 0 ? String(count) : `${count} (${percent(share)})`
}

export function alertsText(alerts: RateRow['alerts']): string {
  if (alerts.length === 0) return '-'
  return alerts.map(({ measure, level }) => (level === 'bad' ? `${measure}!` : measure)).join(', ')
}

function classesText(classes: RateRow['classes']): string {
  return classes.length === 0 ? '-' : classes.map((one) => `${one.class} ${one.count}`).join(', ')
}

const FIELDS: readonly Field<RateRow>[] = [
  ['source', ({ source }) => source],
  ['provider', ({ provider }) => provider],
  ['delivered', ({ delivered }) => delivered],
  ['deferred', ({ deferred }) => deferred],
  ['put_off', ({ putOff }) => putOff],
  ['bounced', ({ bounced }) => bounced],
  ['returned', ({ returned }) => returned],
  ['expired', ({ expired }) => expired],
  ['hard', ({ hard }) => hard],
  ['refused', ({ refused }) => refused],
  ['complained', ({ complained }) => complained],
  ...MEASURES.map((measure): Field<RateRow> => [`${measure}_share`, ({ shares }) => shares[measure]]),
  ['alerts', ({ alerts }) => alerts.map(({ measure, level }) => `${measure} ${level}`).join(' ')],
  ['classes', ({ classes }) => classes.map((one) => `${one.class} ${one.count}`).join(' ')],
]

function columns(now: number): Parameters<typeof table<Standing>>[1] {
  return [
    { title: 'SOURCE', cell: ({ source }) => source },
    { title: 'ADDRESS', cell: ({ address }) => address },
    { title: 'BY', cell: ({ by }) => by },
    { title: 'STATE', cell: ({ state }) => state },
    { title: 'SINCE', cell: ({ since }) => distance(since, now) },
    { title: 'CHECKED', cell: ({ checkedAt }) => distance(checkedAt, now) },
    { title: 'WHAT', cell: ({ text }) => cut(text, 100) },
  ]
}
