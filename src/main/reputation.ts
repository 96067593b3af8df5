/** Looks at the standing of our addresses at start and now and then, and says what changed. */

import { NO_ORGANIZATION } from '#grammar/event'
import type { NewEvent } from '#engine/spool'
import type { Config } from '#platform/config'
import { Resolver } from '#platform/dns'
import type { Log } from '#platform/log'
import type { MetricsRegistry } from '#platform/metrics'
import { reputationGauges, ReputationWatch } from '#product/reputation'
import type { Standing, StandingChange } from '#product/reputation'

import type { Note } from './noting.ts'
import { monotonic } from './security.ts'

export type ReputationParts = {
  readonly config: Config
  readonly log: Log
  readonly metrics: MetricsRegistry
  readonly note: Note
}

export type Reputation = Disposable & { readonly standings: () => readonly Standing[] }

/** Until it is disposed of. */
export function watchReputation({ config, log, metrics, note }: ReputationParts): Reputation {
  const dns = new Resolver({ config: config.dns, now: monotonic })
  const { blocklists, every } = config.reputation
  // Behind a relay or a SOCKS proxy the address is another's; an HAProxy is told which one to send from.
  const sources = config.egress.sources.filter(
    ({ proxy, relay }) => proxy?.kind !== 'socks5' && relay.length === 0,
  )
  const watch = new ReputationWatch({ dns, sources, blocklists, now: Date.now })
  reputationGauges(metrics, () => watch.standings)
  const look = async (): Promise<void> => {
    for (const change of await watch.look()) {
      tell(log, change)
      await note(eventOf(change))
    }
  }
  void look()
  const timer = setInterval(() => void look(), every).unref()
  return {
    standings: () => watch.standings,
    [Symbol.dispose]() {
      clearInterval(timer)
      dns[Symbol.dispose]()
    },
  }
}

function tell(log: Log, { standing }: StandingChange): void {
  const { source, address, by, text } = standing
  const fields = { source, address, by, text }
  const todo =
    by === 'ptr'
      ? `let the PTR record of ${address} name a host whose A or AAAA record is ${address}`
      : `find what ${address} sent, stop it, then ask ${by} to remove it`
  if (standing.state === 'bad') log.warn('source.bad-standing', { ...fields, todo })
  else log.info('source.good-standing', fields)
}

/** For those who follow events: an address is of no organization alone. */
function eventOf({ standing }: StandingChange): NewEvent {
  const { source, address, by, text, state, checkedAt: at } = standing
  return {
    kind: state === 'bad' ? 'alert-started' : 'alert-ended',
    at,
    organization: NO_ORGANIZATION,
    ...(text !== '' && { reason: text }),
    data: { alert: 'standing', source, address, by },
  }
}
