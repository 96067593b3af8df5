/** `shaping reactions`, `shaping cancel`, `shaping extend`: what replies have set off, and an operator's word on it. */

import type { Command } from 'commander'

import type { Live } from '#engine/shaping'
import { formatDuration, parseDuration } from '#grammar/time'

import { answer, example } from './command.ts'
import type { Run } from './command.ts'
import { CliError } from './host.ts'
import { due, table } from './print.ts'
import { cut } from './text.ts'

export function reactionCommands(shaping: Command, run: Run): void {
  listCommand(shaping, run)
  cancelCommand(shaping, run)
  extendCommand(shaping, run)
}

function listCommand(shaping: Command, run: Run): void {
  const list = shaping
    .command('reactions')
    .description('what replies have set off and what has not ended: where, why, until when')
    .action(async (_options: object, command: Command) => {
      await answer(run, command, async (node) => {
        const value = await node.reactions()
        return { value, text: describe(value, run.host.now()) }
      })
    })
  example(list, 'hikyaku shaping reactions', `hikyaku shaping reactions --json | jq '.[].cause.attempt.text'`)
}

function cancelCommand(shaping: Command, run: Run): void {
  const cancel = shaping
    .command('cancel')
    .description('end a reaction now; the next reply may set it off again')
    .argument('<id>', 'as shaping reactions shows it')
    .action(async (id: string, _options: object, command: Command) => {
      await answer(run, command, async (node) => {
        const value = found(id, await node.reactionCancel({ id }))
        return { value, text: `${value.rule} on ${whereText(value)} is over.\n` }
      })
    })
  example(cancel, 'hikyaku shaping cancel mfz3k1p0')
}

function extendCommand(shaping: Command, run: Run): void {
  const extend = shaping
    .command('extend')
    .description('end a reaction so much later')
    .argument('<id>', 'as shaping reactions shows it')
    .argument('<duration>', 'such as 30m or 2h')
    .action(async (id: string, duration: string, _options: object, command: Command) => {
      await answer(run, command, async (node) => {
        const value = found(id, await node.reactionExtend({ id, by: durationArgument(duration) }))
        const end = due(value.until, run.host.now())
        return { value, text: `${value.rule} on ${whereText(value)} ends ${end}.\n` }
      })
    })
  example(extend, 'hikyaku shaping extend mfz3k1p0 2h')
}

function durationArgument(text: string): number {
  const by = parseDuration(text)
  if (by === undefined || by < 1) throw new CliError('usage', `${text} is not a duration such as 30m or 2h`)
  return by
}

function found(id: string, live: Live | null): Live {
  if (live !== null) return live
  throw new CliError(
    'missing',
    `there is no reaction ${id}, or it has ended; hikyaku shaping reactions shows them`,
  )
}

function describe(all: readonly Live[], now: number): string {
  return table(
    all,
    [
      { title: 'ID', cell: ({ id }) => id },
      { title: 'DOES', cell: doesText },
      { title: 'FROM', cell: ({ source }) => source },
      { title: 'TO', cell: ({ site }) => cut(site, 40) },
      { title: 'ENDS', cell: ({ until }) => due(until, now) },
      {
        title: 'RULE',
        cell: ({ rule, place }) =>
          place.file === undefined ? rule : `${rule} (${place.file}:${place.line})`,
      },
      { title: 'BECAUSE OF', cell: ({ cause }) => cut(causeText(cause), 120) },
    ],
    'No reaction is live.',
  )
}

/** Where a reply has set it off is where it holds, but for campaigns. */
function whereText({ source, site, campaign }: Live): string {
  return campaign === undefined ? `${source} → ${site}` : 'all paths'
}

function doesText({ act, stream, campaign, again }: Live): string {
  const { organization, stream: name } = campaign ?? stream ?? {}
  const whose =
    name === undefined ? [] : [organization, name, ...(campaign?.campaign ? [campaign.campaign] : [])]
  const what = name === undefined ? act.do : `${act.do} ${whose.join('/')}`
  const more = act.do === 'reroute' ? ` to ${act.to}` : ''
  return `${what}${more} for ${formatDuration(act.for)}${again > 0 ? `, ${again + 1} times` : ''}`
}

function causeText({ attempt, delivery }: Live['cause']): string {
  const { code, enhanced, text, stage } = attempt
  const reply = code === 0 ? text : `${code} ${enhanced} ${text}`
  return `${delivery === undefined ? '' : `${delivery} `}${stage}: ${reply}`
}
