/** Where fetched MTA-STS policies outlive the process: RFC 8461 §3.3 lets nobody forget one before its time. */

import type { Kysely } from 'kysely'

import type { Control, Migration } from '#platform/store'

export type StoredPolicy = {
  readonly domain: string
  /** Of the record that it was fetched for. */
  readonly id: string
  /** As it was served. */
  readonly text: string
  readonly fetchedAt: number
  readonly expiresAt: number
}

export type StsStore = {
  load(domain: string): Promise<StoredPolicy | undefined>
  save(policy: StoredPolicy): Promise<void>
  /** Those fetched before `before` and not yet expired at `now`, the oldest first; at most `limit`. */
  stale(before: number, now: number, limit: number): Promise<readonly StoredPolicy[]>
  /** By domain, those not expired. */
  list(now: number, limit: number): Promise<readonly StoredPolicy[]>
  /** Removes those that expired before `now`. */
  tidy(now: number): Promise<void>
}

export function memoryStsStore(): StsStore {
  const rows = new Map<string, StoredPolicy>()
  const valid = (now: number): StoredPolicy[] => [...rows.values()].filter((row) => row.expiresAt > now)
  return {
    load: (domain) => Promise.resolve(rows.get(domain)),
    save(policy) {
      rows.set(policy.domain, policy)
      return Promise.resolve()
    },
    stale(before, now, limit) {
      const old = valid(now).filter(({ fetchedAt }) => fetchedAt < before)
      return Promise.resolve(old.toSorted((a, b) => a.fetchedAt - b.fetchedAt).slice(0, limit))
    },
    list: (now, limit) =>
      Promise.resolve(
        valid(now)
          .toSorted((a, b) => (a.domain < b.domain ? -1 : 1))
          .slice(0, limit),
      ),
    tidy(now) {
      for (const [domain, { expiresAt }] of rows) if (expiresAt <= now) rows.delete(domain)
      return Promise.resolve()
    },
  }
}

type Tables = {
  mta_sts_policy: { domain: string; id: string; text: string; fetched_at: number; expires_at: number }
}

const POLICY = `
  create table mta_sts_policy (
    domain text primary key,
    id text not null,
    text text not null,
    fetched_at bigint not null,
    expires_at bigint not null);
  create index mta_sts_policy_fetched on mta_sts_policy (fetched_at)`

const MIGRATIONS: readonly Migration[] = [{ name: 'MTA-STS policies', sqlite: POLICY, postgres: POLICY }]

export async function openStsStore(control: Control): Promise<StsStore> {
  return new TableStsStore(await control.tables<Tables>('mta-sts', MIGRATIONS))
}

class TableStsStore implements StsStore {
  readonly #db: Kysely<Tables>

  constructor(db: Kysely<Tables>) {
    this.#db = db
  }

  async load(domain: string): Promise<StoredPolicy | undefined> {
    const row = await this.#db
      .selectFrom('mta_sts_policy')
      .selectAll()
      .where('domain', '=', domain)
      .executeTakeFirst()
    return row && storedOf(row)
  }

  async save({ domain, id, text, fetchedAt, expiresAt }: StoredPolicy): Promise<void> {
    const values = { id, text, fetched_at: fetchedAt, expires_at: expiresAt }
    await this.#db
      .insertInto('mta_sts_policy')
      .values({ domain, ...values })
      .onConflict((conflict) => conflict.column('domain').doUpdateSet(values))
      .execute()
  }

  async stale(before: number, now: number, limit: number): Promise<readonly StoredPolicy[]> {
    const rows = await this.#db
      .selectFrom('mta_sts_policy')
      .selectAll()
      .where('fetched_at', '<', before)
      .where('expires_at', '>', now)
      .orderBy('fetched_at')
      .limit(limit)
      .execute()
    return rows.map(storedOf)
  }

  async list(now: number, limit: number): Promise<readonly StoredPolicy[]> {
    const rows = await this.#db
      .selectFrom('mta_sts_policy')
      .selectAll()
      .where('expires_at', '>', now)
      .orderBy('domain')
      .limit(limit)
      .execute()
    return rows.map(storedOf)
  }

  async tidy(now: number): Promise<void> {
    await this.#db.deleteFrom('mta_sts_policy').where('expires_at', '<=', now).execute()
  }
}

function storedOf(row: Tables['mta_sts_policy']): StoredPolicy {
  const { domain, id, text } = row
  return { domain, id, text, fetchedAt: row.fetched_at, expiresAt: row.expires_at }
}
