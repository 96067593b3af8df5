/** `postmaster list|show|remove` */

import type { Command } from 'commander'

import { LIST_LIMIT } from '#product/operation'
import type { KeptMail } from '#product/postmaster'

import { answer, example, rowsArgument } from './command.ts'
import type { Run } from './command.ts'
import { csv, isoTime } from './csv.ts'
import type { Field } from './csv.ts'
import { CliError } from './host.ts'
import { exported } from './listing.ts'
import { count, moment, table } from './print.ts'
import { cut, harmless } from './text.ts'

export function postmasterCommands(program: Command, run: Run): void {
  const postmaster = program
    .command('postmaster')
    .description(
      'mail for the postmaster and for abuse at the names of this node, kept because incoming.postmaster names nobody',
    )
  listCommand(postmaster, run)
  showCommand(postmaster, run)
  removeCommand(postmaster, run)
}

type Listing = { readonly limit: number; readonly before?: string }

function listCommand(parent: Command, run: Run): void {
  const list = exported(parent.command('list'))
    .description('what is kept, the newest first')
    .option('--limit <rows>', 'how many', rowsArgument(LIST_LIMIT), 50)
    .option('--before <id>', 'only those that came before this one, for the next page')
    .action(async ({ limit, before }: Listing, command: Command) => {
      await answer(run, command, async (node) => {
        const rows = await node.postmasterMails({ limit, ...(before === undefined ? {} : { before }) })
        const last = rows.at(-1)
        const more =
          rows.length < limit || last === undefined ? '' : `… there may be more: --before ${last.id}\n`
        const text = table(rows, COLUMNS, 'No mail is kept for the postmaster.') + more
        return { value: rows, text, csv: () => csv(rows, FIELDS) }
      })
    })
  example(list, 'hikyaku postmaster list', 'hikyaku postmaster list --limit 1000 --csv')
}

const COLUMNS = [
  { title: 'ID', cell: (row: KeptMail) => row.id },
  { title: 'RECEIVED', cell: (row: KeptMail) => moment(row.receivedAt) },
  { title: 'TO', cell: (row: KeptMail) => cut(row.recipient, 40) },
  { title: 'FROM', cell: (row: KeptMail) => cut(row.author === '' ? row.sender : row.author, 40) },
  { title: 'SUBJECT', cell: (row: KeptMail) => cut(row.subject, 60) },
]

const FIELDS: readonly Field<KeptMail>[] = [
  ['id', ({ id }) => id],
  ['received', ({ receivedAt }) => isoTime(receivedAt)],
  ['client', ({ client }) => client],
  ['sender', ({ sender }) => sender],
  ['recipient', ({ recipient }) => recipient],
  ['author', ({ author }) => author],
  ['subject', ({ subject }) => subject],
  ['size', ({ size }) => size],
]

function showCommand(parent: Command, run: Run): void {
  const show = parent
    .command('show')
    .description('one message as it came; with --json its octets too, base64')
    .argument('<id>', 'as the list has it')
    .action(async (id: string, _options: object, command: Command) => {
      await answer(run, command, async (node) => {
        const found = await node.postmasterMail({ id })
        if (found === null) throw missing(id)
        const lines = Buffer.from(found.content, 'base64').toString('utf8').split(/\r?\n/)
        return { value: found, text: `${lines.map(harmless).join('\n').trimEnd()}\n` }
      })
    })
  example(
    show,
    'hikyaku postmaster show 0ab3xk9m2pq',
    'hikyaku postmaster show 0ab3xk9m2pq --json | jq -r .content | base64 -d > message.eml',
  )
}

function removeCommand(parent: Command, run: Run): void {
  const remove = parent
    .command('remove')
    .description('remove messages that were read')
    .argument('<id...>', 'as the list has them')
    .action(async (ids: readonly string[], _options: object, command: Command) => {
      await answer(run, command, async (node) => {
        const gone = await node.postmasterRemove({ ids })
        const [absent] = ids.filter((id) => gone.every((row) => row.id !== id))
        if (gone.length === 0 && absent !== undefined) throw missing(absent)
        return { value: gone, text: `${count(gone.length, 'message', 'messages')} removed.\n` }
      })
    })
  example(remove, 'hikyaku postmaster remove 0ab3xk9m2pq')
}

function missing(id: string): CliError {
  return new CliError('missing', `no message ${id}; hikyaku postmaster list shows those there are`)
}
