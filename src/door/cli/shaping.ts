/** `shaping`: the rules for what receivers bear, what they come to for a domain, and what they have set off. */

import type { Command } from 'commander'

import { formatDuration } from '#grammar/time'

import { collect, example, print } from './command.ts'
import type { Globals, Run } from './command.ts'
import type { RulesReport, ShapingQuery, ShapingView } from './host.ts'
import { count, table } from './print.ts'
import { reactionCommands } from './reaction.ts'
import { harmless } from './text.ts'

export function shapingCommands(program: Command, run: Run): void {
  const shaping = program.command('shaping').description('what receivers bear: rules, limits, reactions')
  checkCommand(shaping, run)
  resolveCommand(shaping, run)
  reactionCommands(shaping, run)
}

function checkCommand(shaping: Command, run: Run): void {
  const check = shaping
    .command('check')
    .description('tell every mistake of the rule files at once, and try their samples')
    .action(async (_options: object, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const report = await run.host.checkRules(globals)
      const exit = report.problems.length > 0 ? 'config' : 'ok'
      print(run, globals, { value: report, text: reportText(report), exit })
    })
  example(check, 'hikyaku shaping check')
}

type ResolveOptions = Omit<ShapingQuery, 'domain'>

function resolveCommand(shaping: Command, run: Run): void {
  const resolve = shaping
    .command('resolve')
    .description('what holds for the mail of a domain, and the rule that says so')
    .argument('<domain>', 'of recipients')
    .option('--source <name>', 'only from this egress source')
    .option('--stream <name>', 'by the routes of this stream')
    .option('--mx <hosts>', 'as if its MX were these hosts, separated by commas', hostsArgument)
    .action(async (domain: string, options: ResolveOptions, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const view = await run.host.resolveRules(globals, { domain, ...options })
      print(run, globals, { value: view, text: viewText(view) })
    })
  example(
    resolve,
    'hikyaku shaping resolve gmail.com',
    'hikyaku shaping resolve example.jp --mx mx1.example.jp,mx2.example.jp --source ip-1 --json',
  )
}

function hostsArgument(text: string, before: readonly string[] | undefined): readonly string[] {
  return text.split(',').reduce((all: readonly string[], host) => collect(host.trim(), all), before ?? [])
}

function reportText({ directory, problems, warnings, layers, reactions }: RulesReport): string {
  const verdict =
    problems.length > 0
      ? `The rules have ${count(problems.length, 'mistake', 'mistakes')}`
      : `The rules are good: ${count(layers, 'layer', 'layers')}, ${count(reactions, 'reaction', 'reactions')}`
  const lines = [...problems, ...warnings.map((warning) => `warning: ${warning}`)]
  return `${verdict}\n${lines.map((line) => `  ${harmless(line)}\n`).join('')}Your own rules: ${directory}/*.toml\n`
}

function viewText({ domain, site, hosts, via, provider, sources }: ShapingView): string {
  const head = [
    `${domain} goes to ${site}${hosts.length > 1 ? `, ${hosts.length} hosts` : ''} (${via})`,
    provider === undefined ? 'No provider is told by its hosts.' : `Its provider is ${provider}.`,
    ...(via === 'static' ? staticText(domain, site) : []),
  ]
  return `${head.join('\n')}\n${sources.map((source) => `\n${sourceText(source)}`).join('')}`
}

function staticText(domain: string, site: string): readonly string[] {
  return [
    'It has a route of the configuration: [egress] holds, and of [default] only the reactions do.',
    `Rules of your own may limit it, as [site.${JSON.stringify(site)}] or [domain.${JSON.stringify(domain)}].`,
  ]
}

type Source = ShapingView['sources'][number]

function sourceText({ source, layers, limits, reactions }: Source): string {
  const said = limits.filter(({ origin }) => origin !== undefined)
  const rules = table(
    said,
    [
      { title: 'LIMIT', cell: ({ key }) => key },
      { title: 'VALUE', right: true, cell: ({ key, value }) => valueText(key, value) },
      { title: 'SAID BY', cell: ({ origin }) => origin?.layer ?? '' },
      { title: 'WHERE', cell: ({ origin }) => placeOf(origin?.file ?? origin?.key, origin?.line) },
    ],
    'no limits',
  )
  const reacting = table(
    reactions,
    [
      { title: 'REACTION', cell: ({ id }) => id },
      {
        title: 'AFTER',
        cell: ({ times, within }) => (times === 1 ? 'one reply' : `${times} in ${formatDuration(within)}`),
      },
      {
        title: 'DOES',
        cell: ({ act }) => ('for' in act ? `${act.do} for ${formatDuration(act.for)}` : act.do),
      },
      { title: 'WHERE', cell: ({ place }) => placeOf(place.file, place.line) },
    ],
    'No reactions.',
  )
  return `From ${source}: ${layers.length === 0 ? 'no rule' : layers.join(' → ')}\n${rules}\n${reacting}`
}

function placeOf(file: string | undefined, line: number | undefined): string {
  return line === undefined ? (file ?? '') : `${file}:${line}`
}

const TIMES = /^(?:idle|timeouts\..*|unknown_users\.(?:within|pause))$/

function valueText(key: string, value: number | string): string {
  if (typeof value === 'string') return value
  if (TIMES.test(key)) return formatDuration(value)
  return value === 0 ? 'no limit' : String(value)
}
