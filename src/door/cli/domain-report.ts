/** `domain reports` and `domain report`: what receivers report of a domain */

import type { Command } from 'commander'

import { parseDomain } from '#grammar/address'
import { tellDmarcReport, tellTlsReport } from '#product/explanation'
import { LIST_LIMIT, REPORT_KINDS } from '#product/operation'
import type { ReportQuery, ReportRow } from '#product/received-report'

import { answer, example, rowsArgument } from './command.ts'
import type { Run } from './command.ts'
import { csv, isoTime } from './csv.ts'
import type { Field } from './csv.ts'
import { CliError } from './host.ts'
import { languageFor } from './language.ts'
import { exported } from './listing.ts'
import { moment, table } from './print.ts'
import { cut, harmless } from './text.ts'

export function domainReportCommands(domain: Command, run: Run): void {
  listCommand(domain, run)
  showCommand(domain, run)
}

type Listing = { readonly kind?: ReportRow['kind']; readonly limit: number; readonly before?: string }

function listCommand(domain: Command, run: Run): void {
  const list = exported(domain.command('reports'))
    .description(
      'what receivers reported of a domain and those below it: DMARC (RFC 7489) and TLS (RFC 8460)',
    )
    .argument('<name>', 'of the domain')
    .option('--kind <kind>', 'only those of one kind: dmarc, tls', kindArgument)
    .option('--limit <rows>', 'how many', rowsArgument(LIST_LIMIT), 50)
    .option('--before <id>', 'only those older than this one, for the next page')
    .action(async (name: string, options: Listing, command: Command) => {
      await answer(run, command, async (node) => {
        const rows = await node.domainReports(queryOf(name, options))
        const last = rows.at(-1)
        const isAll = rows.length < options.limit || last === undefined
        const text =
          table(rows, COLUMNS, NOTHING) + (isAll ? '' : `… there may be more: --before ${last.id}\n`)
        return { value: rows, text, csv: () => csv(rows, FIELDS) }
      })
    })
  example(
    list,
    'hikyaku domain reports example.com',
    'hikyaku domain reports example.com --kind dmarc --limit 1000 --csv',
  )
}

const NOTHING = 'No reports: hikyaku domain show tells which records ask for them'

function kindArgument(text: string): ReportRow['kind'] {
  const kind = REPORT_KINDS.find((one) => one === text)
  if (kind === undefined)
    throw new CliError('usage', `--kind is one of ${REPORT_KINDS.join(', ')}, not ${text}`)
  return kind
}

function queryOf(name: string, { kind, limit, before }: Listing): ReportQuery {
  const domain = parseDomain(name)
  if (domain === undefined) throw new CliError('usage', `${name} is no domain`)
  return {
    domain,
    limit,
    ...(kind === undefined ? {} : { kind }),
    ...(before === undefined ? {} : { before }),
  }
}

const COLUMNS = [
  { title: 'UNTIL', cell: (row: ReportRow) => moment(row.until) },
  { title: 'KIND', cell: (row: ReportRow) => row.kind },
  { title: 'DOMAIN', cell: (row: ReportRow) => row.domain },
  { title: 'REPORTER', cell: (row: ReportRow) => cut(row.reporter, 40) },
  { title: 'GOOD', right: true, cell: (row: ReportRow) => String(row.good) },
  { title: 'FAILED', right: true, cell: (row: ReportRow) => String(row.bad) },
  { title: 'ID', cell: (row: ReportRow) => row.id },
]

const FIELDS: readonly Field<ReportRow>[] = [
  ['id', ({ id }) => id],
  ['kind', ({ kind }) => kind],
  ['domain', ({ domain }) => domain],
  ['organization', ({ organization }) => organization],
  ['reporter', ({ reporter }) => reporter],
  ['report', ({ report }) => report],
  ['from', ({ from }) => isoTime(from)],
  ['until', ({ until }) => isoTime(until)],
  ['good', ({ good }) => good],
  ['failed', ({ bad }) => bad],
  ['received', ({ receivedAt }) => isoTime(receivedAt)],
  ['client', ({ client }) => client],
  ['sender', ({ sender }) => sender],
]

function showCommand(domain: Command, run: Run): void {
  const show = domain
    .command('report')
    .description('one of these reports in words, and who brought it')
    .argument('<id>', 'as domain reports has it')
    .action(async (id: string, _options: object, command: Command) => {
      await answer(run, command, async (node) => {
        const found = await node.domainReport({ id })
        if (found === null)
          throw new CliError('missing', `no report ${id}; hikyaku domain reports shows those of a domain`)
        const language = languageFor(run, command)
        const told =
          found.kind === 'dmarc'
            ? tellDmarcReport(found.report, language)
            : tellTlsReport(found.report, language)
        const { client, sender, receivedAt } = found.row
        const brought = `\nreceived ${moment(receivedAt)} from ${client}, sender ${sender}\n`
        return { value: found, text: `${told}${brought}`.split('\n').map(harmless).join('\n') }
      })
    })
  example(
    show,
    'hikyaku domain report 5f2b8c0d9e1a4b7c6d3e',
    'hikyaku domain report 5f2b8c0d9e1a4b7c6d3e --lang ja',
  )
}
