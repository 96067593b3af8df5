/** `suppression list|show|add|remove`; `import` and `export` are in suppression-file.ts, `try` in suppression-try.ts */

import type { Command } from 'commander'

import { SUPPRESSION_REASONS } from '#product/operation'
import type { Suppression, SuppressionReason } from '#product/suppression'

import { answer, example, rowsArgument } from './command.ts'
import type { Run } from './command.ts'
import { CliError } from './host.ts'
import { count, moment, table } from './print.ts'
import { suppressionFileCommands } from './suppression-file.ts'
import { pagesOf, reasonArgument, selectingSuppressions } from './suppression-selection.ts'
import type { SuppressionSelection } from './suppression-selection.ts'
import { tryCommand } from './suppression-try.ts'
import { cut, harmless } from './text.ts'

export function suppressionCommands(program: Command, run: Run): void {
  const suppression = program
    .command('suppression')
    .description('recipients that are not tried: who, why, and until when')
  list(suppression, run)
  show(suppression, run)
  add(suppression, run)
  remove(suppression, run)
  suppressionFileCommands(suppression, run)
  tryCommand(suppression, run)
}

const LIST_MOST = 100_000

function list(parent: Command, run: Run): void {
  const command = selectingSuppressions(parent.command('list'))
    .description('those that hold, newest first')
    .option('--limit <rows>', 'how many', rowsArgument(LIST_MOST), 50)
    .action(async (options: SuppressionSelection & { limit: number }, self: Command) => {
      await answer(run, self, async (node) => {
        const rows: Suppression[] = []
        for await (const page of pagesOf(node, options, options.limit)) rows.push(...page)
        const more =
          rows.length < options.limit ? '' : '… there may be more: --limit, or suppression export\n'
        return { value: rows, text: table(rows, COLUMNS, 'No suppressions.') + more }
      })
    })
  example(
    command,
    'hikyaku suppression list --reason complaint',
    'hikyaku suppression list --match @example.com --limit 1000 --json',
  )
}

const COLUMNS = [
  { title: 'ADDRESS', cell: (row: Suppression) => cut(row.address, 48) },
  { title: 'STREAM', cell: (row: Suppression) => row.stream },
  {
    title: 'REASON',
    cell: (row: Suppression) => (row.class === undefined ? row.reason : `${row.reason}: ${row.class}`),
  },
  { title: 'SINCE', cell: (row: Suppression) => moment(row.createdAt) },
  { title: 'UNTIL', cell: untilWhen },
  { title: 'EVIDENCE', cell: (row: Suppression) => cut(row.evidence, 70) },
]

function untilWhen({ expiresAt, removedAt }: Suppression): string {
  if (removedAt !== undefined) return `removed ${moment(removedAt)}`
  return expiresAt === undefined ? 'for good' : moment(expiresAt)
}

function show(parent: Command, run: Run): void {
  const command = parent
    .command('show')
    .description('whether one recipient is suppressed, and was before')
    .argument('<address>', 'of the recipient')
    .option('--organization <name>', 'whose', 'default')
    .action(async (address: string, { organization }: { organization: string }, self: Command) => {
      await answer(run, self, async (node) => {
        const rows = await node.suppressionShow({ organization, address })
        if (rows.length === 0)
          throw new CliError('missing', `${address} is not suppressed in ${organization}, and never was`)
        return { value: rows, text: rows.map(described).join('\n') }
      })
    })
  example(command, 'hikyaku suppression show user@example.com')
}

function described(one: Suppression): string {
  const lines: readonly (readonly [string, string | undefined])[] = [
    ['address', one.address],
    ['stream', one.stream === '*' ? '* (every stream)' : one.stream],
    ['reason', one.class === undefined ? one.reason : `${one.reason}: ${one.class}`],
    ['evidence', one.evidence],
    ['delivery', one.delivery],
    ['since', moment(one.createdAt)],
    ['until', untilWhen(one)],
    ['removed for', one.removedWhy],
  ]
  const told = lines.filter(([, value]) => value !== undefined && value !== '')
  return told.map(([name, value]) => `${name.padEnd(12)}${harmless(value ?? '')}\n`).join('')
}

type AddOptions = {
  readonly organization: string
  readonly stream: string
  readonly reason: SuppressionReason
  readonly evidence: string
}

function add(parent: Command, run: Run): void {
  const command = parent
    .command('add')
    .description('do not try these recipients any more')
    .argument('<addresses...>', 'of the recipients')
    .option('--organization <name>', 'whose mail', 'default')
    .option('--stream <name>', 'of one stream only', '*')
    .option('--reason <reason>', SUPPRESSION_REASONS.join(', '), reasonArgument, 'manual')
    .option('--evidence <text>', 'what shows it, for whoever asks later', '')
    .action(async (addresses: string[], options: AddOptions, self: Command) => {
      await answer(run, self, async (node) => {
        const added = await node.suppressionAdd({
          rows: addresses.map((address) => ({ ...options, address })),
        })
        return {
          value: added,
          text: `${count(added.length, 'recipient is', 'recipients are')} suppressed.\n`,
        }
      })
    })
  example(command, 'hikyaku suppression add user@example.com --evidence "asked us by phone"')
}

type RemoveOptions = { readonly organization: string; readonly stream?: string; readonly reason: string }

function remove(parent: Command, run: Run): void {
  const command = parent
    .command('remove')
    .description('let mail go to a recipient again; the record stays')
    .argument('<address>', 'of the recipient')
    .requiredOption('--reason <text>', 'why, for whoever asks later')
    .option('--organization <name>', 'whose mail', 'default')
    .option('--stream <name>', 'only in this stream; * for that of every stream')
    .action(async (address: string, { reason: why, ...scope }: RemoveOptions, self: Command) => {
      await answer(run, self, async (node) => {
        const removed = await node.suppressionRemove({ ...scope, address, why })
        if (removed.length === 0)
          throw new CliError(
            'missing',
            `${address} is not suppressed; hikyaku suppression show tells what was`,
          )
        return { value: removed, text: `${address} is tried again.\n` }
      })
    })
  example(command, 'hikyaku suppression remove user@example.com --reason "a new mailbox, wrote to us"')
}
