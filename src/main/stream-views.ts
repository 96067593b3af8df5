/** The streams of the configuration, as the API shows them. */

import type { ShownStream } from '#door/api'
import type { Config } from '#platform/config'

import { offeredTo } from './offered.ts'
import { DEFAULT_POOL } from './pools.ts'

/** Those that are there though nobody names them. */
const ALWAYS = ['transactional', 'marketing'] as const

/** The two that are always there, and those that are named. */
export function streamViews(config: Config): readonly ShownStream[] {
  const names = new Set<string>([...ALWAYS, ...config.streams.map(({ name }) => name)])
  return [...names].map((name) => viewOf(config, name))
}

function viewOf(config: Config, name: string): ShownStream {
  const { streams, retention, tracking } = config
  const { kind, pool, weight, ...named } = { ...unnamed(name), ...streams.find((one) => one.name === name) }
  return {
    stream: name,
    kind,
    pool,
    weight,
    list_unsubscribe: offeredTo(config, name),
    tracking: { opens: tracking.enabled && named.trackOpens, clicks: tracking.enabled && named.trackClicks },
    retention_seconds: Math.round((named.retention ?? retention.deliveries) / 1000),
    // Wishes are about a stream; that there is no such mailbox is true of all of them.
    suppression: { complaint: 'stream', unsubscribe: 'stream', bounce: 'organization' },
  }
}

type Named = Omit<Config['streams'][number], 'listUnsubscribe'>

function unnamed(name: string): Named {
  const kind = name === 'marketing' ? 'marketing' : 'transactional'
  return { name, kind, pool: DEFAULT_POOL, weight: 1, trackOpens: false, trackClicks: false }
}
