/** What every command shares: how it reaches the node, how it answers, how its arguments are read. */

import type { Command } from 'commander'

import { parseMessageId } from '#grammar/message-id'
import type { MessageId } from '#grammar/message-id'
import type { Language } from '#product/explanation'
import type { Operations } from '#product/operation'

import { CliError, EXIT } from './host.ts'
import type { CliHost, GlobalOptions } from './host.ts'
import { harmlessJson } from './text.ts'

export type Globals = GlobalOptions & {
  readonly json?: boolean
  readonly csv?: boolean
  readonly lang?: Language
}

/** One run of the command line. */
export type Run = {
  readonly host: CliHost
  /** For commands that decide it themselves; otherwise it is `ok`. */
  readonly end: (code: number) => void
}

/** What a command gives back: a value for `--json`, and the same for people. */
export type Answer = {
  readonly value: unknown
  readonly text: string
  /** The same for `--csv`, of commands that have it. */
  readonly csv?: () => string
  /** Absent: `ok`. */
  readonly exit?: keyof typeof EXIT
}

/** Runs a command against the node and prints its answer. */
export async function answer(
  run: Run,
  command: Command,
  ask: (operations: Operations) => Promise<Answer>,
): Promise<void> {
  const globals = command.optsWithGlobals<Globals>()
  if (globals.json === true && globals.csv === true)
    throw new CliError('usage', '--json and --csv are two forms of one answer: choose one')
  print(run, globals, await run.host.withNode(globals, ask))
}

export function print({ host, end }: Run, globals: Globals, given: Answer): void {
  const { value, text, csv, exit = 'ok' } = given
  if (globals.csv === true && csv !== undefined) host.out(csv())
  else host.out(globals.json === true ? `${harmlessJson(value)}\n` : text)
  if (exit !== 'ok') end(EXIT[exit])
}

const examples = new WeakMap<Command, readonly string[]>()

/** Command lines that show what a command is for: in its help, and in docs/cli.md. */
export function example(command: Command, ...lines: readonly string[]): Command {
  examples.set(command, lines)
  const title = lines.length === 1 ? 'Example' : 'Examples'
  return command.addHelpText('after', `\n${title}:\n${lines.map((line) => `  ${line}\n`).join('')}`.trimEnd())
}

export function examplesOf(command: Command): readonly string[] {
  return examples.get(command) ?? []
}

export type DeliveryArgument = { readonly message: MessageId; readonly n?: number }

/** Reads `<message>` or `<message>.<n>`. */
export function deliveryArgument(text: string): DeliveryArgument {
  const [id = '', n, ...more] = text.split('.')
  const message = parseMessageId(id)
  const isNumber = n === undefined || /^\d{1,6}$/.test(n)
  if (message === undefined || !isNumber || more.length > 0) {
    throw new CliError(
      'usage',
      `${text} is not a message id such as 0ab3xk9m2pq, or a delivery such as 0ab3xk9m2pq.0; hikyaku message list shows them`,
    )
  }
  return n === undefined ? { message } : { message, n: Number(n) }
}

/** Reads a number of rows up to `most`. */
export function rowsArgument(most: number): (text: string) => number {
  return (text) => {
    const rows = /^\d{1,9}$/.test(text) ? Number(text) : 0
    if (rows < 1 || rows > most)
      throw new CliError('usage', `--limit takes a number of rows from 1 to ${most}, not ${text}`)
    return rows
  }
}

/** Collects an option that may be given several times. */
export function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text]
}
