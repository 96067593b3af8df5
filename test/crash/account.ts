/** The reckoning after a crash run: what clients were told, what arrived, and when the node died, held against each other. */

import type { Load } from './load.ts'
import type { Sink } from './sink.ts'

export type Account = {
  /** Messages that clients were told are kept. */
  readonly acked: number
  /** Those of them that never arrived. */
  readonly lost: readonly string[]
  /** Receptions beyond the first of each message. */
  readonly duplicates: number
  readonly maxDuplicatesPerKill: number
  /** What no crash excuses; each is a sentence. */
  readonly violations: readonly string[]
}

/** Milliseconds by which a reception may be noted after the kill of its sender: its last octets were under way. */
const SAME_TIME = 1_000

/** `kills` in ms since the epoch, in order. */
export function reckon(
  load: Pick<Load, 'told'>,
  sink: Pick<Sink, 'received' | 'damaged'>,
  kills: readonly number[],
): Account {
  const { received, damaged } = sink
  const told = (what: string): string[] => [...load.told].flatMap(([id, one]) => (one === what ? [id] : []))
  const acked = told('acked')
  const copies = [...received].flatMap(([id, [first = 0, ...more]]) => more.map((at) => ({ id, first, at })))
  const blamed = copies.map((copy) => ({ ...copy, kill: killBetween(kills, copy) }))
  const perKill = Map.groupBy(blamed, ({ kill }) => kill)
  return {
    acked: acked.length,
    lost: acked.filter((id) => !received.has(id)),
    duplicates: copies.length,
    maxDuplicatesPerKill: Math.max(0, ...kills.map((kill) => perKill.get(kill)?.length ?? 0)),
    violations: [
      ...damaged.map((id) => `${id} is not as it was sent`),
      ...told('refused').flatMap((id) => (received.has(id) ? [`${id} was refused, and arrived`] : [])),
      ...[...received.keys()].flatMap((id) => (load.told.has(id) ? [] : [`${id} was never sent`])),
      ...(perKill.get(undefined) ?? []).map(({ id }) => `${id} came twice, and no crash between`),
    ],
  }
}

type Copy = { readonly first: number; readonly at: number }

/** The last kill before the copy came, unless the message first came after that. */
function killBetween(kills: readonly number[], { first, at }: Copy): number | undefined {
  const kill = kills.findLast((one) => one <= at)
  return kill !== undefined && first <= kill + SAME_TIME ? kill : undefined
}
