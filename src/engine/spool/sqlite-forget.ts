/** Records of messages that ended long ago: found by stream, since each may keep its own for another time. */

import type { DatabaseSync } from 'node:sqlite'

import { searchForgetter } from './sqlite-search.ts'

export type Forgetting = {
  readonly before: number
  readonly limit: number
  readonly streams: ReadonlyMap<string, number>
}

/** Gives how many went. */
export function forgetter(
  db: DatabaseSync,
  remove: (id: number) => void,
): (forgetting: Forgetting) => number {
  const next = db.prepare(
    'select min(stream) as stream from message where ended_at is not null and stream > ?',
  )
  const ended = db.prepare(
    'select id from message where stream = ? and ended_at < ? order by ended_at limit ?',
  )
  ended.setReturnArrays(true)
  // The largest id outlives its record: after a restart with the clock set back it must not be given again.
  const newest = db.prepare(`insert or replace into mark select 'newest', max(value) from (
    select max(id) as value from message union all select value from mark where name = 'newest')`)
  const forgetEntries = searchForgetter(db)
  const found = ({ before, limit, streams }: Forgetting): readonly number[] => {
    const ids: number[] = []
    // From one stream to the next by the index: a stream whose records stay for years is stepped over at once.
    for (
      let stream = nextOf(next, '');
      stream !== undefined && ids.length < limit;
      stream = nextOf(next, stream)
    ) {
      const rows = ended.all(stream, streams.get(stream) ?? before, limit - ids.length)
      ids.push(...(rows as unknown as [number][]).map(([id]) => id))
    }
    return ids
  }
  return (forgetting) => {
    const ids = found(forgetting)
    if (ids.length > 0) newest.run()
    for (const id of ids) remove(id)
    if (ids.length > 0) forgetEntries()
    return ids.length
  }
}

function nextOf(next: ReturnType<DatabaseSync['prepare']>, after: string): string | undefined {
  const row = next.get(after) as { readonly stream: string | null } | undefined
  return row?.stream ?? undefined
}
