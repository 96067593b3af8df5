/** What someone who misspelt a name may have meant. */

/** The closest of `names`, if it is close at all. */
export function closest(name: string, names: readonly string[]): string | undefined {
  const near = names.map((other) => ({ other, distance: distance(name.toLowerCase(), other.toLowerCase()) }))
  const best = near.toSorted((a, b) => a.distance - b.distance)[0]
  const isClose = best !== undefined && best.distance <= Math.max(1, Math.floor(name.length / 3))
  return isClose ? best.other : undefined
}

/** Insertions, deletions, replacements and swaps of neighbours that make one from the other. */
function distance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const change = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(Math.min(at(last, j) + 1, at(row, j - 1) + 1, change, isSwap ? at(before, j - 2) + 1 : change))
    }
    before = last
    last = row
  }
  return at(last, b.length)
}

function at(row: readonly number[], i: number): number {
  return row[i] ?? Number.POSITIVE_INFINITY
}
