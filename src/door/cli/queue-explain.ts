/** `queue explain`: one site, with what limits it and when its mail would be done. */

import type { Command } from 'commander'

import { explainSite, tellSite } from '#product/explanation'
import type { SiteExplained, SiteFacts } from '#product/explanation'
import { LIST_LIMIT } from '#product/operation'
import type { Operations, QueueRow } from '#product/operation'

import { answer, example } from './command.ts'
import type { Globals, Run } from './command.ts'
import type { Words } from './held-back.ts'
import { CliError } from './host.ts'
import { languageFor } from './language.ts'
import { cut, harmless, width } from './text.ts'

export function queueExplainCommand(queue: Command, run: Run): void {
  const explain = queue
    .command('explain')
    .description('one site: what limits it, what replies have set off, when its mail would be done')
    .argument('<site>', 'as queue shows it, or a domain')
    .action(async (asked: string, _options: object, command: Command) => {
      await answer(run, command, async (node) => {
        const now = run.host.now()
        const globals = command.optsWithGlobals<Globals>()
        const found = await rowsOf(node, asked.toLowerCase())
        const reactions = await node.reactions()
        const explained: SiteExplained[] = []
        for (const queues of found.values()) {
          const [first] = queues
          if (first === undefined) continue
          const site = first.site ?? domainOf(first)
          const rules = await rulesFor(run, globals, site, queues)
          explained.push(explainSite({ site, queues, reactions, rules, now }))
        }
        const words = { language: languageFor(run, command), now }
        return { value: explained, text: explained.map((one) => describe(one, words)).join('\n') }
      })
    })
  example(explain, 'hikyaku queue explain gmail.com', 'hikyaku queue explain mx1.example.jp --lang ja')
}

/** All queues of the sites that are meant, by site and limits; a queue without a route stands for its domain. */
async function rowsOf(node: Operations, asked: string): Promise<ReadonlyMap<string, readonly QueueRow[]>> {
  const search = async (match: string): Promise<readonly QueueRow[]> =>
    (await node.queues({ match, limit: LIST_LIMIT })).rows
  const named = (await search(asked)).filter((row) => row.site === asked || domainOf(row) === asked)
  if (named.length === 0)
    throw new CliError(
      'missing',
      `nothing waits for ${asked}; hikyaku queue shows what does, hikyaku shaping resolve ${asked} its limits`,
    )
  const found = new Map<string, readonly QueueRow[]>()
  for (const row of named) {
    const { site = domainOf(row) } = row
    const key = `${site}\0${groupOf(row)}`
    if (row.site === undefined) found.set(key, [...(found.get(key) ?? []), row])
    else if (!found.has(key))
      found.set(
        key,
        (await search(site)).filter((one) => one.site === site && groupOf(one) === groupOf(row)),
      )
  }
  return found
}

/** Domains with rules of their own have paths and limits of their own, beside others of the same site. */
function groupOf({ paths }: QueueRow): string {
  return paths?.[0]?.domain ?? ''
}

function domainOf({ queue }: QueueRow): string {
  return queue.slice(queue.lastIndexOf('/') + 1)
}

/** The rules of a site with several domains are those of its first one. */
async function rulesFor(
  { host }: Run,
  globals: Globals,
  site: string,
  [row]: readonly QueueRow[],
): Promise<SiteFacts['rules']> {
  if (row?.site === undefined) return []
  const { sources } = await host.resolveRules(globals, { domain: domainOf(row), mx: site.split(',') })
  return sources.map(({ source, limits }) => ({
    source,
    values: new Map(limits.map(({ key, value }) => [key, value])),
    origins: new Map(limits.flatMap(({ key, origin }) => (origin === undefined ? [] : [[key, origin]]))),
  }))
}

const NAMED = 3

function describe(site: SiteExplained, { language, now }: Words): string {
  const lines = tellSite(site, language, now)
  const gap = Math.max(...lines.map(([label]) => width(label))) + 2
  const more = site.queues.length > NAMED ? `, … (${site.queues.length})` : ''
  const head = `${cut(site.site, 80)}  [${site.queues.slice(0, NAMED).join(', ')}${more}]`
  const told = lines.map(([label, text]) => `  ${label}${' '.repeat(gap - width(label))}${harmless(text)}\n`)
  return `${harmless(head)}\n${told.join('')}`
}
