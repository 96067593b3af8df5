/** `rehearse`: a plan of messages run against the shaping rules, without a node and without sending anything. */

import type { Command } from 'commander'

import { parseDuration, parseTimestamp } from '#grammar/time'
import { tellRehearsal } from '#product/explanation'
import type { Language, ToldTable } from '#product/explanation'

import { collect, example, print } from './command.ts'
import type { Globals, Run } from './command.ts'
import { CliError } from './host.ts'
import type { Rehearsal } from './host.ts'
import { languageFor } from './language.ts'
import { table } from './print.ts'
import { sharesOf } from './rehearsal-plan.ts'
import { cut, harmless } from './text.ts'

type Options = {
  readonly messages?: number
  readonly to?: string
  readonly file?: string
  readonly source?: readonly string[]
  readonly stream: string
  readonly at?: string
  readonly transaction: number
  readonly connecting: number
  readonly unknown: number
  readonly greylisting: number
  readonly bears: number
  readonly ownRules?: boolean
  readonly new?: readonly string[]
  readonly expire?: number
  readonly seed: number
  readonly dns?: boolean
}

export function rehearseCommand(program: Command, run: Run): void {
  const command = program
    .command('rehearse')
    .description(
      'when a mailing would be done, and what would hold it back from when till when; nothing is sent',
    )
  planOptions(command)
  receiverOptions(command)
  command.action(async (options: Options, self: Command) => {
    const globals = self.optsWithGlobals<Globals>()
    const { host } = run
    const { source, stream, at, transaction, connecting, unknown, greylisting, bears, expire, seed } = options
    const value = await host.rehearse(globals, {
      shares: await sharesOf(options, host),
      ...(source === undefined ? {} : { sources: source }),
      stream,
      start: at === undefined ? host.now() : beginning(at, host.now()),
      pace: { transaction, connecting },
      unknown,
      greylisting,
      bears,
      ownRules: options.ownRules === true,
      strangers: options.new ?? [],
      ...(expire === undefined ? {} : { expire }),
      seed,
      dns: options.dns === true,
    })
    print(run, globals, { value, text: describe(value, languageFor(run, self)) })
  })
  example(
    command,
    'hikyaku rehearse --messages 1000000 --to gmail.com=40%,docomo.ne.jp=20%,yahoo.co.jp=20%,example.jp=20%',
    'hikyaku rehearse --messages 50000 --to gmail.com=50%,docomo.ne.jp=50% --at 09:00 --unknown 3% --lang ja',
    'hikyaku rehearse --file recipients.csv --source ip-1 --new ip-1 --json',
  )
}

function planOptions(command: Command): void {
  command
    .option('--messages <n>', 'how many, of which --to names shares', wholeArgument)
    .option('--to <mix>', 'domains with their share or number: gmail.com=40%,docomo.ne.jp=60%')
    .option(
      '--file <file>',
      'a list with one recipient a line, or CSV; of each line the first address counts',
    )
    .option('--stream <name>', 'the stream that it is of, and so the pool of sources', 'marketing')
    .option('--source <name>', 'only from this egress source; may be given several times', collect)
    .option('--at <time>', 'when it begins, such as 09:00 (the next, here) or 2026-12-01T09:00:00+09:00')
    .option('--expire <time>', 'how long a message is tried, in place of queue.expire', timeArgument)
    .option('--seed <n>', 'chance is the same for the same number', wholeArgument, 1)
}

function receiverOptions(command: Command): void {
  command
    .option('--unknown <share>', 'recipients that do not exist, such as 3%', shareArgument, 0)
    .option('--greylisting <share>', 'first tries that receivers without rules put off', shareArgument, 0)
    .option('--bears <share>', 'receivers bear only so much of what the rules say', shareArgument, 1)
    .option(
      '--own-rules',
      'receivers bear what your own rules say, too, and not only those that come with Hikyaku',
    )
    .option('--new <source>', 'receivers do not know this source yet; may be given several times', collect)
    .option('--transaction <time>', 'how long a receiver takes for one message', timeArgument, 500)
    .option('--connecting <time>', 'how long a connection takes, with TLS', timeArgument, 500)
    .option('--dns', 'ask the DNS and the routes where the domains lead, instead of going by what is known')
}

function wholeArgument(text: string): number {
  const value = /^\d{1,12}$/.test(text) ? Number(text) : 0
  if (value < 1) throw new CliError('usage', `${text} is not a number from 1`)
  return value
}

function timeArgument(text: string): number {
  const value = parseDuration(text)
  if (value === undefined || value < 1) throw new CliError('usage', `${text} is not a duration such as 500ms`)
  return value
}

function shareArgument(text: string): number {
  const [, number] = /^(\d{1,3}(?:\.\d{1,3})?)%$/.exec(text) ?? []
  const value = number === undefined ? Number.NaN : Number(number) / 100
  if (!(value >= 0 && value <= 1)) throw new CliError('usage', `${text} is not a share such as 3%`)
  return value
}

/** `09:00` is the next one of the clock here. */
function beginning(text: string, now: number): number {
  const [, hours, minutes] = /^(\d{1,2}):(\d{2})$/.exec(text) ?? []
  if (hours === undefined || minutes === undefined) {
    const at = parseTimestamp(text)
    if (at === undefined)
      throw new CliError('usage', `${text} is no time such as 09:00 or 2026-12-01T09:00:00+09:00`)
    return at
  }
  if (Number(hours) > 23 || Number(minutes) > 59) throw new CliError('usage', `${text} is no time of the day`)
  const at = new Date(now)
  at.setHours(Number(hours), Number(minutes), 0, 0)
  if (at.getTime() < now) at.setDate(at.getDate() + 1)
  return at.getTime()
}

function describe({ assumed, ...rehearsed }: Rehearsal, language: Language): string {
  const told = tellRehearsal(rehearsed, assumed, language)
  const ways = told.ways.map(({ title, phases }) => `\n${harmless(title)}\n${indented(tableOf(phases))}`)
  const more = told.more === '' ? '' : `${told.more}\n`
  const lines = told.assumed.lines.map((line) => `  ${harmless(line)}\n`)
  return [
    `${told.head.map(harmless).join('\n')}\n\n`,
    tableOf(told.parts),
    more,
    ...ways,
    `\n${told.assumed.title}\n`,
    ...lines,
  ].join('')
}

const COLUMNS = 180

function tableOf({ titles, right, rows }: ToldTable): string {
  const last = titles.length - 1
  return table(
    rows,
    titles.map((title, i) => ({
      title,
      right: right[i] === true,
      cell: (row: readonly string[]) => cut(row[i] ?? '', i === last ? COLUMNS : 40),
    })),
    '-',
  )
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ')
}
