/** `suppression try`: a policy on the replies of the past, beside what the list says now. Nothing is written. */

import type { Command } from 'commander'

import { formatDuration, parseDuration } from '#grammar/time'
import { LIST_LIMIT } from '#product/operation'
import type { Operations } from '#product/operation'
import type { DryRun, DryRunRow, Policy } from '#product/suppression'

import { answer, example, rowsArgument } from './command.ts'
import type { Globals, Run } from './command.ts'
import { csvHeader, csvLines } from './csv.ts'
import { CliError } from './host.ts'
import { LIST_MOST } from './listing.ts'
import { pagesOf } from './suppression-selection.ts'
import { TRY_FIELDS, tryText } from './suppression-tried.ts'

type Overrides = Partial<Omit<Policy, 'enabled'>>

type TryOptions = Overrides & {
  readonly organization: string
  readonly policy?: string
  readonly change?: DryRunRow['change']
  readonly limit: number
  readonly after?: string
  readonly csv?: true
}

export function tryCommand(parent: Command, run: Run): void {
  const command = parent
    .command('try')
    .description(
      'run a policy over the replies of the past: who would be suppressed, why, until when, and who not any more; writes nothing',
    )
    .option('--organization <name>', 'whose', 'default')
    .option('--policy <file>', 'of this hikyaku.toml, in place of that of the configuration')
    .option('--unknown-expire <duration>', OVERRULES, durationArgument)
    .option('--host-unknown-expire <duration>', OVERRULES, durationArgument)
    .option('--complaint-expire <duration>', OVERRULES, durationArgument)
    .option('--soft-count <number>', OVERRULES, countArgument)
    .option('--soft-within <duration>', OVERRULES, durationArgument)
    .option('--soft-expire <duration>', OVERRULES, durationArgument)
    .option('--change <kind>', 'only these: new, same, gone', changeArgument)
    .option('--limit <rows>', 'how many rows; totals are of all', rowsArgument(LIST_MOST), 50)
    .option('--after <delivery>', 'only what comes after the row with this delivery, for the next page')
    .option('--csv', 'print all rows as they are found, whole values, comma-separated')
    .action((options: TryOptions, self: Command) => tried(run, self, options))
  example(
    command,
    'hikyaku suppression try',
    'hikyaku suppression try --soft-count 3 --soft-within 14d --change gone',
    'hikyaku suppression try --policy stricter.toml --csv > would-be.csv',
  )
}

const OVERRULES = 'overrules this key of [suppression]'

async function tried(run: Run, self: Command, options: TryOptions): Promise<void> {
  const globals = self.optsWithGlobals<Globals>()
  const { host } = run
  const named = options.policy === undefined ? {} : { policy: options.policy }
  const given = await host.suppressionPolicy({ ...globals, ...named })
  const policy = { ...given.policy, ...overridesOf(options) }
  const isCsv = globals.csv === true && globals.json !== true
  if (isCsv) host.out(csvHeader(TRY_FIELDS))
  await answer(run, self, async (node) => {
    // Only here: it loads the database that other commands do without.
    const { DryRun } = await import('#product/suppression')
    const dry = new DryRun({ ...given, policy, now: host.now() })
    const rows: DryRunRow[] = []
    const shown = pageFilter(options)
    let more = 0
    const trial = { node, dry, organization: options.organization, err: (text: string) => host.err(text) }
    for await (const found of rowsOf(trial)) {
      const wanted = found.filter(shown)
      if (isCsv) host.out(csvLines(wanted, TRY_FIELDS))
      else rows.push(...wanted.slice(0, options.limit - rows.length))
      more += wanted.length
    }
    const { classes, providers, ...totals } = dry.totals
    const value = {
      policy,
      totals: { ...totals, classes: Object.fromEntries(classes), providers: Object.fromEntries(providers) },
      rows,
      more: more - rows.length,
    }
    return { value, text: tryText(value), csv: () => '' }
  })
}

type Trial = {
  readonly node: Operations
  readonly dry: DryRun
  readonly organization: string
  readonly err: (text: string) => void
}

/** The list twice and the past once, a page at a time; what is kept of them is what the dry run keeps. */
async function* rowsOf({ node, dry, organization, err }: Trial): AsyncGenerator<readonly DryRunRow[]> {
  for await (const page of pagesOf(node, { organization, all: true }, Infinity))
    for (const one of page) dry.know(one)
  const tell = progress(err)
  for (let after: Page['next']; ;) {
    const page: Page = await node.experiences({ organization, limit: LIST_LIMIT, ...(after && { after }) })
    yield [...dry.take(page.rows, page.through ?? 0)]
    tell(page)
    after = page.next
    if (after === undefined) break
  }
  yield [...dry.rest()]
  for await (const page of pagesOf(node, { organization }, Infinity))
    yield page.flatMap((one) => dry.miss(one) ?? [])
}

type Page = Awaited<ReturnType<Operations['experiences']>>

/** Deliveries between two lines of progress. */
const TELL_EACH = 50_000

function progress(err: Trial['err']): (page: Page) => void {
  let looked = 0
  let told = 0
  return (page) => {
    looked += page.looked
    if (page.through === undefined || looked - told < TELL_EACH) return
    told = looked
    err(`${looked} deliveries looked at, up to ${new Date(page.through).toISOString().slice(0, 10)}\n`)
  }
}

/** A row is found at the same place each time: pages follow each other by where the last one ended. */
function pageFilter({ change, after }: TryOptions): (row: DryRunRow) => boolean {
  let isPast = after === undefined
  return (row) => {
    if (!isPast) {
      isPast = row.delivery === after
      return false
    }
    return change === undefined || row.change === change
  }
}

function overridesOf(options: TryOptions): Overrides {
  const { unknownExpire, hostUnknownExpire, complaintExpire, softCount, softWithin, softExpire } = options
  const all = { unknownExpire, hostUnknownExpire, complaintExpire, softCount, softWithin, softExpire }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

function durationArgument(text: string): number {
  const duration = parseDuration(text)
  if (duration === undefined)
    throw new CliError('usage', `${text} is not a duration such as ${formatDuration(30 * 86_400_000)}, or 0`)
  return duration
}

function countArgument(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new CliError('usage', `--soft-count takes a number, not ${text}`)
  return Number(text)
}

function changeArgument(text: string): DryRunRow['change'] {
  if (text === 'new' || text === 'same' || text === 'gone') return text
  throw new CliError('usage', `--change takes new, same, gone, not ${text}`)
}
