/** Which suppressions a command is about. */

import type { Command } from 'commander'

import { LIST_LIMIT, SUPPRESSION_REASONS } from '#product/operation'
import type { Operations } from '#product/operation'
import type { Suppression, SuppressionReason } from '#product/suppression'

import { CliError } from './host.ts'

export type SuppressionSelection = {
  readonly organization: string
  readonly stream?: string
  readonly reason?: SuppressionReason
  readonly match?: string
  readonly all?: boolean
}

export function selectingSuppressions(command: Command): Command {
  return command
    .option('--organization <name>', 'whose', 'default')
    .option('--stream <name>', 'only of this stream; * for those of every stream')
    .option('--reason <reason>', `only these: ${SUPPRESSION_REASONS.join(', ')}`, reasonArgument)
    .option('--match <text>', 'only addresses that contain this')
    .option('--all', 'also those that were removed or have expired')
}

/** As many calls as it takes, up to `most` rows in all. */
export async function* pagesOf(
  node: Operations,
  { organization, stream, reason, match, all }: SuppressionSelection,
  most: number,
): AsyncGenerator<readonly Suppression[]> {
  const filter = {
    organization,
    ...(stream !== undefined && { stream }),
    ...(reason !== undefined && { reason }),
    ...(match !== undefined && { match }),
    ...(all === true && { all }),
  }
  let after: Suppression | undefined
  for (let left = most; left > 0; left -= LIST_LIMIT) {
    const limit = Math.min(LIST_LIMIT, left)
    const key = after && { createdAt: after.createdAt, address: after.address, stream: after.stream }
    const page = await node.suppressions({ ...filter, limit, ...(key && { after: key }) })
    if (page.length > 0) yield page
    if (page.length < limit) return
    after = page.at(-1)
  }
}

export function reasonArgument(text: string): SuppressionReason {
  const reason = SUPPRESSION_REASONS.find((one) => one === text)
  if (reason === undefined)
    throw new CliError('usage', `--reason takes ${SUPPRESSION_REASONS.join(', ')}, not ${text}`)
  return reason
}
