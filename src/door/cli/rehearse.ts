/** `rehearse`: a plan of messages run against the shaping rules, without a node and without sending anything. */

import type { Command } from 'commander'

import type { Rehearsed } from '#engine/rehearsal'
import { parseDomain } from '#grammar/address'
import { formatDuration, parseDuration } from '#grammar/time'

import { collect, example, print } from './command.ts'
import type { Globals, Run } from './command.ts'
import { CliError } from './host.ts'
import type { CliHost, RehearsalPlan } from './host.ts'
import { count, table } from './print.ts'
import { cut } from './text.ts'

type Options = {
  readonly messages?: number
  readonly to?: string
  readonly file?: string
  readonly source?: readonly string[]
  readonly transaction: number
  readonly connecting: number
  readonly dns?: boolean
}

export function rehearseCommand(program: Command, run: Run): void {
  const command = program
    .command('rehearse')
    .description('when a mailing would be done, and which limits it would meet; nothing is sent')
    .option('--messages <n>', 'how many, of which --to names shares', wholeArgument)
    .option('--to <mix>', 'domains with their share or number: gmail.com=40%,docomo.ne.jp=60%')
    .option(
      '--file <file>',
      'a list with one recipient a line, or CSV; of each line the first address counts',
    )
    .option('--source <name>', 'only from this egress source; may be given several times', collect)
    .option('--transaction <time>', 'how long a receiver takes for one message', timeArgument, 500)
    .option('--connecting <time>', 'how long a connection takes, with TLS', timeArgument, 500)
    .option('--dns', 'ask the DNS and the routes where the domains lead, instead of going by what is known')
    .action(async (options: Options, self: Command) => {
      const globals = self.optsWithGlobals<Globals>()
      const { source, transaction, connecting, dns = false } = options
      const value = await run.host.rehearse(globals, {
        shares: await sharesOf(options, run.host),
        ...(source === undefined ? {} : { sources: source }),
        pace: { transaction, connecting },
        dns,
      })
      print(run, globals, { value, text: describe(value) })
    })
  example(
    command,
    'hikyaku rehearse --messages 1000000 --to gmail.com=40%,docomo.ne.jp=20%,yahoo.co.jp=20%,example.jp=20%',
    'hikyaku rehearse --file recipients.csv --source ip-1 --source ip-2 --json',
  )
}

function wholeArgument(text: string): number {
  const value = /^\d{1,12}$/.test(text) ? Number(text) : 0
  if (value < 1) throw new CliError('usage', `${text} is not a number of messages`)
  return value
}

function timeArgument(text: string): number {
  const value = parseDuration(text)
  if (value === undefined || value < 1) throw new CliError('usage', `${text} is not a duration such as 500ms`)
  return value
}

async function sharesOf(
  { messages, to, file }: Options,
  host: Pick<CliHost, 'readFile'>,
): Promise<RehearsalPlan['shares']> {
  if ((to === undefined) === (file === undefined))
    throw new CliError('usage', 'either --to with a mix of domains, or --file with recipients is needed')
  const counts = file === undefined ? mixOf(to ?? '', messages) : listOf(await host.readFile(file))
  if (counts.size === 0) throw new CliError('usage', 'there is no recipient in it')
  return Array.from(counts, ([domain, number]) => ({ domain, count: number }))
}

/** `gmail.com=40%,example.jp=5000` */
function mixOf(to: string, messages: number | undefined): ReadonlyMap<string, number> {
  const items = to.split(',').map(itemOf)
  const percent = items.reduce((sum, { number, isShare }) => sum + (isShare ? number : 0), 0)
  if (percent > 0 && messages === undefined)
    throw new CliError('usage', 'shares need --messages, of which they are shares')
  if (percent > 0 && Math.abs(percent - 100) > 0.1)
    throw new CliError('usage', `the shares add up to ${percent} %, not to 100`)
  const counts = new Map<string, number>()
  for (const { domain, number, isShare } of items) {
    const part = isShare ? ((messages ?? 0) * number) / 100 : number
    counts.set(domain, (counts.get(domain) ?? 0) + Math.round(part))
  }
  return counts
}

function itemOf(item: string): {
  readonly domain: string
  readonly number: number
  readonly isShare: boolean
} {
  const [, name = '', number = '', sign = ''] = ITEM.exec(item) ?? []
  const domain = parseDomain(name)
  if (domain === undefined)
    throw new CliError('usage', `${item} is not a domain with its share, such as gmail.com=40%`)
  return { domain, number: Number(number), isShare: sign === '%' }
}

const ITEM = /^\s*([^=\s]{1,255})=(\d{1,12}(?:\.\d{1,3})?)(%?)\s*$/

/** Of each line the first address; what has none, such as a head line, is passed over. */
function listOf(bytes: Buffer): ReadonlyMap<string, number> {
  const written = new Map<string, number>()
  const text = bytes.toString('utf8')
  for (let at = text.indexOf('@'); at >= 0;) {
    const name = /^[^\s,;"'<>|]{0,255}/.exec(text.slice(at + 1, at + 257))?.[0] ?? ''
    written.set(name, (written.get(name) ?? 0) + 1)
    const end = text.indexOf('\n', at)
    at = end < 0 ? -1 : text.indexOf('@', end)
  }
  const counts = new Map<string, number>()
  for (const [name, number] of written) {
    const domain = parseDomain(name)
    if (domain !== undefined) counts.set(domain, (counts.get(domain) ?? 0) + number)
  }
  return counts
}

function describe({ messages, after, parts }: Rehearsed): string {
  const head = `${count(messages, 'message', 'messages')}, done after ${span(after)} if nothing is put off.\n\n`
  return (
    head +
    table(
      parts,
      [
        { title: 'TO', cell: ({ name }) => cut(name, 40) },
        { title: 'DOMAINS', cell: ({ domains }) => cut(domains.join(', '), 40) },
        { title: 'MESSAGES', right: true, cell: (part) => String(part.messages) },
        { title: 'DONE AFTER', right: true, cell: (part) => span(part.after) },
        { title: 'A MINUTE', right: true, cell: ({ perMinute }) => String(Math.round(perMinute)) },
        { title: 'LIMITED BY', cell: ({ bound }) => `${bound.key} = ${bound.value}` },
        { title: 'FROM', cell: ({ source }) => source },
        { title: 'SAID BY', cell: ({ bound: { origin } }) => origin?.layer ?? '' },
        {
          title: 'WHERE',
          cell: ({ bound: { origin } }) =>
            origin?.file === undefined ? (origin?.key ?? '') : `${origin.file}:${origin.line}`,
        },
      ],
      'nothing',
    )
  )
}

/** To the second. */
function span(milliseconds: number): string {
  return formatDuration(Math.max(1_000, Math.round(milliseconds / 1_000) * 1_000))
}
