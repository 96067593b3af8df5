/**
 * The relay that a source hands all of its mail to. It is one place, whatever sites the mail is for: what it bears is
 * shared by all paths of the source.
 */

import { staticSite } from '#engine/rule'
import type { Limits, Resolved } from '#engine/rule'
import type { EgressConfig } from '#platform/config'

/** How rules name it: as the site of a route to the same hosts. `undefined` where the source has none. */
export function upstreamOf({ sources }: Pick<EgressConfig, 'sources'>, source: string): string | undefined {
  const relay = sources.find(({ name }) => name === source)?.relay ?? []
  return relay.length === 0 ? undefined : staticSite(relay)
}

const SHARED = {
  connections: 'connections',
  messagesPerSecond: 'messages_per_second',
  messagesPerMinute: 'messages_per_minute',
  messagesPerHour: 'messages_per_hour',
  messagesPerDay: 'messages_per_day',
  connectionsPerSecond: 'connections_per_second',
  connectionsPerMinute: 'connections_per_minute',
  connectionsPerHour: 'connections_per_hour',
} as const satisfies { readonly [K in keyof Limits['shared']]: string }

/** What holds for one path, as what several share: with where each of it is said. */
export function asShared(resolved: Resolved): Resolved {
  const { limits, origins } = resolved
  const keys = Object.entries(SHARED) as [keyof Limits['shared'], string][]
  const shared = Object.fromEntries(keys.map(([name]) => [name, limits[name]])) as Limits['shared']
  const told = keys.flatMap(([, key]) => {
    const origin = origins.get(key)
    return origin === undefined ? [] : [[`shared.${key}`, origin] as const]
  })
  return { ...resolved, limits: { ...limits, shared }, origins: new Map([...origins, ...told]) }
}
