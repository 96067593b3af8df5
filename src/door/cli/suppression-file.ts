/** `suppression import|export`: as CSV, which spreadsheets and the services that people come from write and read. */

import type { Command } from 'commander'

import { LIST_LIMIT } from '#product/operation'
import type { NewSuppression, Suppression, SuppressionReason } from '#product/suppression'

import { answer, example } from './command.ts'
import type { Run } from './command.ts'
import { csvHeader, csvLines, isoTime } from './csv.ts'
import type { Field } from './csv.ts'
import { CliError } from './host.ts'
import { pagesOf, reasonArgument, selectingSuppressions } from './suppression-selection.ts'
import type { SuppressionSelection } from './suppression-selection.ts'

export function suppressionFileCommands(parent: Command, run: Run): void {
  importCommand(parent, run)
  exportCommand(parent, run)
}

type ImportOptions = {
  readonly organization: string
  readonly stream: string
  readonly reason: SuppressionReason
  readonly dryRun?: boolean
}

function importCommand(parent: Command, run: Run): void {
  const command = parent
    .command('import')
    .description('suppress what a CSV file lists; nothing is written unless every line is in order')
    .argument('<file>', 'with a header line; the column `email` or `address` is needed; - is standard input')
    .option('--organization <name>', 'whose mail', 'default')
    .option('--stream <name>', 'of lines that name none', '*')
    .option('--reason <reason>', 'of lines that name none of ours', reasonArgument, 'import')
    .option('--dry-run', 'only say what would be done')
    .action(async (file: string, options: ImportOptions, self: Command) => {
      const content = file === '-' ? await run.host.input() : await run.host.readFile(file)
      const rows = await read(content, options)
      await answer(run, self, async (node) => {
        for (let i = 0; options.dryRun !== true && i < rows.length; i += LIST_LIMIT) {
          await node.suppressionAdd({ rows: rows.slice(i, i + LIST_LIMIT) })
          run.host.err(`\r${Math.min(i + LIST_LIMIT, rows.length)} of ${rows.length}`)
        }
        if (options.dryRun !== true) run.host.err('\n')
        const would = options.dryRun === true ? 'would be' : 'are'
        return { value: { rows: rows.length }, text: `${rows.length} recipients ${would} suppressed.\n` }
      })
    })
  example(
    command,
    'hikyaku suppression import suppressed.csv',
    'hikyaku suppression import --dry-run --reason unsubscribe --stream marketing unsubscribed.csv',
  )
}

/** @throws {CliError} `usage`, with every line that is wrong */
async function read(content: Buffer, options: ImportOptions): Promise<readonly NewSuppression[]> {
  // Only here: what it stands beside takes longer to load than most commands to run.
  const { readSuppressionFile, SuppressionError } = await import('#product/suppression')
  try {
    return await readSuppressionFile(content, options)
  } catch (cause) {
    if (cause instanceof SuppressionError) throw new CliError('usage', cause.message, { cause })
    throw cause
  }
}

const FIELDS: readonly Field<Suppression>[] = [
  ['address', (row) => row.address],
  ['stream', (row) => row.stream],
  ['reason', (row) => row.reason],
  ['class', (row) => row.class],
  ['created_at', (row) => isoTime(row.createdAt)],
  ['expires_at', (row) => isoTime(row.expiresAt)],
  ['removed_at', (row) => isoTime(row.removedAt)],
  ['evidence', (row) => row.evidence],
]

/** Few enough that a mistake cannot fill the disk, and more than anybody has. */
const EXPORT_MOST = 100_000_000

function exportCommand(parent: Command, run: Run): void {
  const command = selectingSuppressions(parent.command('export'))
    .description('all of them as CSV, for a spreadsheet or for import elsewhere')
    .action(async (options: SuppressionSelection, self: Command) => {
      run.host.out(csvHeader(FIELDS))
      let rows = 0
      await run.host.withNode(self.optsWithGlobals(), async (node) => {
        for await (const page of pagesOf(node, options, EXPORT_MOST)) {
          run.host.out(csvLines(page, FIELDS))
          rows += page.length
        }
      })
      run.host.err(`${rows} recipients\n`)
    })
  example(command, 'hikyaku suppression export > suppressed.csv')
}
