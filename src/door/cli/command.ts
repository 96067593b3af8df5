/** What every command shares: how it reaches the node, how it answers, how it ends. */

import type { Command } from 'commander'

import { parseMessageId } from '#engine/spool'
import type { MessageId } from '#engine/spool'
import type { Operations } from '#product/operation'

import { CliError } from './host.ts'
import type { CliHost, GlobalOptions } from './host.ts'

export type Globals = GlobalOptions & { readonly json?: boolean }

/** What a command gives back: a value for `--json`, and the same for people. */
export type Answer = { readonly value: unknown; readonly text: string }

/** Runs a command against the node and prints its answer. */
export async function answer(
  host: CliHost,
  command: Command,
  run: (operations: Operations) => Promise<Answer>,
): Promise<void> {
  const globals = command.optsWithGlobals<Globals>()
  print(host, globals, await host.withNode(globals, run))
}

export function print(host: CliHost, globals: Globals, { value, text }: Answer): void {
  host.out(globals.json === true ? `${JSON.stringify(value)}\n` : text)
}

/** Reads `<message>` or `<message>.<n>`. */
export function deliveryArgument(text: string): { readonly message: MessageId; readonly n?: number } {
  const [id = '', n, ...more] = text.split('.')
  const message = parseMessageId(id)
  const isNumber = n === undefined || /^\d{1,9}$/.test(n)
  if (message === undefined || !isNumber || more.length > 0) {
    throw new CliError(
      'usage',
      `${text} is not a message id such as 0ab3xk9m2pq, or a delivery such as 0ab3xk9m2pq.0`,
    )
  }
  return n === undefined ? { message } : { message, n: Number(n) }
}

export function countArgument(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw new CliError('usage', `${text} is not a number of rows`)
  return count
}
