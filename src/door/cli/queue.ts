/** `queue`: what waits, by scheduled queue, and why. */

import type { Command } from 'commander'

import type { PathState } from '#engine/egress'
import type { QueueRow } from '#product/operation'

import { answer, countArgument } from './command.ts'
import type { CliHost } from './host.ts'
import { cut, distance, table } from './print.ts'

type Options = { readonly limit: number; readonly match?: string }

export function queueCommand(program: Command, host: CliHost): void {
  program
    .command('queue')
    .description('what waits, by stream and domain: counts, oldest, next try, and what holds it')
    .option('--match <text>', 'only queues or sites whose name contains this')
    .option('--limit <rows>', 'how many, largest first', countArgument, 50)
    .action(async (options: Options, command: Command) => {
      await answer(host, command, async (node) => {
        const all = (await node.queues()).filter((row) => contains(row, options.match ?? ''))
        const rows = all.toSorted((a, b) => total(b) - total(a)).slice(0, options.limit)
        return { value: rows, text: describe(rows, all, host.now()) }
      })
    })
}

function contains({ queue, site }: QueueRow, text: string): boolean {
  return queue.includes(text) || site?.includes(text) === true
}

function total({ waiting, active, held }: QueueRow): number {
  return waiting + active + held
}

function describe(rows: readonly QueueRow[], all: readonly QueueRow[], now: number): string {
  const columns = [
    { title: 'QUEUE', cell: ({ queue }: QueueRow) => queue },
    { title: 'WAITING', right: true, cell: ({ waiting }: QueueRow) => String(waiting) },
    { title: 'ACTIVE', right: true, cell: ({ active }: QueueRow) => String(active) },
    { title: 'ON WIRE', right: true, cell: ({ onWire }: QueueRow) => String(onWire) },
    { title: 'HELD', right: true, cell: ({ held }: QueueRow) => String(held) },
    { title: 'OLDEST', cell: ({ oldest }: QueueRow) => distance(oldest, now) },
    {
      title: 'NEXT TRY',
      cell: ({ nextDue }: QueueRow) => (nextDue === undefined ? '-' : distance(Math.max(nextDue, now), now)),
    },
    { title: 'SITE', cell: ({ site }: QueueRow) => cut(site ?? '-', 40) },
    {
      title: 'HELD BACK BY',
      cell: ({ paths }: QueueRow) =>
        (paths ?? [])
          .map((path) => reason(path, now))
          .filter(Boolean)
          .join('; '),
    },
  ]
  const rest = all.length > rows.length ? `… and ${all.length - rows.length} more; --limit shows them.\n` : ''
  const sum = all.reduce((count, row) => count + total(row), 0)
  const foot = all.length === 0 ? '' : `${sum} unfinished deliveries in ${all.length} queues.\n`
  return `${table(rows, columns, 'The queue is empty.')}${rest}${foot}`
}

function reason({ source, hold }: PathState, now: number): string {
  switch (hold.at) {
    case 'open':
      return ''
    case 'connecting':
      return `${source}: connecting`
    case 'full':
      return hold.limit === 'all'
        ? `all ${hold.connections} connections of the node in use`
        : `${source}: all ${hold.connections} connections in use`
    case 'refused-more':
      return `${source}: the site takes no more than ${hold.connections} connections, asked again ${distance(hold.until, now)}: ${cut(hold.attempt.text, 60)}`
    case 'paced':
      return `${source}: ${hold.perSecond} messages a second, next ${distance(hold.until, now)}`
    case 'down':
      return `${source}: down, next try ${distance(hold.until, now)}: ${cut(hold.attempt.text, 60)}`
    case 'closing':
      return `${source}: closing`
  }
}
