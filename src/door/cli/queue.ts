/** `queue`: what waits, by scheduled queue, and why. */

import type { Command } from 'commander'

import { LIST_LIMIT } from '#product/operation'
import type { Operations, QueueRow, QueuesView } from '#product/operation'

import { answer, example, rowsArgument } from './command.ts'
import type { Run } from './command.ts'
import { csv, isoTime } from './csv.ts'
import type { Field } from './csv.ts'
import { languageFor } from './language.ts'
import { exported, LIST_MOST } from './listing.ts'
import { heldBackBy } from './held-back.ts'
import type { Words } from './held-back.ts'
import { queueExplainCommand } from './queue-explain.ts'
import { count, distance, due, table } from './print.ts'
import { cut } from './text.ts'

type Options = {
  readonly limit: number
  readonly match?: string
  readonly byName?: boolean
  readonly after?: string
}

export function queueCommand(program: Command, run: Run): void {
  const queue = exported(program.command('queue'))
    .description('what waits, by stream and domain: counts, oldest, next try, and what holds it back')
    .option('--match <text>', 'only queues whose name or site contains this')
    .option(
      '--limit <rows>',
      `how many, the largest first; more than ${LIST_LIMIT} come by name`,
      rowsArgument(LIST_MOST),
      50,
    )
    .option('--by-name', 'sort by name, so that pages can follow each other')
    .option(
      '--after <organization/stream/domain>',
      'by name, only those that sort after this one: the next page',
    )
    .action(async (options: Options, command: Command) => {
      await answer(run, command, async (node) => {
        const view = await fetchQueues(node, options)
        const words = { now: run.host.now(), language: languageFor(run, command) }
        return {
          value: view.rows,
          text: describe(view, options, words),
          csv: () => csv(view.rows, fields(words)),
        }
      })
    })
  example(
    queue,
    'hikyaku queue',
    'hikyaku queue --match gmail.com',
    'hikyaku queue --after default/transactional/example.com',
    'hikyaku queue --limit 100000 --csv',
  )
  queueExplainCommand(queue, run)
}

/** As many calls as it takes: the node gives `LIST_LIMIT` rows at a time. */
async function fetchQueues(node: Operations, options: Options): Promise<QueuesView> {
  const { limit, match } = options
  const asked = match === undefined ? {} : { match }
  if (!isByName(options)) return node.queues({ ...asked, limit })
  const rows: QueueRow[] = []
  let first: QueuesView | undefined
  for (let { after } = options; ;) {
    const wanted = Math.min(LIST_LIMIT, limit - rows.length)
    const from = after === undefined ? {} : { after }
    const page = await node.queues({ ...asked, ...from, order: 'name', limit: wanted })
    first ??= page
    rows.push(...page.rows)
    after = page.rows.at(-1)?.queue
    if (page.rows.length < wanted || rows.length === limit) break
  }
  return { ...first, rows }
}

function isByName({ limit, byName, after }: Options): boolean {
  return byName === true || after !== undefined || limit > LIST_LIMIT
}

function describe({ rows, queues, deliveries }: QueuesView, options: Options, words: Words): string {
  const { match, after } = options
  if (queues === 0 && match !== undefined) return `No queue or site contains ${match}.\n`
  if (queues === 0) return after === undefined ? 'Nothing waits.\n' : `No queue sorts after ${after}.\n`
  const rest = queues - rows.length
  const next = isByName(options)
    ? `${rest} more: --after ${rows.at(-1)?.queue ?? ''}`
    : `${count(rest, 'smaller one', 'smaller ones')}: --match, --limit, --by-name`
  const more = rest === 0 ? '' : `… and ${next}\n`
  const total = `${count(deliveries, 'unfinished delivery', 'unfinished deliveries')} in ${count(queues, 'queue', 'queues')}.\n`
  return table(rows, columns(rows, words), '') + more + total
}

function columns(rows: readonly QueueRow[], words: Words): Parameters<typeof table<QueueRow>>[1] {
  const { now } = words
  // Where everything is of the one pool, there is nothing to be told apart.
  const isPooled = rows.some(({ pool = 'default' }) => pool !== 'default')
  return [
    { title: 'QUEUE', cell: ({ queue }) => cut(queue, 60) },
    { title: 'WAITING', right: true, cell: ({ waiting }) => String(waiting) },
    { title: 'ACTIVE', right: true, cell: ({ active }) => String(active) },
    { title: 'ON WIRE', right: true, cell: ({ onWire }) => String(onWire) },
    { title: 'HELD', right: true, cell: ({ held }) => String(held) },
    { title: 'OLDEST', cell: ({ oldest }) => distance(oldest, now) },
    { title: 'NEXT TRY', cell: ({ nextDue }) => due(nextDue, now) },
    ...(isPooled ? [{ title: 'POOL', cell: ({ pool }: QueueRow) => pool ?? '-' }] : []),
    { title: 'SITE', cell: ({ site }) => cut(site ?? '-', 40) },
    { title: 'HELD BACK BY', cell: (row) => heldBackBy(row, words).join('; ') },
  ]
}

function fields(words: Words): readonly Field<QueueRow>[] {
  return [
    ['queue', ({ queue }) => queue],
    ['waiting', ({ waiting }) => waiting],
    ['active', ({ active }) => active],
    ['on_wire', ({ onWire }) => onWire],
    ['held', ({ held }) => held],
    ['oldest', ({ oldest }) => isoTime(oldest)],
    ['next_try', ({ nextDue }) => isoTime(nextDue)],
    ['pool', ({ pool }) => pool],
    ['site', ({ site }) => site],
    ['held_back_by', (row) => heldBackBy(row, words).join('; ')],
  ]
}
