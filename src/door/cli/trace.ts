/** `trace`: what is said in SMTP sessions, while it is said. */

import type { Command } from 'commander'

import type { TraceRecord } from '#engine/trace'
import { parseMessageId } from '#grammar/message-id'
import type { MessageId } from '#grammar/message-id'
import type { TraceQuery } from '#product/operation'

import { example } from './command.ts'
import type { Globals, Run } from './command.ts'
import { CliError } from './host.ts'
import { harmless, harmlessJson } from './text.ts'

type Options = {
  readonly in?: boolean
  readonly out?: boolean
  readonly client?: string
  readonly domain?: string
  readonly message?: MessageId
  readonly seconds?: number
}

export function traceCommand(program: Command, run: Run): void {
  const trace = program
    .command('trace')
    .description(
      'follow SMTP sessions live, both sides, without passwords and content, until Ctrl-C or the end of the node',
    )
    .option('--in', 'only sessions of clients that came to the node')
    .option('--out', 'only sessions with hosts that the node went to')
    .option('--client <network>', 'only where the other side has this address, or one in this network')
    .option('--domain <domain>', 'only transactions from or to this domain')
    .option('--message <id>', 'only transactions of this message', messageArgument)
    .option('--seconds <number>', 'end after so many', secondsArgument)
    .action(async (options: Options, command: Command) => {
      const globals = command.optsWithGlobals<Globals>()
      const { seconds } = options
      const ends = [
        run.host.interrupted(),
        ...(seconds === undefined ? [] : [AbortSignal.timeout(seconds * 1_000)]),
      ]
      const signal = AbortSignal.any(ends)
      const print = globals.json === true ? harmlessJson : lineOf
      for await (const records of run.host.streams(globals).trace(queryOf(options), signal))
        run.host.out(records.map((record) => `${print(record)}\n`).join(''))
      if (!signal.aborted) run.host.err('hikyaku: the node has stopped, and the trace with it\n')
    })
  example(
    trace,
    'hikyaku trace --in --client 192.0.2.7',
    'hikyaku trace --out --domain example.com --seconds 60',
    'hikyaku trace --message 0ab3xk9m2pq --json | jq -r .line',
  )
}

function queryOf(options: Options): TraceQuery {
  const { client, domain, message } = options
  const way = options.in === options.out ? undefined : options.in === true ? 'in' : 'out'
  return {
    ...(way === undefined ? {} : { way }),
    ...(client === undefined ? {} : { client }),
    ...(domain === undefined ? {} : { domain }),
    ...(message === undefined ? {} : { message }),
  }
}

/** `10:30:00.123 in 17 192.0.2.7 C: EHLO app.example.org`, and what was lost before it on a line of its own. */
function lineOf({ time, way, session, peer, by, who, line, lost }: TraceRecord): string {
  const clock = new Date(time).toISOString().slice(11, 23)
  const speaker = who === '*' ? '*' : `${who}:`
  const gap = lost === undefined ? '' : `… ${lost} lines were lost: this terminal is too slow\n`
  return `${gap}${clock} ${way.padEnd(3)} ${session} ${harmless(`${peer} ${by} ${speaker} ${line}`)}`
}

function messageArgument(text: string): MessageId {
  const id = parseMessageId(text)
  if (id === undefined)
    throw new CliError('usage', `--message takes a message id such as 0ab3xk9m2pq, not ${text}`)
  return id
}

function secondsArgument(text: string): number {
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (seconds < 1) throw new CliError('usage', `--seconds takes a number of seconds, not ${text}`)
  return seconds
}
