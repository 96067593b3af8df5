/** The pools of the configuration, as the queue asks for them: by stream. */

import type { Pool } from '#engine/queue'
import type { Config } from '#platform/config'

/** What streams that name no pool have, unless the configuration says what is in it: every source, alike. */
export const DEFAULT_POOL = 'default'

/** The same answer for the same stream. */
export function poolsOf({ egress, streams }: Config): (stream: string) => Pool {
  const pools = new Map<string, Pool>([
    [DEFAULT_POOL, { name: DEFAULT_POOL, sources: new Map(egress.sources.map(({ name }) => [name, 1])) }],
  ])
  for (const { name, sources } of egress.pools)
    pools.set(name, { name, sources: new Map(sources.map(({ source, weight }) => [source, weight])) })
  const byStream = new Map(streams.map(({ name, pool }) => [name, pools.get(pool)]))
  const otherwise = pools.get(DEFAULT_POOL) ?? failNone()
  return (stream) => byStream.get(stream) ?? otherwise
}

/** Sources that pools name and `running` does not have: they begin with the process. */
export function poolProblems({ egress }: Config, running: Config): readonly string[] {
  const names = new Set(running.egress.sources.map(({ name }) => name))
  return egress.pools.flatMap(({ name, sources }) =>
    sources
      .filter(({ source }) => !names.has(source))
      .map(
        ({ source }) =>
          `egress.pools.${name}.sources: ${source} is new: restart the node, since sources are read at its start`,
      ),
  )
}

function failNone(): never {
  throw new Error('there is no default pool')
}
