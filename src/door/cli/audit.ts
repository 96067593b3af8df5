/** `audit` */

import type { Command } from 'commander'

import type { Entry } from '#product/audit'
import { LIST_LIMIT } from '#product/operation'

import { answer, example, rowsArgument } from './command.ts'
import type { Run } from './command.ts'
import { csv, isoTime } from './csv.ts'
import type { Field } from './csv.ts'
import { exported } from './listing.ts'
import { moment, table } from './print.ts'
import { cut } from './text.ts'

type Options = {
  readonly organization?: string
  readonly actor?: string
  readonly limit: number
  readonly before?: string
}

export function auditCommand(program: Command, run: Run): void {
  const command = exported(program.command('audit'))
    .description('who changed what, when and from where, the newest first')
    .option('--organization <name>', 'only what belongs to it')
    .option('--actor <name>', 'only what this user, key or the operator did')
    .option('--limit <rows>', 'how many', rowsArgument(LIST_LIMIT), 50)
    .option('--before <id>', 'only those before this one, for the next page')
    .action(async ({ organization, actor, limit, before }: Options, self: Command) => {
      await answer(run, self, async (node) => {
        const rows = await node.audit({
          limit,
          ...(organization !== undefined && { organization }),
          ...(actor !== undefined && { actor }),
          ...(before !== undefined && { before }),
        })
        const last = rows.at(-1)
        const more =
          rows.length < limit || last === undefined ? '' : `… there may be more: --before ${last.id}\n`
        const text = table(rows, COLUMNS, 'Nothing was changed yet.') + more
        return { value: rows, text, csv: () => csv(rows, FIELDS) }
      })
    })
  example(command, 'hikyaku audit --organization acme', 'hikyaku audit --actor operator --csv')
}

const COLUMNS = [
  { title: 'WHEN', cell: (row: Entry) => moment(row.at) },
  { title: 'ORGANIZATION', cell: (row: Entry) => row.organization },
  { title: 'WHO', cell: (row: Entry) => cut(row.actor, 40) },
  { title: 'FROM', cell: (row: Entry) => row.address },
  { title: 'WHAT', cell: (row: Entry) => row.action },
  { title: 'OF', cell: (row: Entry) => cut(row.subject, 40) },
]

const FIELDS: readonly Field<Entry>[] = [
  ['id', ({ id }) => id],
  ['at', ({ at }) => isoTime(at)],
  ['organization', ({ organization }) => organization],
  ['actor', ({ actor }) => actor],
  ['address', ({ address }) => address],
  ['action', ({ action }) => action],
  ['subject', ({ subject }) => subject],
  ['before', ({ before }) => before],
  ['after', ({ after }) => after],
]
