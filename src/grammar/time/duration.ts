/** Durations as people write them in configuration and commands: `30s`, `5m`, `2h`, `1d`, `1h30m`, `250ms`. */

/** Milliseconds of each unit, largest first. A day is 24 hours whatever the calendar says. */
const UNITS: readonly (readonly [unit: string, milliseconds: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
]
const SIZE = new Map(UNITS)
const LONGEST = 64

/** Milliseconds, or `undefined`. Whole numbers; a unit is required, except for `0`. Units come once, largest first. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  if (text.length === 0 || text.length > LONGEST) return undefined
  const term = /(\d+)(ms|[dhms])/y
  let total = 0
  let smallest = Infinity
  while (term.lastIndex < text.length) {
    const [, count, unit = ''] = term.exec(text) ?? []
    const size = SIZE.get(unit)
    if (size === undefined || size >= smallest) return undefined
    smallest = size
    total += Number(count) * size
  }
  return total <= Number.MAX_SAFE_INTEGER ? total : undefined
}

/** The text that `parseDuration` reads back, e.g. `1h30m`; `0s` for nothing. Whole milliseconds, not negative. */
export function formatDuration(milliseconds: number): string {
  let rest = milliseconds
  let text = ''
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${unit}`
    rest -= count * size
  }
  return text === '' ? '0s' : text
}
