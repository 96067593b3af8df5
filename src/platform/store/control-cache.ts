/** What is read of the control database for every message, remembered for a moment. */

/** The promise that the doors make: a change is seen everywhere within this, in ms. */
const MAXIMUM_AGE = 1000

/** Entries of one cache; a stranger who tries names by the million only pushes his own out. */
const MAXIMUM_ENTRIES = 10_000

export type CachedRead<Value> = (key: string) => Promise<Value>

/**
 * `read`, asked at most once a second for one key however many ask together. What it says is never older than a
 * second, what it throws is not remembered.
 */
export function cachedRead<Value>(read: CachedRead<Value>, now: () => number): CachedRead<Value> {
  const entries = new Map<string, { readonly at: number; readonly value: Promise<Value> }>()
  return (key) => {
    const at = now()
    const entry = entries.get(key)
    // A clock that was set back makes the entry's age negative, and unknown.
    if (entry && at >= entry.at && at - entry.at < MAXIMUM_AGE) return entry.value
    const value = read(key)
    entries.delete(key)
    if (entries.size >= MAXIMUM_ENTRIES) entries.delete(entries.keys().next().value ?? '')
    entries.set(key, { at, value })
    value.catch(() => {
      if (entries.get(key)?.value === value) entries.delete(key)
    })
    return value
  }
}
