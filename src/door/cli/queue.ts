/** `queue`: what waits, by scheduled queue, and why. */

import type { Command } from 'commander'

import { LIST_LIMIT } from '#product/operation'
import type { QueueRow, QueuesView } from '#product/operation'

import { answer, example, rowsArgument } from './command.ts'
import type { Run } from './command.ts'
import { languageFor } from './language.ts'
import { heldBackBy } from './held-back.ts'
import type { Words } from './held-back.ts'
import { count, distance, due, table } from './print.ts'
import { cut } from './text.ts'

type Options = { readonly limit: number; readonly match?: string }

export function queueCommand(program: Command, run: Run): void {
  const queue = program
    .command('queue')
    .description('what waits, by stream and domain: counts, oldest, next try, and what holds it back')
    .option('--match <text>', 'only queues whose name or site contains this')
    .option('--limit <rows>', 'how many, the largest first', rowsArgument(LIST_LIMIT), 50)
    .action(async ({ match, limit }: Options, command: Command) => {
      await answer(run, command, async (node) => {
        const view = await node.queues({ limit, ...(match === undefined ? {} : { match }) })
        return {
          value: view.rows,
          text: describe(view, match, { now: run.host.now(), language: languageFor(run, command) }),
        }
      })
    })
  example(queue, 'hikyaku queue', 'hikyaku queue --match gmail.com')
}

function describe({ rows, queues, deliveries }: QueuesView, match: string | undefined, words: Words): string {
  if (queues === 0) return match === undefined ? 'Nothing waits.\n' : `No queue or site contains ${match}.\n`
  const rest = queues - rows.length
  const more = rest === 0 ? '' : `… and ${count(rest, 'smaller one', 'smaller ones')}: --match, --limit\n`
  const total = `${count(deliveries, 'unfinished delivery', 'unfinished deliveries')} in ${count(queues, 'queue', 'queues')}.\n`
  return table(rows, columns(words), '') + more + total
}

function columns(words: Words): Parameters<typeof table<QueueRow>>[1] {
  const { now } = words
  return [
    { title: 'QUEUE', cell: ({ queue }) => cut(queue, 60) },
    { title: 'WAITING', right: true, cell: ({ waiting }) => String(waiting) },
    { title: 'ACTIVE', right: true, cell: ({ active }) => String(active) },
    { title: 'ON WIRE', right: true, cell: ({ onWire }) => String(onWire) },
    { title: 'HELD', right: true, cell: ({ held }) => String(held) },
    { title: 'OLDEST', cell: ({ oldest }) => distance(oldest, now) },
    { title: 'NEXT TRY', cell: ({ nextDue }) => due(nextDue, now) },
    { title: 'SITE', cell: ({ site }) => cut(site ?? '-', 40) },
    { title: 'HELD BACK BY', cell: (row) => heldBackBy(row, words).join('; ') },
  ]
}
