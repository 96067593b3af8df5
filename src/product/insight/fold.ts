/** Reports of bounded length: what many names have in common is told together, not left out. */

import { OTHERS } from '#engine/spool'
import type { CountKey, CountRow } from '#engine/spool'

/** Keys of which there may be thousands. */
const NAMED = ['domain', 'sender', 'tag', 'provider'] as const satisfies readonly CountKey[]

/**
 * `most` rows, unless what is told apart beside names makes more: the names of which there is most, and the sums of all
 * others as `OTHERS`. In the order in which they came, the others last of their kind.
 */
export function folded(
  rows: readonly CountRow[],
  by: readonly CountKey[],
  most: number,
): readonly CountRow[] {
  const key = NAMED.find((one) => by.includes(one))
  if (key === undefined || rows.length <= most) return rows
  const kept = keptNames(rows, key, most)
  const others = new Map<string, CountRow[]>()
  const own: CountRow[] = []
  for (const row of rows) {
    if (kept.has(row.key[key] ?? '')) own.push(row)
    else others.getOrInsertComputed(restOf(row, key), () => []).push(row)
  }
  return [...own, ...Array.from(others.values(), (group) => together(group, key))]
}

function restOf({ key }: CountRow, name: CountKey): string {
  return JSON.stringify(Object.entries(key).filter(([one]) => one !== name))
}

function keptNames(
  rows: readonly CountRow[],
  key: (typeof NAMED)[number],
  most: number,
): ReadonlySet<string> {
  const names = new Map<string, { rows: number; volume: number }>()
  for (const row of rows) {
    const sum = names.getOrInsertComputed(row.key[key] ?? '', () => ({ rows: 0, volume: 0 }))
    sum.rows += 1
    sum.volume += volumeOf(row)
  }
  // The sums of the others need rows as well.
  let left = most - new Set(rows.map((row) => restOf(row, key))).size
  const kept = new Set<string>()
  for (const [name, sum] of [...names].toSorted(([, a], [, b]) => b.volume - a.volume)) {
    left -= sum.rows
    if (left < 0) break
    if (name !== OTHERS) kept.add(name)
  }
  return kept
}

function volumeOf({ counts }: CountRow): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

function together(rows: readonly CountRow[], key: CountKey): CountRow {
  const counts: Record<string, number> = {}
  const delays = new Map<number, number>()
  for (const row of rows) {
    for (const [kind, count] of Object.entries(row.counts)) counts[kind] = (counts[kind] ?? 0) + count
    for (const [bucket, count] of row.delays) delays.set(bucket, (delays.get(bucket) ?? 0) + count)
  }
  return {
    key: { ...rows[0]?.key, [key]: OTHERS },
    counts,
    delays: [...delays].toSorted(([a], [b]) => a - b),
  }
}
