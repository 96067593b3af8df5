/** `events`: what happened to mail, in order, and as it happens. */

import type { Command } from 'commander'

import { EVENT_KINDS } from '#grammar/event'
import type { Cursor, Event, EventKind, EventQuery } from '#engine/spool'
import { LIST_LIMIT } from '#product/operation'
import type { Operations } from '#product/operation'

import { answer, example, rowsArgument } from './command.ts'
import type { Globals, Run } from './command.ts'
import { CliError } from './host.ts'
import { LIST_MOST } from './listing.ts'
import { timeArgument } from './period.ts'
import { moment } from './print.ts'
import { harmless, harmlessJson } from './text.ts'

type Options = {
  readonly organization?: string
  readonly after?: Cursor
  readonly since?: number
  readonly kind?: readonly EventKind[]
  readonly limit: number
  readonly follow?: true
}

const DAY = 86_400_000

/** Milliseconds between two looks for more. */
const LOOK_EVERY = 1_000

export function eventsCommand(program: Command, run: Run): void {
  const command = program
    .command('events')
    .description(
      'what happened to mail: accepted, delivered, deferred, bounced, complained of …; the oldest first',
    )
    .option('--organization <name>', 'of one organization')
    .option('--since <time>', 'written down since; a day ago, when --after is absent', timeArgument)
    .option('--after <cursor>', 'where an earlier answer ended')
    .option(
      '--kind <kinds>',
      `only these, with commas or asked again: ${EVENT_KINDS.join(', ')}`,
      kindsArgument,
    )
    .option('--limit <rows>', 'how many', rowsArgument(LIST_MOST), LIST_LIMIT)
    .option('--follow', 'go on, until Ctrl-C, with what happens; without --since or --after from now on')
    .action(async (options: Options, self: Command) => {
      if (options.follow === true) await follow(run, self.optsWithGlobals<Globals>(), options)
      else await answer(run, self, (node) => list(node, options, run.host.now()))
    })
  example(
    command,
    'hikyaku events --organization acme --kind bounced,complained --since 2026-11-01',
    'hikyaku events --follow --json | jq -r .kind',
  )
}

async function list(
  node: Operations,
  options: Options,
  now: number,
): Promise<{ readonly value: unknown; readonly text: string }> {
  const events: Event[] = []
  let next = options.after ?? ''
  for await (const page of pages(node, options, options.since ?? now - DAY)) {
    events.push(...page.events)
    next = page.next
  }
  const lines = events.map((event) => `${lineOf(event)}\n`).join('')
  const text = events.length === 0 ? 'Nothing happened, or it is kept no longer.\n' : lines
  return { value: { events, next }, text: next === '' ? text : `${text}--after ${next}\n` }
}

type Page = { readonly events: readonly Event[]; readonly next: Cursor }

/** As many calls as it takes, up to `limit` events in all. */
async function* pages(node: Operations, options: Options, since: number): AsyncGenerator<Page> {
  const { organization, kind: kinds } = options
  let { after } = options
  for (let left = options.limit; left > 0;) {
    const query: EventQuery = {
      ...(organization === undefined ? {} : { organization }),
      ...(kinds === undefined ? {} : { kinds }),
      ...(after === undefined || after === '' ? { since } : { after }),
      limit: Math.min(LIST_LIMIT, left),
    }
    const page = await node.events(query)
    yield page
    if (!page.more) return
    after = page.next
    left -= page.events.length
  }
}

/** One line an event, with `--json` an object each. */
async function follow(run: Run, globals: Globals, options: Options): Promise<void> {
  const { host } = run
  const ended = host.interrupted()
  const since = options.since ?? host.now()
  const print = globals.json === true ? harmlessJson : lineOf
  let { after } = options
  await host.withNode(globals, async (node) => {
    while (!ended.aborted) {
      const place = after === undefined ? {} : { after }
      for await (const page of pages(node, { ...options, ...place, limit: LIST_MOST }, since)) {
        host.out(page.events.map((event) => `${print(event)}\n`).join(''))
        after = page.next
      }
      await pause(LOOK_EVERY, ended)
    }
  })
}

function pause(milliseconds: number, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      ended.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    ended.addEventListener('abort', done)
    if (ended.aborted) done()
  })
}

/** `2026-11-22 10:21:49Z  bounced late  acme  0ab3xk9m2pq.0  bob@example.com  550 5.1.1 No such user` */
function lineOf(event: Event): string {
  const { at, kind, late, organization, message, n, to } = event
  const delivery = message === undefined ? '' : `${message}.${n}`
  const what = late === true ? `${kind} late` : kind
  const parts = [moment(at), what, organization, delivery, to ?? '', wordsOf(event)]
  return harmless(parts.filter((part) => part !== '').join('  '))
}

function wordsOf({ attempt, report, reason, data }: Event): string {
  if (reason !== undefined) return reason
  if (report !== undefined) return [report.bounce?.class ?? '', report.text].filter(Boolean).join(': ')
  if (data !== undefined)
    return Object.entries(data)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')
  if (attempt === undefined) return ''
  const { code, enhanced, text, source, provider, site, bounce } = attempt
  const said = [code === 0 ? '' : String(code), enhanced, text].filter(Boolean).join(' ')
  return `by ${source} at ${provider ?? site}: ${bounce === undefined ? said : `${bounce.class}: ${said}`}`
}

/** Asked again, it takes these as well. */
function kindsArgument(text: string, before: readonly EventKind[] = []): readonly EventKind[] {
  const named = text.split(',').map((part) => {
    const kind = EVENT_KINDS.find((one) => one === part.trim())
    if (kind === undefined) throw new CliError('usage', `--kind takes ${EVENT_KINDS.join(', ')}, not ${part}`)
    return kind
  })
  return [...before, ...named]
}
