/** Idempotency keys in memory. */

import type { Batch, KeptRequestRow } from './engine.ts'

type Kept = { readonly at: number; readonly row: KeptRequestRow }

export class MemoryKeys {
  readonly #kept = new Map<string, Kept>()

  /** Takes all of them or none. @throws {Error} when one is taken */
  take(batches: readonly Batch[]): void {
    const taken = new Map<string, Kept>()
    for (const row of batches.flatMap(({ accepts }) => accepts)) {
      const [id, at, organization] = row
      const once = row[14]
      if (once === null) continue
      const name = nameOf(organization, once[0])
      if (this.#kept.has(name) || taken.has(name)) throw new Error('an idempotency key is taken')
      taken.set(name, { at, row: [id, once[1], once[2]] })
    }
    for (const [name, one] of taken) this.#kept.set(name, one)
  }

  kept(organization: string, key: string): KeptRequestRow | undefined {
    return this.#kept.get(nameOf(organization, key))?.row
  }

  withdraw(messages: readonly number[]): void {
    if (messages.length === 0) return
    for (const [name, { row }] of this.#kept) if (messages.includes(row[0])) this.#kept.delete(name)
  }

  tidy(before: number, limit: number): number {
    const old = [...this.#kept].filter(([, { at }]) => at < before).slice(0, limit)
    for (const [name] of old) this.#kept.delete(name)
    return old.length
  }
}

/** Neither has a line break. */
function nameOf(organization: string, key: string): string {
  return `${organization}\n${key}`
}
