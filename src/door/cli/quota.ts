/** `quota list|set|remove`: what organizations may send, and what is left of it. */

import type { Command } from 'commander'

import type { QuotaChange, QuotaStanding, Span } from '#product/quota'

import { answer, example } from './command.ts'
import type { Run } from './command.ts'
import { csv, isoTime } from './csv.ts'
import type { Field } from './csv.ts'
import { CliError } from './host.ts'
import { due, table } from './print.ts'

export function quotaCommands(program: Command, run: Run): void {
  const quotas = program
    .command('quota')
    .description(
      'what organizations and their streams may send in an hour, a day, a month, and in one message',
    )
  listCommand(quotas, run)
  setCommand(quotas, run)
  removeCommand(quotas, run)
}

function listCommand(quotas: Command, run: Run): void {
  const list = quotas
    .command('list')
    .description('the quotas, what is used of them, and when they begin anew')
    .argument('[organization]', 'only of this one')
    .option('--csv', 'as CSV')
    .action(async (organization: string | undefined, _options: object, command: Command) => {
      await answer(run, command, async (node) => {
        const value = await node.quotas(organization === undefined ? {} : { organization })
        const rows = (await Promise.all(value.map(rowsOf))).flat()
        const text = describe(rows, run.host.now())
        return { value, text, csv: () => csv(rows, FIELDS) }
      })
    })
  example(list, 'hikyaku quota list', 'hikyaku quota list acme --json')
}

type SetOptions = { readonly stream?: string } & {
  readonly [K in keyof QuotaChange['limits']]?: number | 'none'
}

function setCommand(quotas: Command, run: Run): void {
  const set = quotas
    .command('set')
    .description(
      'limit an organization, or one stream of it; "none" takes a limit away, and what is not named stays',
    )
    .argument('<organization>', 'its name')
    .option('--stream <name>', 'only this stream, beside what holds for all together')
    .option('--hour <recipients>', 'recipients of messages accepted in an hour of the clock', limitArgument)
    .option('--day <recipients>', 'in a day, in UTC', limitArgument)
    .option('--month <recipients>', 'in a month of the calendar, in UTC', limitArgument)
    .option('--recipients <number>', 'of one message', limitArgument)
    .option('--size <octets>', 'of one message, such as 512KiB or 10MiB', sizeArgument)
    .action(async (organization: string, { stream, ...said }: SetOptions, command: Command) => {
      const limits = Object.fromEntries(
        Object.entries(said).map(([name, limit]) => [name, limit === 'none' ? null : limit]),
      )
      if (Object.keys(limits).length === 0)
        throw new CliError('usage', 'say one limit at least: --hour, --day, --month, --recipients, --size')
      await change(run, command, { organization, ...(stream !== undefined && { stream }), limits })
    })
  example(
    set,
    'hikyaku quota set acme --hour 10000 --month 1000000 --size 10MiB',
    'hikyaku quota set acme --stream marketing --day 50000 --hour none',
  )
}

function removeCommand(quotas: Command, run: Run): void {
  const remove = quotas
    .command('remove')
    .description('take all limits from an organization, or from one stream of it')
    .argument('<organization>', 'its name')
    .option('--stream <name>', 'only of this stream')
    .action(async (organization: string, { stream }: { readonly stream?: string }, command: Command) => {
      const { LIMITS } = await import('#product/quota')
      const limits = Object.fromEntries(LIMITS.map((name) => [name, null]))
      await change(run, command, { organization, ...(stream !== undefined && { stream }), limits })
    })
  example(remove, 'hikyaku quota remove acme --stream marketing')
}

async function change(run: Run, command: Command, wanted: QuotaChange): Promise<void> {
  await answer(run, command, async (node) => {
    const value = await node.quotaSet(wanted)
    return { value, text: describe(await rowsOf(value), run.host.now()) }
  })
}

/** One limit. */
type Row = {
  readonly organization: string
  readonly stream: string
  readonly name: keyof QuotaChange['limits']
  readonly limit: number
  readonly used?: number
  readonly until?: number
}

async function rowsOf({
  organization,
  stream = '',
  limits,
  windows,
}: QuotaStanding): Promise<readonly Row[]> {
  const { LIMITS } = await import('#product/quota')
  const spans = new Map<string, QuotaStanding['windows'][number]>(windows.map((one) => [one.span, one]))
  return LIMITS.flatMap((name) => {
    const limit = limits[name]
    if (limit === undefined) return []
    const { used, until } = spans.get(name) ?? {}
    return {
      organization,
      stream,
      name,
      limit,
      ...(used !== undefined && { used }),
      ...(until !== undefined && { until }),
    }
  })
}

const WORDS: { readonly [K in Row['name']]: string } = {
  hour: 'recipients an hour',
  day: 'recipients a day',
  month: 'recipients a month',
  recipients: 'recipients a message',
  size: 'octets a message',
} satisfies { readonly [K in Span | 'recipients' | 'size']: string }

function describe(rows: readonly Row[], now: number): string {
  return table(
    rows,
    [
      { title: 'ORGANIZATION', cell: ({ organization }) => organization },
      { title: 'STREAM', cell: ({ stream }) => (stream === '' ? '*' : stream) },
      { title: 'QUOTA', cell: ({ name }) => WORDS[name] },
      { title: 'LIMIT', right: true, cell: ({ limit }) => String(limit) },
      { title: 'USED', right: true, cell: ({ used }) => (used === undefined ? '-' : String(used)) },
      { title: 'LEFT', right: true, cell: leftOf },
      { title: 'BEGINS ANEW', cell: ({ until }) => (until === undefined ? '-' : due(until, now)) },
    ],
    'No quota: nothing is limited.',
  )
}

function leftOf({ limit, used }: Row): string {
  return used === undefined ? '-' : String(Math.max(0, limit - used))
}

const FIELDS: readonly Field<Row>[] = [
  ['organization', ({ organization }) => organization],
  ['stream', ({ stream }) => stream],
  ['quota', ({ name }) => name],
  ['limit', ({ limit }) => String(limit)],
  ['used', ({ used }) => (used === undefined ? '' : String(used))],
  ['resets_at', ({ until }) => isoTime(until)],
]

/** `none` stays a word: commander takes `null` for nothing. */
function limitArgument(text: string): number | 'none' {
  if (text === 'none') return text
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new CliError('usage', `${text} is no limit: a whole number, or none`)
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['B', 1],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
])

function sizeArgument(text: string): number | 'none' {
  if (text === 'none') return text
  const [, number, unit = ''] = /^(\d{1,12})(\w*)$/.exec(text) ?? []
  const factor = UNITS.get(unit)
  if (number === undefined || factor === undefined)
    throw new CliError('usage', `${text} is no size: octets, or a number with KiB, MiB or GiB, or none`)
  return Number(number) * factor
}
