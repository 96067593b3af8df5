/** When logins and keys were last used: remembered, and written down once a minute. */

import { sql } from 'kysely'
import type { Kysely, RawBuilder } from 'kysely'

import type { Log } from '#platform/log'

import type { AccountTables } from './tables.ts'

export type UsesOptions = {
  readonly now: () => number
  readonly log: Log
  /** What is used: the table and its key. */
  readonly of: 'credential' | 'api_key'
}

const KEYS = { credential: 'login', api_key: 'id' } as const

/** How often the last uses are written, in ms: a commit is an fsync, and nobody needs to know the second. */
const RECORD_EVERY = 60_000

/** The last use of each since it was written. Written with the first use after a minute, and at the end. */
export class Uses {
  readonly #db: Kysely<AccountTables>
  readonly #options: UsesOptions
  #last = new Map<string, number>()
  #recordedAt = Number.NEGATIVE_INFINITY
  #recording: Promise<void> = Promise.resolve()

  constructor(db: Kysely<AccountTables>, options: UsesOptions) {
    this.#db = db
    this.#options = options
  }

  add(name: string): void {
    const at = this.#options.now()
    this.#last.set(name, at)
    if (at - this.#recordedAt < RECORD_EVERY) return
    this.#recordedAt = at
    void this.record()
  }

  /** Resolves when everything added so far is written. Never rejects: mail does not wait for a statistic. */
  record(): Promise<void> {
    this.#recording = this.#recording.then(() => this.#write())
    return this.#recording
  }

  async #write(): Promise<void> {
    const last = this.#last
    if (last.size === 0) return
    this.#last = new Map()
    try {
      await recordUses(this.#db, this.#options.of, [...last])
    } catch (error) {
      // The next minute tries again; newer uses win.
      this.#last = new Map([...last, ...this.#last])
      const { log, of } = this.#options
      log.warn('credential.use-not-recorded', { of, error })
    }
  }
}

/** Uses in one statement: two parameters each, of which SQLite takes 32,766. */
const BATCH = 1000

/**
 * One statement and not a transaction of many, which would keep the lock while this thread turns to other things.
 * Other threads record the same login: the latest use stays.
 */
async function recordUses(
  db: Kysely<AccountTables>,
  of: UsesOptions['of'],
  uses: readonly (readonly [string, number])[],
): Promise<void> {
  for (let start = 0; start < uses.length; start += BATCH) {
    const rows = uses
      .slice(start, start + BATCH)
      .map(([login, at]) => sql`(cast(${login} as text), cast(${at} as bigint))`)
    const key = sql.ref(`${of}.${KEYS[of]}`)
    await sql`
      update ${sql.table(of)} set used_at = used.column2 from (values ${sql.join(rows)}) as used
      where ${key} = used.column1 and coalesce(${usedAt(of)}, 0) < used.column2`.execute(db)
  }
}

function usedAt(of: UsesOptions['of']): RawBuilder<unknown> {
  return sql.ref(`${of}.used_at`)
}
