/** `tls-report list|show|read` and `tls-policy list|broken` */

import type { Command } from 'commander'

import { tellTlsReport } from '#product/explanation'
import { LIST_LIMIT } from '#product/operation'
import type { BrokenRow, TlsPolicyRow, TlsReportRow } from '#product/operation'

import { answer, example, print, rowsArgument } from './command.ts'
import type { Globals, Run } from './command.ts'
import { CliError } from './host.ts'
import { languageFor } from './language.ts'
import { due, moment, table } from './print.ts'
import { harmless } from './text.ts'

export function tlsCommands(program: Command, run: Run): void {
  const report = program
    .command('tls-report')
    .description('reports about TLS (RFC 8460): those sent each day, and those that others sent')
  listCommand(report, run)
  showCommand(report, run)
  readCommand(report, run)
  const policy = program
    .command('tls-policy')
    .description(
      'what is known of the TLS of receivers: their MTA-STS policies, and hosts whose TLS is broken',
    )
  policiesCommand(policy, run)
  brokenCommand(policy, run)
}

function listCommand(report: Command, run: Run): void {
  const list = report
    .command('list')
    .description('the reports of this node, the newest first')
    .option('--limit <rows>', 'at most so many', rowsArgument(LIST_LIMIT), 50)
    .action(async ({ limit }: { readonly limit: number }, command: Command) => {
      await answer(run, command, async (node) => {
        const rows = await node.tlsReports({ limit })
        const nothing = 'No reports yet: one is made each day for each domain that asks for it'
        return { value: rows, text: table(rows, reportColumns(run.host.now()), nothing) }
      })
    })
  example(list, 'hikyaku tls-report list')
}

function reportColumns(now: number): Parameters<typeof table<TlsReportRow>>[1] {
  return [
    { title: 'DAY', cell: (row) => row.day },
    { title: 'DOMAIN', cell: (row) => row.domain },
    { title: 'GOOD', right: true, cell: (row) => String(row.successes) },
    { title: 'FAILED', right: true, cell: (row) => String(row.failures) },
    {
      title: 'STATE',
      cell: (row) => (row.state === 'waiting' ? `waiting, ${due(row.due, now)}` : row.state),
    },
    { title: 'ID', cell: (row) => row.id },
  ]
}

function showCommand(report: Command, run: Run): void {
  const show = report
    .command('show')
    .description('one report in words, and what became of it')
    .argument('<id>', 'as the list has it')
    .action(async (id: string, _options: object, command: Command) => {
      await answer(run, command, async (node) => {
        const found = await node.tlsReport({ id })
        if (found === null)
          throw new CliError('missing', `no report ${id}; hikyaku tls-report list shows those there are`)
        const sent = found.deliveries.map(
          ({ target, ok, text }) => `${ok ? 'sent' : 'not sent'} to ${target}: ${text}\n`,
        )
        const words = tellTlsReport(found.report, languageFor(run, command))
        return { value: found, text: printable(`${words}\n${sent.join('')}`) }
      })
    })
  example(show, 'hikyaku tls-report show 20261121.0123456789abcdef@mail.example.com')
}

function readCommand(report: Command, run: Run): void {
  const read = report
    .command('read')
    .description(
      'say in words what reports of others say: JSON, gzip, or the mail that brought one; exit code 1 when one cannot be read',
    )
    .argument('<file...>', 'reports; - reads standard input')
    .action(async (files: readonly string[], _options: object, command: Command) => {
      // Not for every command: the reporter is beside it, with its resolver and its metrics.
      const { readReportFile } = await import('#engine/tls-report')
      const language = languageFor(run, command)
      const found = await Promise.all(
        files.map(async (file) => ({ file, reports: readReportFile(await bytesOf(run, file)) })),
      )
      const texts = found.flatMap(({ file, reports }) =>
        reports.map((one) => (one.ok ? tellTlsReport(one.report, language) : `${file}: ${one.why}\n`)),
      )
      const isBad = found.some(({ reports }) => reports.some(({ ok }) => !ok))
      const value = found.flatMap(({ file, reports }) =>
        reports.map((one) => (one.ok ? { file, report: one.report } : { file, error: one.why })),
      )
      const exit = isBad ? ({ exit: 'failed' } as const) : {}
      print(run, command.optsWithGlobals<Globals>(), { value, text: printable(texts.join('\n')), ...exit })
    })
  example(
    read,
    'hikyaku tls-report read report.json',
    'hikyaku tls-report read --lang ja report.json --json | jq .',
  )
}

async function bytesOf({ host }: Run, file: string): Promise<Buffer> {
  if (file === '-') return await host.input()
  try {
    return await host.readFile(file)
  } catch (cause) {
    throw new CliError('missing', `${file} cannot be read`, { cause })
  }
}

/** Line by line: what strangers wrote must not be obeyed by a terminal. */
function printable(text: string): string {
  return text.split('\n').map(harmless).join('\n')
}

function policiesCommand(policy: Command, run: Run): void {
  const list = policy
    .command('list')
    .description('the MTA-STS policies that hold')
    .option('--limit <rows>', 'at most so many', rowsArgument(LIST_LIMIT), 50)
    .action(async ({ limit }: { readonly limit: number }, command: Command) => {
      await answer(run, command, async (node) => {
        const rows = await node.tlsPolicies({ limit })
        return {
          value: rows,
          text: table(rows, POLICY, 'No policies: no mail went to a domain that has one'),
        }
      })
    })
  example(list, 'hikyaku tls-policy list')
}

const POLICY: Parameters<typeof table<TlsPolicyRow>>[1] = [
  { title: 'DOMAIN', cell: (row) => row.domain },
  { title: 'MODE', cell: (row) => row.mode },
  { title: 'FETCHED', cell: (row) => moment(row.fetchedAt) },
  { title: 'UNTIL', cell: (row) => moment(row.expiresAt) },
  { title: 'MX', cell: (row) => row.mx.join(' ') },
]

function brokenCommand(policy: Command, run: Run): void {
  const broken = policy
    .command('broken')
    .description(
      'hosts whose TLS does not work, and which get mail in clear until it is tried again; none that has a policy',
    )
    .action(async (_options: object, command: Command) => {
      await answer(run, command, async (node) => {
        const rows = await node.brokenTls()
        return { value: rows, text: table(rows, BROKEN, 'No host is known whose TLS is broken') }
      })
    })
  example(broken, 'hikyaku tls-policy broken')
}

const BROKEN: Parameters<typeof table<BrokenRow>>[1] = [
  { title: 'HOST', cell: (row) => row.host },
  { title: 'SINCE', cell: (row) => moment(row.since) },
  { title: 'UNTIL', cell: (row) => moment(row.until) },
  { title: 'WHY', cell: (row) => row.why },
]
