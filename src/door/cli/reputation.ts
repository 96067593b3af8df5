/** `reputation` */

import type { Command } from 'commander'

import type { Standing } from '#product/reputation'

import { answer, example } from './command.ts'
import type { Run } from './command.ts'
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
}

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
