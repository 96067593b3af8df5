/** `source list` and `source show`: all that is known of the addresses that mail is sent from, in one place. */

import type { Command } from 'commander'

import { tellSource } from '#product/explanation'
import type { SourceView } from '#product/operation'

import { answer, example } from './command.ts'
import type { Run } from './command.ts'
import { CliError } from './host.ts'
import { languageFor } from './language.ts'
import { table } from './print.ts'
import { alertsText } from './reputation.ts'
import { harmless, width } from './text.ts'

export function sourceCommands(program: Command, run: Run): void {
  const source = program
    .command('source')
    .description('addresses that mail is sent from: their pools, warm-up, standing and rates')
  listCommand(source, run)
  showCommand(source, run)
}

function listCommand(source: Command, run: Run): void {
  const list = source
    .command('list')
    .description('every source; what became of its mail is of the last day')
    .action(async (_options: object, command: Command) => {
      await answer(run, command, async (node) => {
        const value = await node.sources()
        return { value, text: table(value, COLUMNS, 'There is no source.') }
      })
    })
  example(list, 'hikyaku source list', `hikyaku source list --json | jq '.[] | select(.alerts != [])'`)
}

const COLUMNS: Parameters<typeof table<SourceView>>[1] = [
  { title: 'SOURCE', cell: ({ name }) => name },
  { title: 'ADDRESS', cell: ({ address }) => address ?? '-' },
  { title: 'EHLO', cell: ({ ehlo }) => ehlo },
  { title: 'POOLS', cell: ({ pools }) => pools.map(({ pool }) => pool).join(',') || '-' },
  { title: 'WARM-UP', cell: ({ warmUps }) => warmUpText(warmUps) },
  { title: 'STANDING', cell: ({ standings }) => standingText(standings) },
  { title: 'DELIVERED', right: true, cell: ({ rates }) => total(rates, ({ delivered }) => delivered) },
  { title: 'DEFERRED', right: true, cell: ({ rates }) => total(rates, ({ deferred }) => deferred) },
  {
    title: 'BOUNCED',
    right: true,
    cell: ({ rates }) => total(rates, ({ bounced, returned }) => bounced + returned),
  },
  { title: 'COMPLAINED', right: true, cell: ({ rates }) => total(rates, ({ complained }) => complained) },
  { title: 'TOO HIGH', cell: ({ alerts }) => alertsText(alerts) },
]

/** The one that is least far: what is over needs nobody's eyes. */
function warmUpText(warmUps: SourceView['warmUps']): string {
  const open = warmUps.filter(({ step }) => step !== undefined)
  const [first] = open.toSorted((a, b) => (a.step ?? 0) - (b.step ?? 0))
  if (first === undefined) return warmUps.length === 0 ? '-' : 'over'
  const slowed = open.some((one) => one.slowed !== undefined) ? ', slowed' : ''
  return `step ${first.step ?? 0} of ${first.steps} at ${first.provider}${slowed}`
}

function standingText(standings: SourceView['standings']): string {
  const bad = standings.filter(({ state }) => state === 'bad').map(({ by }) => by)
  if (bad.length > 0) return `bad: ${bad.join(', ')}`
  return standings.some(({ state }) => state === 'good') ? 'good' : '-'
}

function total(rates: SourceView['rates'], of: (row: SourceView['rates'][number]) => number): string {
  return String(rates.reduce((sum, row) => sum + of(row), 0))
}

function showCommand(source: Command, run: Run): void {
  const show = source
    .command('show')
    .description('one source in words: what speaks against it, and what would change that')
    .argument('<source>', 'its name in the configuration')
    .action(async (name: string, _options: object, command: Command) => {
      await answer(run, command, async (node) => {
        const all = await node.sources()
        const found = all.find((one) => one.name === name)
        if (found === undefined)
          throw new CliError(
            'missing',
            `no source is called ${name}; there are ${all.map((one) => one.name).join(', ')}`,
          )
        const lines = tellSource(found, languageFor(run, command), run.host.now())
        return { value: found, text: `${harmless(name)}\n${described(lines)}` }
      })
    })
  example(show, 'hikyaku source show ip-2', 'hikyaku source show ip-2 --lang ja')
}

function described(lines: readonly (readonly [label: string, text: string])[]): string {
  const most = Math.max(...lines.map(([label]) => width(label)))
  return lines
    .map(([label, text], i) => {
      const again = lines[i - 1]?.[0] === label
      const shown = again ? '' : label
      return `  ${shown}${' '.repeat(most - width(shown))}  ${harmless(text)}\n`
    })
    .join('')
}
