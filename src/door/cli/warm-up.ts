/** `warm-up list` and `warm-up set`: how far sources are at each group of receivers, and an operator's word on it. */

import type { Command } from 'commander'

import type { WarmUpState } from '#engine/shaping'

import { answer, example } from './command.ts'
import type { Run } from './command.ts'
import { CliError } from './host.ts'
import { distance, due, table } from './print.ts'

export function warmUpCommands(program: Command, run: Run): void {
  const warmUp = program
    .command('warm-up')
    .description('sources that nobody knows yet: what they may send on a day, and how far they are')
  listCommand(warmUp, run)
  setCommand(warmUp, run)
}

function listCommand(warmUp: Command, run: Run): void {
  const list = warmUp
    .command('list')
    .description('each source that is warmed up, by group of receivers: its step, and what went today')
    .action(async (_options: object, command: Command) => {
      await answer(run, command, async (node) => {
        const value = await node.warmUps()
        return { value, text: describe(value, run.host.now()) }
      })
    })
  example(list, 'hikyaku warm-up list', `hikyaku warm-up list --json | jq '.[] | select(.slowed)'`)
}

type SetOptions = { readonly step?: number; readonly done?: true }

function setCommand(warmUp: Command, run: Run): void {
  const set = warmUp
    .command('set')
    .description('put a source at another step, from now on, or say that it is warmed up')
    .argument('<source>', 'its name in the configuration')
    .argument('<provider>', 'of the shaping rules; "others" stands for all receivers without one')
    .option('--step <number>', 'from 1', stepArgument)
    .option('--done', 'no limit any more')
    .action(async (source: string, provider: string, { step, done }: SetOptions, command: Command) => {
      if ((step === undefined) === (done === undefined)) throw new CliError('usage', 'say --step or --done')
      await answer(run, command, async (node) => {
        const asked = { source, provider, ...(step === undefined ? {} : { step }) }
        const value = await node.warmUpSet(asked)
        if (value === null)
          throw new CliError(
            'missing',
            `${source} is not warmed up, or there is no provider ${provider}; hikyaku warm-up list shows what is`,
          )
        return { value, text: `${source} at ${provider}: ${stepText(value)}.\n` }
      })
    })
  example(set, 'hikyaku warm-up set ip-2 google --step 5', 'hikyaku warm-up set ip-2 others --done')
}

function stepArgument(text: string): number {
  const step = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (step === 0) throw new CliError('usage', `${text} is not a step: they are counted from 1`)
  return step
}

function stepText({ step, steps, limit }: WarmUpState): string {
  return step === undefined ? 'warmed up' : `step ${step} of ${steps}, ${limit} a day`
}

function describe(all: readonly WarmUpState[], now: number): string {
  return table(
    all,
    [
      { title: 'SOURCE', cell: ({ source }) => source },
      { title: 'PROVIDER', cell: ({ provider }) => provider },
      { title: 'STEP', cell: stepText },
      { title: 'TODAY', right: true, cell: ({ sent }) => String(sent) },
      { title: 'PUT OFF', right: true, cell: ({ answers, putOff }) => `${putOff} of ${answers}` },
      { title: 'SUSPENDED', cell: ({ isAlarmed }) => (isAlarmed ? 'yes' : '-') },
      {
        title: 'SLOWED',
        cell: ({ slowed }) =>
          slowed === undefined ? '-' : `${slowed.sign.kind}, ${distance(slowed.at, now)}`,
      },
      { title: 'NEXT DAY', cell: ({ until }) => due(until, now) },
    ],
    'No source is warmed up, or none has sent yet.',
  )
}
