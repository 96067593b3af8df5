/** Into the log of events, from every part of a node; what concerns no organization alone goes to whom the operator says. */

import { NO_ORGANIZATION } from '#grammar/event'
import type { NewEvent, Spool } from '#engine/spool'
import type { Config } from '#platform/config'
import type { Log } from '#platform/log'

export type NotingParts = {
  readonly config: Pick<Config, 'node'>
  readonly spool: Pick<Spool, 'append'>
  readonly log: Log
}

/** Resolves when it is durable, or lost, which is told: nothing that happens to mail waits for being told of. */
export type Note = (event: NewEvent) => Promise<void>

export function noting({ config, spool, log }: NotingParts): Note {
  const { organization: ours = NO_ORGANIZATION } = config.node
  return async (event) => {
    const whose = event.organization === NO_ORGANIZATION ? ours : event.organization
    try {
      await spool.append({ ...event, organization: whose })
    } catch (cause) {
      log.warn('event.lost', { kind: event.kind, cause })
    }
  }
}
